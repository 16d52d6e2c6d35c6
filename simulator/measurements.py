"""A user's measurements: a CSV file with units in its header, checked row by row, as samples of kernels and links."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.costs import machine
from simulator.fitting import Sample
from simulator.kernels.attention import Scores
from simulator.kernels.matmul import Product
from topologies.hardware import Gpu
from topologies.kernel_sets import MATMUL, SWEEPS
from topologies.problems import InvalidInput, Mark, Problem, listed, meant
from topologies.units import UnitError, parse

TIME, SIZE, KIND, SMS = "time", "size", "kind", "sms"
UNITS = {TIME: "s", SIZE: "bytes"}
PRODUCT = ("m", "n", "k")
ATTENTION = ("sequences", "heads", "queries", "keys", "query_dim", "value_dim")
LINKS = ("nvlink", "network")
MEMORY = "memory"
"""Stands for all kinds of memory-bound kernels."""
ATTENTIONS = ("forward", "backward", "decode")
NEEDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(MATMUL, PRODUCT),
    **dict.fromkeys(ATTENTIONS, ATTENTION),
    **dict.fromkeys((*SWEEPS, MEMORY, *LINKS), (SIZE,)),
}
"""Columns that a row of each kind fills, beside `kind` and `time`."""
OPTIONAL = ("groups", SMS)
COLUMNS = (KIND, TIME, SIZE, *PRODUCT, *ATTENTION, *OPTIONAL)
LARGEST_BYTES = 10_000_000
FP32_BYTES = 4


@dataclass(frozen=True, slots=True)
class Moved:
    """One message over a link: bytes that a GPU sends, seconds until the last one has arrived."""

    size_bytes: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Measurements:
    """What a file holds, by kind."""

    kernels: Mapping[str, Sequence[Sample]]
    links: Mapping[str, Sequence[Moved]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the header, with the unit of its numbers; empty for counts."""

    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its place, its kind, its numbers in SI units by column."""

    mark: Mark
    kind: str
    numbers: Mapping[str, float]


def read_measurements(path: Path, gpu: Gpu) -> Measurements:
    """Read a CSV file. Raises InvalidInput with every problem of the file, each at its line and column."""
    problems: list[Problem] = []
    rows = list(_rows(path, problems))
    kernels: dict[str, list[Sample]] = {}
    links: dict[str, list[Moved]] = {}
    for row in rows:
        if row.kind in LINKS:
            links.setdefault(row.kind, []).append(Moved(row.numbers[SIZE], row.numbers[TIME]))
        elif row.numbers.get(SMS, gpu.sms) > gpu.sms:
            problems.append(Problem.at(row.mark, SMS, f"{gpu.name} has {gpu.sms} multiprocessors"))
        else:
            kernels.setdefault(row.kind, []).append(_sample(row, gpu))
    if not rows and not problems:
        problems.append(Problem.at(Mark(str(path)), "", "no measurement below the header"))
    if problems:
        raise InvalidInput(problems)
    return Measurements(kernels, links)


def _rows(path: Path, problems: list[Problem]) -> Iterator[Row]:
    """Every line that can be read; what cannot is added to the problems."""
    lines = _lines(path, problems)
    if not lines:
        return
    columns = _header(_cells(lines[0]), Mark(str(path), 1, 1), problems)
    if problems:
        return
    for number, line in enumerate(lines[1:], start=2):
        if line.strip() and not line.lstrip().startswith("#"):
            row = _row(_cells(line), columns, Mark(str(path), number, 1), problems)
            if row is not None:
                yield row


def _lines(path: Path, problems: list[Problem]) -> list[str]:
    """Lines of the file; none, and a problem, for one that cannot be read or is too large."""
    try:
        large = path.stat().st_size > LARGEST_BYTES
        lines = [] if large else path.read_text(encoding="utf-8-sig").splitlines()
        said = f"more than {LARGEST_BYTES} bytes" if large else "empty; the first line names the columns"
    except (OSError, UnicodeDecodeError) as error:
        lines, said = [], getattr(error, "strerror", None) or "not UTF-8 text"
    if not lines:
        problems.append(Problem.at(Mark(str(path)), "", said))
    return lines


def _cells(line: str) -> list[str]:
    """Cells of a line; one that no CSV reader takes is a single cell."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return [line]


def _header(cells: Sequence[str], mark: Mark, problems: list[Problem]) -> list[Column]:
    """Names and units of the columns: `time [us]`, `size [MB]`, counts without a unit."""
    columns: list[Column] = []
    for cell, place in zip(cells, _places(cells, mark), strict=True):
        name, _, unit = (part.strip() for part in cell.strip().removesuffix("]").partition("["))
        columns.append(Column(name, unit))
        if name not in COLUMNS:
            said = f"unknown column{meant(name, COLUMNS)}; known are: {listed(COLUMNS)}"
            problems.append(Problem.at(place, name, said))
        elif name in UNITS:
            problems.extend(_unit_problem(columns[-1], place))
        elif unit:
            problems.append(Problem.at(place, name, f"has no unit; write `{name}`"))
    counts = Counter(column.name for column in columns)
    problems.extend(Problem.at(mark, name, "this column is needed") for name in (KIND, TIME) if not counts[name])
    problems.extend(Problem.at(mark, name, "named twice") for name, count in counts.items() if count > 1)
    return columns


def _unit_problem(column: Column, place: Mark) -> Iterator[Problem]:
    """What is wrong with a column's unit."""
    try:
        parse(f"1 {column.unit}", UNITS[column.name])
    except UnitError as error:
        yield Problem.at(place, column.name, f"write the unit in brackets, as `{column.name} [...]`: {error}")


def _places(cells: Sequence[str], mark: Mark) -> list[Mark]:
    """Where each cell of a line begins."""
    starts, column = [], 1
    for cell in cells:
        starts.append(Mark(mark.file, mark.line, column))
        column += len(cell) + 1
    return starts


def _row(cells: Sequence[str], columns: Sequence[Column], mark: Mark, problems: list[Problem]) -> Row | None:
    """One line, or None with its problems noted."""
    if len(cells) != len(columns):
        problems.append(Problem.at(mark, "", f"{len(cells)} cells under a header of {len(columns)}"))
        return None
    before = len(problems)
    kind, numbers, places = "", {}, _places(cells, mark)
    for cell, column, place in zip(cells, columns, places, strict=True):
        if column.name == KIND:
            kind = cell.strip()
            if kind not in NEEDS:
                said = f"unknown kind `{kind}`{meant(kind, NEEDS)}; there are: {listed(NEEDS, 40)}"
                problems.append(Problem.at(place, KIND, said))
        elif cell.strip():
            numbers[column.name] = _number(cell, column, place, problems)
    for name in (TIME, *NEEDS.get(kind, ())):
        if name not in numbers:
            problems.append(Problem.at(mark, name, f"a row of kind `{kind}` needs it"))
    return Row(mark, kind, numbers) if len(problems) == before else None


def _number(cell: str, column: Column, place: Mark, problems: list[Problem]) -> float:
    """A positive number in SI units; 0 with a problem noted."""
    try:
        number = parse(f"{cell.strip()} {column.unit}", UNITS[column.name]) if column.unit else float(int(cell))
    except (UnitError, ValueError, OverflowError):
        number = 0.0
    if not number > 0:
        wanted = "number above 0" if column.unit else "whole number above 0"
        problems.append(Problem.at(place, column.name, f"read `{cell.strip()}`; write a {wanted}"))
        return 0.0
    return number


def _sample(row: Row, gpu: Gpu) -> Sample:
    """What a row's kernel did."""
    numbers, label = row.numbers, f"line {row.mark.line}"
    precision = "fp8" if row.kind.startswith("fp8") else "bf16"
    on = machine(gpu, precision, int(numbers.get(SMS, gpu.sms)))
    if row.kind in MATMUL:
        return Sample(label, _product(row), on, numbers[TIME])
    if row.kind in ATTENTIONS:
        return Sample(label, _scores(row), on, numbers[TIME])
    return Sample(label, numbers[SIZE], on, numbers[TIME])


def _product(row: Row) -> Product:
    """m rows of all groups together (of a weight gradient: of one), n columns, k the inner length of one group."""
    m, n, k = (row.numbers[name] for name in PRODUCT)
    groups, element_bytes = row.numbers.get("groups", 1.0), 1 if row.kind.startswith("fp8") else 2
    rows = m if row.kind.endswith("wgrad") else m / groups
    operand_bytes = element_bytes * groups * k * (rows + n)
    output_bytes = groups * rows * n * (2 * FP32_BYTES if row.kind.endswith("wgrad") else 2)
    return Product(rows, int(n), k, groups, element_bytes, operand_bytes, output_bytes)


def _scores(row: Row) -> Scores:
    """Causal attention; decode reads a key-value head that all heads share, as latent attention does."""
    sequences, heads, queries, keys, query, value = (row.numbers[name] for name in ATTENTION)
    backward, decode = row.kind == "backward", row.kind == "decode"
    width = 3 * query + 2 * value if backward else query + value
    cached = keys * query if decode else keys * heads * (query + value)
    moved = 2 * sequences * (queries * heads * (query + value) + cached) * (2 if backward else 1)
    return Scores(sequences, int(heads), queries, keys, 2 * width, not decode, moved)
