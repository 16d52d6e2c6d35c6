"""Requests as JSON lines with the blocks of their prompts, as Mooncake's traces are published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from topologies.problems import InvalidInput, Mark, Problem, listed, meant, shown
from topologies.units import parse
from workloads.load_tables import MOST_PROBLEMS
from workloads.request_tables import LARGEST_S, MOST_TOKENS
from workloads.requests import Requests

MOMENT, INPUT, OUTPUT, BLOCKS = FIELDS = ("timestamp", "input_length", "output_length", "hash_ids")
MILLISECOND_S = parse("1 ms", "s")
MOST_ID = 2**63 - 1
Request = tuple[float, int, int, list[int]]


def read_lines(path: Path, block_tokens: int, *, leave_out_empty: bool) -> Requests:
    """Read requests with `timestamp` in ms, `input_length`, `output_length` and `hash_ids`; the first comes at 0 s.

    block_tokens      tokens of each block of `hash_ids`; the last one of a prompt may have fewer
    leave_out_empty   leave requests without a prompt or without an answer out, instead of refusing them

    Raises InvalidInput with the first 40 problems of the file, each at its line.
    """
    problems: list[Problem] = []
    requests = list(_requests(path, (block_tokens, 0 if leave_out_empty else 1), problems))
    if not problems and not requests:
        problems.append(Problem.at(Mark(str(path)), "", "not a single request"))
    if problems:
        raise InvalidInput(problems)
    kept = [request for request in requests if request[1] and request[2]]
    if not kept:
        raise InvalidInput([Problem.at(Mark(str(path)), "", "every request is without a prompt or an answer")])
    moments = np.array([request[0] for request in kept])
    lengths = np.array([request[1:3] for request in kept], dtype=np.int64)
    block_at = np.concatenate([[0], np.cumsum([len(request[3]) for request in kept])])
    block_ids = np.fromiter((block for request in kept for block in request[3]), np.int64, int(block_at[-1]))
    arrival_s = (moments - moments[0]) * MILLISECOND_S
    return Requests(arrival_s, lengths[:, 0].copy(), lengths[:, 1].copy(), block_tokens, block_at, block_ids)


def _requests(path: Path, limits: tuple[int, int], problems: list[Problem]) -> Iterator[Request]:
    """Requests of all lines that can be read; what cannot is added to the problems.

    limits   tokens of a block, least tokens of a prompt and an answer
    """
    before = 0.0
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if len(problems) >= MOST_PROBLEMS:
                    return
                if not line.strip():
                    continue
                mark = Mark(str(path), number, 1)
                found = _read(line)
                flaws = [("", found)] if isinstance(found, str) else list(_flaws(found, limits, before))
                problems.extend(Problem.at(mark, field, said) for field, said in flaws)
                if not flaws and isinstance(found, dict):
                    before = float(found[MOMENT])
                    yield before, found[INPUT], found[OUTPUT], found[BLOCKS]
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "not UTF-8 text"
        problems.append(Problem.at(Mark(str(path)), "", said))


def _read(line: str) -> dict[str, Any] | str:
    """Fields of a line, or what is wrong with it as a whole."""
    if line.startswith("{") and not line.rstrip().endswith("}"):
        return "a line that is cut off"
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return "no JSON; a line is one object in braces"
    return found if isinstance(found, dict) else f"read {shown(found)}; a line is one object in braces"


def _flaws(found: dict[str, Any], limits: tuple[int, int], before: float) -> Iterator[tuple[str, str]]:
    """What is wrong with the fields of a line: field and message."""
    lacking = [name for name in FIELDS if name not in found]
    unknown = [name for name in found if name not in FIELDS]
    for name in unknown:
        yield name, f"unknown field{meant(name, lacking)}; the fields are {listed(FIELDS)}"
    for name in lacking:
        yield name, f"this field is missing; the fields are {listed(FIELDS)}"
    if not lacking and not unknown:
        yield from _wrong_values(found, limits, before)


def _wrong_values(found: dict[str, Any], limits: tuple[int, int], before: float) -> Iterator[tuple[str, str]]:
    """What is wrong with the values of a line that has all fields: field and message."""
    block_tokens, least = limits
    moment = found[MOMENT]
    if not _number(moment) or not 0 <= moment <= LARGEST_S / MILLISECOND_S:
        yield MOMENT, f"read {shown(moment)}; write milliseconds, 0 or more"
    elif moment < before:
        yield MOMENT, f"read {shown(moment)}; earlier than the request before it ({before:g}): sort the lines by time"
    wrong = [name for name in (INPUT, OUTPUT) if not _whole(found[name], least, MOST_TOKENS)]
    for name in wrong:
        yield name, f"read {shown(found[name])}; write a whole number of tokens, from {least} to {MOST_TOKENS}"
    blocks = found[BLOCKS]
    if not isinstance(blocks, list) or not all(_whole(block, 0, MOST_ID) for block in blocks):
        yield BLOCKS, "write a list of whole numbers, 0 or more"
    elif INPUT not in wrong and len(blocks) > -(-found[INPUT] // block_tokens):
        said = f"{len(blocks)} blocks of {block_tokens} tokens in a prompt of {found[INPUT]}; mend `block_tokens`?"
        yield BLOCKS, said


def _number(value: object) -> bool:
    """True for a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _whole(value: object, least: int, most: int) -> bool:
    """True for a whole number within limits."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
