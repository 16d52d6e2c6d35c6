"""The report folder: every file whole or not at all, the same bytes for the same result."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from reports import json_result, page, timeline
from simulator.result import Result


class UnwritableName(ValueError):
    """A table's name that cannot be a file's name."""


def write(result: Result, folder: Path) -> tuple[Path, ...]:
    """Write report.html, result.json, timeline.json, scenario.yaml and tables/*.csv; return their paths.

    Everything is made before the first file is written, and each file appears under its name only when it is
    complete. Files of an earlier run with the same names are replaced. Raises UnwritableName, or OSError where
    the folder cannot be written.
    """
    return put(contents(result), folder)


def put(made: Mapping[str, str], folder: Path) -> tuple[Path, ...]:
    """Write texts under their names in the folder, each whole; return the paths. Raises OSError."""
    paths = tuple(folder / name for name in made)
    for path, text in zip(paths, made.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, text)
    return paths


def contents(result: Result) -> dict[str, str]:
    """File name in the folder -> its text, the report first."""
    tables = _tables(result)
    return {
        "report.html": page.page(result),
        "result.json": json_result.text(result),
        "timeline.json": timeline.text(result),
        "scenario.yaml": result.reproduction.scenario_yaml,
    } | {f"tables/{_file_name(name)}.csv": csv(frame) for name, frame in tables.items()}


def replace(path: Path, text: str | bytes) -> None:
    """Write `text` beside `path`, then put it in its place in one move."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def csv(frame: pd.DataFrame) -> str:
    """Comma-separated, all digits of every float, sequences separated by blanks."""
    flat = pd.DataFrame({column: [_flat(value) for value in frame[column]] for column in frame.columns})
    return str(flat.to_csv(index=False, lineterminator="\n"))


def _flat(value: object) -> object:
    """A cell that CSV can hold."""
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _tables(result: Result) -> dict[str, pd.DataFrame]:
    """Tables of result.json, and its headline and assumptions as tables too."""
    document = json_result.document(result)
    headline = pd.DataFrame([{"name": name, **figure} for name, figure in document["headline"].items()])
    assumptions = pd.DataFrame(document["assumptions"], columns=["what", "value", "basis", "source"])
    return {"headline": headline, **json_result.tables(result), "assumptions": assumptions}


def _file_name(name: str) -> str:
    """The name itself, which must be a plain word."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        raise UnwritableName(f"table {name!r}: its name must be small letters, digits, - and _")
    return name
