"""A schedule's time as text: a row a rank, equally many columns a unit of time in all pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from simulator.trace import Trace

WIDEST = 196
"""Columns of a row beyond which nobody compares pictures on a terminal."""
FORWARD_COLUMNS = 2
"""A forward of a rank's share of the layers has room for its letter and a digit, where that is not too wide."""
ROUNDING = 1e-6


class Scale(NamedTuple):
    """Columns of one unit of time, and of the longest picture."""

    columns: float
    width: int

    @property
    def readable(self) -> bool:
        """False where pictures would be too wide."""
        return self.width <= WIDEST


def scale(traces: Sequence[Trace], forward_s: float) -> Scale:
    """Fewest columns a unit in which all chunks have whole ones; failing that, one column for the shortest chunk."""
    every_s = {length_s for trace in traces for length_s in (trace.end_s - trace.start_s).tolist()}
    lengths_s = sorted(length_s for length_s in every_s if length_s)
    shortest_s, step_s = lengths_s[0], max(trace.makespan_s for trace in traces)
    wanted = max(1, math.ceil(FORWARD_COLUMNS * shortest_s / forward_s - ROUNDING))
    for columns_of_shortest in count(wanted):
        fitting = Scale(columns_of_shortest / shortest_s, place(step_s * columns_of_shortest / shortest_s))
        if not fitting.readable:
            break
        if all(whole(length_s * fitting.columns) for length_s in lengths_s):
            return fitting
    options = [Scale(n / shortest_s, place(step_s * n / shortest_s)) for n in (wanted, 1)]
    return next((option for option in options if option.readable), options[-1])


def whole(columns: float) -> bool:
    """True for a whole number of columns, as near as counts."""
    return abs(columns - round(columns)) < ROUNDING


def place(columns: float) -> int:
    """Column at which an instant stands; what lies a column apart never falls together."""
    return math.floor(columns + 0.5 + ROUNDING)


def rows_of(trace: Trace, ranks: int, columns: float) -> list[str]:
    """Each rank's time as text, `columns` a unit."""
    cells = [["."] * place(trace.makespan_s * columns) for _ in range(ranks)]
    instants = (seconds.tolist() for seconds in (trace.start_s * columns, trace.end_s * columns))
    for rank, name, begin, end in zip(trace.rank.tolist(), trace.name.tolist(), *instants, strict=True):
        first, last = place(begin), place(end)
        if last > first:
            cells[rank][first:last] = cell(trace.names[name], last - first, ranks)
    return ["".join(row) for row in cells]


def cell(name: str, width: int, ranks: int) -> str:
    """A task called "F 3 s0 & B 1 s7" as `F3&B1-`, or `F&B` where there is no room for the micro-batches.

    The letter is a small one for a stage that is not the first of its rank from the pipeline's beginning.
    """
    works = [part.split() for part in name.split(" & ")]
    ops = [op if int(stage[1:]) < ranks else op.lower() for op, _, stage in works]
    letters = "&".join(ops)
    whole_name = "&".join(f"{op}{micro_batch}" for op, (_, micro_batch, _) in zip(ops, works, strict=True))
    return (whole_name if len(whole_name) <= width else letters).ljust(width, "-")[:width]
