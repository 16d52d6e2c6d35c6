"""result.json: the figures and tables of a run for programs, under names that stay."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from simulator.result import SCHEMA, Figure, Result

TABLES = ("ranks", "budget", "pair", "memory", "traffic", "cost", "partition")
"""Attributes of Result that are tables of every run; `Result.tables` adds more."""


def text(result: Result) -> str:
    """JSON text; the same result gives the same bytes. Raises ValueError for a headline that is not finite."""
    return json.dumps(document(result), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def document(result: Result) -> dict[str, Any]:
    """The content as plain values; tables are lists of records, unknown numbers null."""
    return {
        "schema": SCHEMA,
        "name": result.name,
        "title": result.title,
        "headline": headline(result),
        "answer": list(result.answer),
        "warnings": list(result.warnings),
        "memory_usable_bytes": result.memory_usable_bytes,
        "tables": {name: records(frame) for name, frame in tables(result).items()},
        "assumptions": [asdict(assumption) for assumption in result.assumptions],
        "reproduction": {
            "command": result.reproduction.command,
            "seed": result.reproduction.seed,
            "digest": result.reproduction.digest,
            "versions": dict(result.reproduction.versions),
            "scenario_yaml": result.reproduction.scenario_yaml,
        },
    }


def headline(result: Result) -> dict[str, Any]:
    """Every headline figure by name."""
    return {name: figure_data(figure) for name, figure in result.headline.items()}


def tables(result: Result) -> dict[str, pd.DataFrame]:
    """Every table by name: those of all runs, then the result's own."""
    return {name: getattr(result, name) for name in TABLES} | dict(result.tables)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """One mapping a row, column -> plain value."""
    columns = {str(column): [plain(value) for value in frame[column].tolist()] for column in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def plain(value: object) -> Any:
    """A cell as JSON has it: numpy scalars as numbers, sequences as lists, missing or not finite as null."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(part) for part in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str | int | float):
        return value
    raise TypeError(f"a table holds {type(value).__name__}, which JSON has no form for")


def figure_data(figure: Figure) -> dict[str, Any]:
    """value, unit, definition; low, mid and high only where known."""
    known = {"value": figure.value, "unit": figure.unit, "definition": figure.definition}
    ends = {"low": figure.low, "mid": figure.mid, "high": figure.high}
    return known | {name: value for name, value in ends.items() if value is not None}
