"""Requests in a table, CSV or Parquet: one row a request, in the order in which they came."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topologies.problems import InvalidInput, Mark, Problem, meant, shown
from topologies.units import parse
from workloads.load_tables import MOST_PROBLEMS
from workloads.requests import Floats, Integers, Requests, without_prefixes

if TYPE_CHECKING:
    import pandas as pd

MOST_TOKENS = 10_000_000
"""Of a prompt or an answer; more is a slip."""
MOST_DIGITS = 300
"""What is longer is no number that a float could hold."""
LARGEST_S = parse("100 years", "s")


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the three columns of a form of table.

    dated   the moments are dates with a time of day, else seconds
    """

    arrival: str
    input: str
    output: str
    dated: bool = False

    @property
    def names(self) -> tuple[str, str, str]:
        """All three, in order."""
        return self.arrival, self.input, self.output


def read_requests(path: Path, forms: Sequence[Columns], *, leave_out_empty: bool) -> Requests:
    """Read a table in one of several forms, CSV or, if its name ends so, Parquet; the first request comes at 0 s.

    leave_out_empty   leave requests without a prompt or without an answer out, instead of refusing them

    Raises InvalidInput with every problem of the file, up to 40 of a kind, each at its line.
    """
    parquet = path.suffix.lower() == ".parquet"
    frame = _parquet(path) if parquet else _csv(path)
    form = _form(path, [str(name) for name in frame.columns], forms)
    if not parquet:
        frame = frame[~frame.isna().all(axis=1)]
    if not len(frame):
        raise InvalidInput([Problem.at(Mark(str(path), 0 if parquet else 1, 1), "", "no row below the header")])
    table = _Rows(path, frame, None if parquet else frame.index.to_numpy() + 2)
    moments_s = _moments(frame[form.arrival], dated=form.dated)
    lengths = [_numbers(frame[name]) for name in (form.input, form.output)]
    least = 0 if leave_out_empty else 1
    said = f"write a whole number of tokens, from {least} to {MOST_TOKENS}"
    problems = table.where(form.arrival, ~np.isfinite(moments_s), _moment_wanted(form))
    for name, tokens in zip((form.input, form.output), lengths, strict=True):
        wrong = ~((tokens >= least) & (tokens <= MOST_TOKENS) & (tokens == np.floor(tokens)))
        problems += table.where(name, wrong, said)
    backward = np.concatenate([[False], np.diff(moments_s) < 0])
    problems += table.where(form.arrival, backward, "earlier than the row before it; sort the rows by time")
    if problems:
        raise InvalidInput(problems)
    kept = (lengths[0] > 0) & (lengths[1] > 0)
    if not kept.any():
        raise InvalidInput([Problem.at(Mark(str(path)), "", "every request is without a prompt or an answer")])
    first_s = moments_s[kept][0]
    inputs, outputs = (column[kept].astype(np.int64) for column in lengths)
    return without_prefixes(moments_s[kept] - first_s, inputs, outputs)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows as they were read, and the line of each in a CSV file."""

    path: Path
    frame: pd.DataFrame
    line: Integers | None

    def where(self, column: str, wrong: NDArray[np.bool_], said: str) -> list[Problem]:
        """What to mend in the first rows that are wrong."""
        rows = np.flatnonzero(wrong)[:MOST_PROBLEMS].tolist()
        return [self._problem(row, column, f"read {self._read(row, column)}; {said}") for row in rows]

    def _problem(self, row: int, column: str, message: str) -> Problem:
        """Something to mend in a row."""
        if self.line is None:
            return Problem.at(Mark(str(self.path)), f"row {row}, {column}", message)
        return Problem.at(Mark(str(self.path), int(self.line[row]), 1), column, message)

    def _read(self, row: int, column: str) -> str:
        """A cell as it stands in the file."""
        value = self.frame[column].iloc[row]
        if value is None or value != value:
            return "an empty cell"
        whole = isinstance(value, float) and value.is_integer()
        return shown(int(value) if whole else value)


def _csv(path: Path) -> pd.DataFrame:
    """Cells of a CSV file; row 0 of the index stands in line 2. Raises InvalidInput."""
    import pandas as pd

    try:
        frame = pd.read_csv(
            path,
            encoding="utf-8-sig",
            quoting=csv.QUOTE_NONE,
            skipinitialspace=True,
            skip_blank_lines=False,
            keep_default_na=False,
            na_values=[""],
            low_memory=False,
        )
        if isinstance(frame.index, pd.RangeIndex):
            return frame.rename(columns=str.strip)
        raise InvalidInput(_wrong_cells(path))
    except pd.errors.EmptyDataError:
        said = "empty; the first line names the columns"
    except pd.errors.ParserError:
        raise InvalidInput(_wrong_cells(path)) from None
    except UnicodeDecodeError:
        said = "not UTF-8 text"
    except OSError as error:
        said = error.strerror or "cannot be opened"
    raise InvalidInput([Problem.at(Mark(str(path)), "", said)])


def _wrong_cells(path: Path) -> list[Problem]:
    """Lines with more cells than the header."""
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        header = next(lines).count(",") + 1
        cells = [(at, line.count(",") + 1) for at, line in enumerate(lines, start=2) if line.count(",") >= header]
    found = [
        Problem.at(Mark(str(path), at, 1), "", f"{many} cells under a header of {header}")
        for at, many in cells[:MOST_PROBLEMS]
    ]
    return found or [Problem.at(Mark(str(path)), "", "no table of plain cells with commas between them")]


def _parquet(path: Path) -> pd.DataFrame:
    """Cells of a Parquet file. Raises InvalidInput, also where pyarrow is not installed."""
    import pandas as pd

    from workloads.load_tables import parquet_table

    return pd.DataFrame(parquet_table(path).columns)


def _form(path: Path, names: Sequence[str], forms: Sequence[Columns]) -> Columns:
    """The form whose columns these are. Raises InvalidInput, with the nearest names of the nearest form."""
    for form in forms:
        if sorted(names) == sorted(form.names):
            return form
    form = max(forms, key=lambda form: len(set(form.names) & set(names)))
    allowed = " or ".join(f"`{','.join(form.names)}`" for form in forms)
    known = [name for form in forms for name in form.names if name not in names]
    unknown = [name for name in names if name not in form.names]
    said = [(name, f"unknown column{meant(name, known)}; the header is {allowed}") for name in unknown]
    said += [(name, f"this column is missing; the header is {allowed}") for name in form.names if name not in names]
    raise InvalidInput(Problem.at(Mark(str(path), 1, 1), name, message) for name, message in said)


def _moment_wanted(form: Columns) -> str:
    """What stands in a column of moments."""
    if form.dated:
        return "write a date and a time, such as `2023-11-16 18:17:03.979`"
    return "write seconds, a plain number, 0 or more"


def _moments(column: pd.Series, *, dated: bool) -> Floats:
    """Moments in seconds, not a number (nan) for what is none: [row]."""
    import pandas as pd

    if not dated:
        moments_s = _numbers(column)
        return np.where((moments_s >= 0) & (moments_s <= LARGEST_S), moments_s, np.nan)
    dates = pd.to_datetime(column.astype(str), format="ISO8601", utc=True, errors="coerce")
    since = dates - dates.min()
    return np.asarray(since.dt.total_seconds(), dtype=np.float64)


def _numbers(column: pd.Series) -> Floats:
    """A column as floats; not a number (nan) for what is none: [row]."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(column):
        return np.full(len(column), np.nan)
    try:
        values: Floats = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    except OverflowError:
        short = column.astype(str).where(column.astype(str).str.len() < MOST_DIGITS)
        values = pd.to_numeric(short, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return values
