"""A Chakra execution trace as a DataFrame: every node of every rank with what it waits for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from reports.chakra.framing import broken, unframed
from reports.chakra.schema import COLLECTIVES, NODE_TYPES, messages
from topologies import units
from topologies.problems import InvalidInput, Problem

COLUMNS = ("rank", "id", "type", "name", "start_s", "duration_s", "data_deps", "ctrl_deps")
"""Columns of every trace; its attributes follow under their own names, comm_type by its name."""
WHOLE = ("num_ops", "tensor_size", "comm_size", "comm_src", "comm_dst", "comm_tag", "group_size")
"""Attributes that are whole numbers, and missing on nodes of other types."""
NAMED = re.compile(r"(.+)\.(\d+)\.et")


def read_chakra(folder: Path) -> pd.DataFrame:
    """Every node of the trace in a folder of PREFIX.RANK.et files.

    start_s and duration_s   of the nodes' attributes of these names where they are, else of their microseconds
    data_deps, ctrl_deps     ids of nodes of the same rank
    Raises InvalidInput where there is no trace, more than one, or a file that cannot be read, NotInstalled without
    protobuf.
    """
    files = sorted(_files(folder).items())
    rows = [row for rank, path in files for row in _rows(rank, path)]
    frame = pd.DataFrame(rows)
    frame = frame.astype({name: "Int64" for name in WHOLE if name in frame.columns})
    return frame[[*COLUMNS, *(name for name in frame.columns if name not in COLUMNS)]]


def _files(folder: Path) -> dict[int, Path]:
    """Rank -> its file."""
    there = [(path, NAMED.fullmatch(path.name)) for path in sorted(folder.iterdir())] if folder.is_dir() else []
    found = [(path, match) for path, match in there if match]
    prefixes = sorted({match[1] for _, match in found})
    if len(prefixes) != 1:
        why = f"traces of {', '.join(prefixes)}; put each into a folder of its own" if prefixes else "no PREFIX.RANK.et"
        raise InvalidInput([Problem(str(folder), 0, 0, "", why)])
    return {int(match[2]): path for path, match in found}


def _rows(rank: int, path: Path) -> Iterator[dict[str, Any]]:
    """Nodes of one file, which begins with a message about the whole."""
    parts = list(unframed(path.read_bytes(), path))
    if not parts:
        raise broken(path, "empty")
    _parsed(messages().metadata, parts[0], path)
    seen: set[int] = set()
    for part in parts[1:]:
        node = _parsed(messages().node, part, path)
        if node.id in seen:
            raise broken(path, f"two nodes have the id {node.id}")
        seen.add(node.id)
        yield _row(rank, node)


def _row(rank: int, node: Any) -> dict[str, Any]:
    """One node."""
    micro_s = units.parse("1 us", "s")
    row = {
        "rank": rank, "id": node.id, "type": _called(NODE_TYPES, node.type), "name": node.name,
        "start_s": node.start_time_micros * micro_s, "duration_s": node.duration_micros * micro_s,
        "data_deps": tuple(node.data_deps), "ctrl_deps": tuple(node.ctrl_deps),
    }  # fmt: skip
    row |= {attribute.name: _value(attribute) for attribute in node.attr}
    if "comm_type" in row:
        row["comm_type"] = _called(COLLECTIVES, row["comm_type"])
    return row


def _value(attribute: Any) -> object:
    """Value of an attribute, a list as a tuple."""
    field = attribute.WhichOneof("value")
    if field is None:
        return None
    value = getattr(attribute, field)
    return tuple(value.values) if field.endswith("_list") else value


def _called(names: tuple[str, ...], number: int) -> str:
    """Name of a number of an enumeration, the number itself where the schema is newer than this."""
    return names[number] if 0 <= number < len(names) else str(number)


def _parsed(kind: Any, part: bytes, path: Path) -> Any:
    """A message of its bytes. Raises InvalidInput."""
    from google.protobuf.message import DecodeError

    try:
        return kind.FromString(part)
    except DecodeError as error:
        raise broken(path, str(error)) from None
