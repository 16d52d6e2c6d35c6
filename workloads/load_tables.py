"""Measured loads in a table, CSV or Parquet: a histogram by layer and expert, or the experts of each token."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topologies.problems import InvalidInput, Mark, Problem, listed, meant, shown
from workloads.expert_tokens import MOST_TOKENS
from workloads.reference.dims import Gate
from workloads.router import Floats

if TYPE_CHECKING:
    import pandas as pd

HISTOGRAM, CHOICES, TRACE = ("layer", "expert", "tokens"), ("layer", "token", "expert"), ("layer", "token", "expert_0")
KNOWN = ("step", "layer", "token", "expert", "tokens", "expert_0")
ALLOWED = (
    "`layer,expert,tokens`, `layer,token,expert` or `layer,token,expert_0,expert_1,...`, "
    "each with a column `step` if wanted"
)
LARGEST_NUMBER = 999_999_999
MOST_CELLS = 100_000_000
"""Steps x layers x experts that are counted."""
MOST_PROBLEMS = 40
"""Of a kind; who has so many mends something that makes them all."""
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of a file as they were read.

    line    [row]  of each row in a CSV file, from 1; None: rows have numbers, from 0, and no lines
    """

    file: str
    columns: dict[str, pd.Series]
    line: Indices | None

    def problem(self, row: int, column: str, message: str) -> Problem:
        """Something to mend in a row."""
        if self.line is None:
            return Problem.at(Mark(self.file), f"row {row}, {column}", message)
        return Problem.at(Mark(self.file, int(self.line[row]), 1), column, message)

    def invalid(self, message: str) -> InvalidInput:
        """A problem of the file as a whole."""
        return InvalidInput([Problem.at(Mark(self.file, 0 if self.line is None else 1, 1), "", message)])


def csv_table(path: Path) -> Table:
    """Read a CSV file; empty lines and those that begin with # are left out. Raises InvalidInput."""
    import pandas as pd

    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "not UTF-8 text"
        raise InvalidInput([Problem.at(Mark(str(path)), "", said)]) from None
    header = [name.strip() for name in lines[0].split(",")] if lines else []
    kept = [at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
    for at in kept:
        if flaw := _flaw(lines[at], len(header)):
            raise InvalidInput([Problem.at(Mark(str(path), at + 1, 1), "", flaw)])
    if len(set(header)) < len(header) or len(kept) < 2 or kept[0]:
        said = f"the first line names each column once, a row comes after it; allowed: {ALLOWED}"
        raise InvalidInput([Problem.at(Mark(str(path), 1, 1), "", said)])
    text = io.StringIO("\n".join(lines[at] for at in kept[1:]))
    frame = pd.read_csv(
        text,
        header=None,
        names=header,
        na_filter=False,
        skipinitialspace=True,
        quoting=csv.QUOTE_NONE,
        low_memory=False,
    )
    return Table(str(path), {name: frame[name] for name in header}, np.array(kept[1:]) + 1)


def _flaw(line: str, columns: int) -> str:
    """What makes a line no row of plain numbers; empty if nothing does."""
    if '"' in line:
        return "a quotation mark; write plain numbers"
    cells = line.count(",") + 1
    return "" if cells == columns else f"{cells} cells under a header of {columns}"


def parquet_table(path: Path) -> Table:
    """Read a Parquet file. Raises InvalidInput, also where pyarrow is not installed."""
    import pandas as pd

    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except ImportError:
        said = "Parquet files need pyarrow, which is not installed: `pip install 'clustercast[parquet]'`, or write CSV"
        raise InvalidInput([Problem.at(Mark(str(path)), "", said)]) from None
    except (OSError, ValueError, NotImplementedError) as error:
        raise InvalidInput([Problem.at(Mark(str(path)), "", f"no Parquet file that can be read: {error}")]) from None
    return Table(str(path), {str(name): frame[name] for name in frame.columns}, None)


def table_tokens(table: Table, gate: Gate) -> Floats:
    """Loads of a table: [step, layer, expert]. Raises InvalidInput with the problems of the first kind found."""
    names = tuple(table.columns)
    kind = _kind(table, names)
    if not len(table.columns[names[0]]):
        raise table.invalid("no row below the header")
    numbers = {name: _whole(table, name) for name in names if name != "tokens"}
    steps, step = np.unique(numbers.get("step", np.zeros_like(numbers["layer"])), return_inverse=True)
    layers, layer = np.unique(numbers["layer"], return_inverse=True)
    if len(steps) * len(layers) * gate.experts > MOST_CELLS:
        raise table.invalid(f"{len(steps)} steps of {len(layers)} layers of {gate.experts} experts are too many")
    cell = step * len(layers) + layer
    place = (len(steps) * len(layers), gate.experts)
    if kind == HISTOGRAM:
        loads = _histogram(table, cell, _experts(table, "expert", numbers, gate), place)
    else:
        loads = _trace(table, cell, numbers, gate, place)
    lacking = np.flatnonzero(np.isnan(loads).any(axis=1))
    if len(lacking):
        at, layer_at = divmod(int(lacking[0]), len(layers))
        experts = listed((str(expert) for expert in np.flatnonzero(np.isnan(loads[lacking[0]]))), 10)
        where = f"step {steps[at]}, layer {layers[layer_at]}" if "step" in names else f"layer {layers[layer_at]}"
        raise table.invalid(f"{where} lacks expert {experts}; write 0 tokens for an idle one")
    return loads.reshape(len(steps), len(layers), gate.experts)


def _kind(table: Table, names: Sequence[str]) -> tuple[str, ...]:
    """Which of the three forms the columns are. Raises InvalidInput."""
    wide = [name for name in names if re.fullmatch(r"expert_\d+", name)]
    others = [name for name in names if name not in wide]
    unknown = [name for name in others if name not in KNOWN]
    if unknown:
        raise table.invalid(f"unknown column `{unknown[0]}`{meant(unknown[0], KNOWN)}; allowed: {ALLOWED}")
    found = {name for name in others if name != "step"} | ({"expert_0"} if wide else set())
    for kind in (HISTOGRAM, CHOICES, TRACE):
        if found == set(kind):
            return kind
    raise table.invalid(f"read the columns {listed(names)}; allowed: {ALLOWED}")


def _whole(table: Table, name: str) -> Indices:
    """A column of whole numbers: [row]. Raises InvalidInput with every row that has none."""
    values = _numbers(table, name)
    wrong = ~((values >= 0) & (values <= LARGEST_NUMBER) & (values == np.floor(values)))
    _refuse(table, name, wrong, "write a whole number, 0 or more")
    return values.astype(np.int64)


def _numbers(table: Table, name: str) -> Floats:
    """A column as floats; not a number (nan) for what is none."""
    import pandas as pd

    try:
        values: Floats = pd.to_numeric(table.columns[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise table.invalid(f"the column `{name}` holds no numbers") from None
    return values


def _experts(table: Table, name: str, numbers: dict[str, Indices], gate: Gate) -> Indices:
    """A column of experts that the gate has: [row]."""
    _refuse(table, name, numbers[name] >= gate.experts, f"experts count from 0 to {gate.experts - 1}")
    return numbers[name]


def _refuse(table: Table, name: str, wrong: NDArray[np.bool_], what: str) -> None:
    """Raise InvalidInput with every row that is wrong."""
    if wrong.any():
        column = table.columns[name]
        rows = np.flatnonzero(wrong)[:MOST_PROBLEMS].tolist()
        raise InvalidInput([table.problem(row, name, f"read {shown(column.iloc[row])}; {what}") for row in rows])


def _histogram(table: Table, cell: Indices, expert: Indices, place: tuple[int, int]) -> Floats:
    """Tokens of each expert: [step x layer, expert], nan where a row is missing."""
    values = _numbers(table, "tokens")
    _refuse(table, "tokens", ~((values >= 0) & (values <= MOST_TOKENS)), "write a number of tokens, 0 or more")
    loads = np.full(place, np.nan)
    _once(table, cell * place[1] + expert, "expert", "this expert of the layer")
    loads[cell, expert] = values
    return loads


def _trace(table: Table, cell: Indices, numbers: dict[str, Indices], gate: Gate, place: tuple[int, int]) -> Floats:
    """Count the tokens of each expert: [step x layer, expert]."""
    wide = [name for name in numbers if name.startswith("expert")]
    experts = np.stack([_experts(table, name, numbers, gate) for name in wide], axis=1)
    pair = cell * (LARGEST_NUMBER + 1) + numbers["token"]
    _, token, times = np.unique(pair, return_inverse=True, return_counts=True)
    if wide == ["expert"]:
        _once(table, token * gate.experts + numbers["expert"], "expert", "this expert of the token")
    else:
        _once(table, pair, "token", "this token of the layer")
    wrong = times[token] * len(wide) != gate.top_k
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        said = f"this token has {times[token[row]] * len(wide)} of the {gate.top_k} experts that the gate chooses"
        raise InvalidInput([table.problem(row, "token", said)])
    for at, name in enumerate(wide):
        earlier = (experts[:, :at] == experts[:, at : at + 1]).any(axis=1)
        _refuse(table, name, earlier, "the token has this expert already")
    where = (cell[:, None] * place[1] + experts).ravel()
    return np.bincount(where, minlength=place[0] * place[1]).reshape(place).astype(np.float64)


def _once(table: Table, key: Indices, column: str, what: str) -> None:
    """Refuse rows whose key an earlier row has."""
    _, first = np.unique(key, return_index=True)
    again = np.setdiff1d(np.arange(len(key)), first)[:MOST_PROBLEMS].tolist()
    if again:
        raise InvalidInput(list(_again(table, again, key, column, what)))


def _again(table: Table, again: Sequence[int], key: Indices, column: str, what: str) -> Iterator[Problem]:
    """What to say about each row that repeats another."""
    for row in again:
        first = int(np.flatnonzero(key == key[row])[0])
        where = f"row {first}" if table.line is None else f"line {table.line[first]}"
        yield table.problem(row, column, f"{what} stands in {where} already")
