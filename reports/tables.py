"""A DataFrame as a table for people: units in the head, one scale a column, names before numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from reports import words
from reports.document import Cell, Column, Table


@dataclass(frozen=True, slots=True)
class Look:
    """How a table is shown.

    titles       column -> head, where the column's own name does not read well
    meanings     column -> what it counts
    names        cell text -> plain words (for the names in the first column)
    bars         columns of shares that also show a bar
    total        label of a last row that adds up the numeric columns, empty for none
    """

    title: str
    note: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    bars: tuple[str, ...] = ()
    total: str = ""


def table(name: str, frame: pd.DataFrame, look: Look) -> Table:
    """Show all rows and columns of `frame`; a column says its unit in the end of its name."""
    shown = _with_total(frame, look.total) if look.total and len(frame) else frame
    scales = _scales(shown)
    columns, texts = [], []
    for column in map(str, shown.columns):
        head, cells = _column(shown[column], column, look, scales.get(column))
        columns.append(head)
        texts.append(cells)
    rows = tuple(zip(*texts, strict=True)) if len(shown) else ()
    return Table(name, look.title, tuple(columns), rows, f"tables/{name}.csv", look.note, bool(look.total))


def _scales(frame: pd.DataFrame) -> dict[str, words.Scale]:
    """Scale of each numeric column; columns of one unit share it, so that they can be compared and added."""
    numbers = {
        str(column): frame[column].to_numpy(dtype=np.float64, na_value=np.nan).tolist()
        for column in frame.columns
        if pd.api.types.is_numeric_dtype(frame[column]) and not pd.api.types.is_bool_dtype(frame[column])
    }
    together: dict[str, list[float]] = {}
    for column, values in numbers.items():
        together.setdefault(words.unit_of(column) or column, []).extend(values)
    return {column: words.scale(together[words.unit_of(column) or column], words.unit_of(column)) for column in numbers}


def _column(values: pd.Series[Any], column: str, look: Look, scale: words.Scale | None) -> tuple[Column, list[Cell]]:
    """Head and cells of one column; no scale means text."""
    title = look.titles.get(column, words.title_of(column))
    meaning = look.meanings.get(column, "")
    if scale is None:
        return Column(title, "", False, meaning), [Cell(_text(value, look.names)) for value in values]
    bars = column in look.bars
    cells = []
    for number in values.to_numpy(dtype=np.float64, na_value=np.nan).tolist():
        cells.append(Cell(scale.text(number), min(max(number, 0.0), 1.0) if bars else None))
    return Column(title, scale.unit, True, meaning), cells


def _text(value: object, names: Mapping[str, str]) -> str:
    """A cell that is no number: tuples joined, missing as nothing."""
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return ", ".join(str(part) for part in value)
    if value is None or value is pd.NA or value != value:
        return ""
    return names.get(str(value), str(value))


def _with_total(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    """Append the sum of each numeric column; the first column gets `label`, other text stays empty."""
    last: dict[str, object] = {
        str(column): frame[column].sum() if pd.api.types.is_numeric_dtype(frame[column]) else ""
        for column in frame.columns
    }
    last[str(frame.columns[0])] = label
    return pd.concat([frame.astype(object), pd.DataFrame([last], dtype=object)], ignore_index=True).infer_objects()


def once(entries: Sequence[Sequence[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """The rows with a name that is also the row's before shown in the first row only."""
    before = ["", *(row[0].text for row in entries)]
    return tuple(
        (replace(row[0], again=row[0].text == last), *row[1:]) for row, last in zip(entries, before, strict=False)
    )


def rows(entries: Sequence[Sequence[str]]) -> tuple[tuple[Cell, ...], ...]:
    """Rows of plain text."""
    return tuple(tuple(Cell(text) for text in entry) for entry in entries)
