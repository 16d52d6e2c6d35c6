"""Tokens by layer and expert from a CSV file with the header `layer,expert,tokens`."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from topologies.problems import InvalidInput, Mark, Problem, listed, meant

LAYER, EXPERT, TOKENS = COLUMNS = ("layer", "expert", "tokens")
HEADER = ",".join(COLUMNS)
LARGEST_BYTES = 100_000_000
MOST_TOKENS = 2.0**63
"""What a counter of 64 bits holds; sums of such numbers are still finite."""

Row = tuple[int, int, float, Mark]


@dataclass(frozen=True, slots=True, eq=False)
class ExpertTokens:
    """How busy experts are.

    layers   [layer]  number of each layer in the file, ascending;  tokens   [layer, expert]
    """

    layers: tuple[int, ...]
    tokens: NDArray[np.float64]


def read_expert_tokens(path: Path) -> ExpertTokens:
    """Read a CSV file. Raises InvalidInput with every problem of the file, each at its line."""
    problems: list[Problem] = []
    rows = list(_rows(path, problems))
    if not rows and not problems:
        problems.append(Problem.at(Mark(str(path)), "", f"no row below the header `{HEADER}`"))
    by_layer: dict[int, dict[int, Row]] = {}
    for row in rows:
        layer, expert, _, mark = row
        if expert >= len(rows):
            problems.append(Problem.at(mark, EXPERT, f"read {expert}; experts count from 0 without a gap"))
        elif expert in by_layer.setdefault(layer, {}):
            first = by_layer[layer][expert][-1]
            problems.append(Problem.at(mark, EXPERT, f"layer {layer} has expert {expert} in line {first.line} already"))
        else:
            by_layer[layer][expert] = row
    if not problems:
        problems.extend(_missing(by_layer))
    if problems:
        raise InvalidInput(problems)
    layers = tuple(sorted(by_layer))
    return ExpertTokens(layers, np.array([[row[2] for _, row in sorted(by_layer[layer].items())] for layer in layers]))


def _missing(by_layer: Mapping[int, Mapping[int, Row]]) -> Iterator[Problem]:
    """Experts that some other layer has, at the first line of the layer that lacks them."""
    experts = 1 + max(max(rows) for rows in by_layer.values())
    for layer, rows in by_layer.items():
        if len(rows) < experts:
            lacking = listed((str(expert) for expert in range(experts) if expert not in rows), 10)
            first = min(row[-1] for row in rows.values())
            yield Problem.at(first, EXPERT, f"layer {layer} lacks expert {lacking}; write 0 tokens for an idle one")


def _rows(path: Path, problems: list[Problem]) -> Iterator[Row]:
    """Layer, expert, tokens and place of every line that can be read; what cannot is added to the problems."""
    try:
        large = path.stat().st_size > LARGEST_BYTES
        lines = [] if large else path.read_text(encoding="utf-8-sig").splitlines()
        said = f"more than {LARGEST_BYTES} bytes" if large else f"empty; the first line is `{HEADER}`"
    except (OSError, UnicodeDecodeError) as error:
        lines, said = [], getattr(error, "strerror", None) or "not UTF-8 text"
    if not lines:
        problems.append(Problem.at(Mark(str(path)), "", said))
        return
    columns = _cells(lines[0])
    problems.extend(_header_problems(columns, Mark(str(path), 1, 1)))
    if problems:
        return
    for number, line in enumerate(lines[1:], start=2):
        if line.strip() and not line.lstrip().startswith("#"):
            row = _row(dict(zip(columns, _cells(line), strict=False)), line, Mark(str(path), number, 1), problems)
            if row is not None:
                yield row


def _cells(line: str) -> list[str]:
    """Cells of a line; one that no CSV reader takes is a single cell."""
    try:
        return [cell.strip() for cell in next(csv.reader([line]), [])]
    except csv.Error:
        return [line]


def _header_problems(columns: Sequence[str], mark: Mark) -> Iterator[Problem]:
    """Columns that are unknown, missing or there twice."""
    for name in dict.fromkeys(columns):
        if name not in COLUMNS:
            yield Problem.at(mark, name, f"unknown column{meant(name, COLUMNS)}; the header is `{HEADER}`")
        elif columns.count(name) > 1:
            yield Problem.at(mark, name, "named twice")
    for name in COLUMNS:
        if name not in columns:
            yield Problem.at(mark, name, f"this column is needed; the header is `{HEADER}`")


def _row(cells: Mapping[str, str], line: str, mark: Mark, problems: list[Problem]) -> Row | None:
    """One line, or None with its problems noted."""
    if len(_cells(line)) != len(COLUMNS):
        problems.append(Problem.at(mark, "", f"{len(_cells(line))} cells under a header of {len(COLUMNS)}"))
        return None
    before = len(problems)
    for name in (LAYER, EXPERT):
        if not (cells[name].isascii() and cells[name].isdigit() and len(cells[name]) <= len("999999999")):
            problems.append(Problem.at(mark, name, f"read `{cells[name]}`; write a whole number, 0 or more"))
    tokens = _number(cells[TOKENS])
    if not 0 <= tokens <= MOST_TOKENS:
        problems.append(Problem.at(mark, TOKENS, f"read `{cells[TOKENS]}`; write a number of tokens, 0 or more"))
    return (int(cells[LAYER]), int(cells[EXPERT]), tokens, mark) if len(problems) == before else None


def _number(text: str) -> float:
    """A number; not a number (nan) for all else."""
    try:
        return float(text)
    except ValueError:
        return float("nan")
