"""What a simulated training step answers: figures with unit and definition, tables, assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

if TYPE_CHECKING:
    from simulator.trace import Trace

SCHEMA = "clustercast.result/1"
"""Name and version of result.json's shape; the number rises when a reader would break."""

BUDGET_TOLERANCE_RATIO = 1e-9
"""Largest share of the step by which a rank's parts may miss the step (floating-point sums)."""

FIRST = 3
ASKED_FIRST = ("step_s", "gpu_hours", "cost_usd")
"""Figures that stand in the one line of an answer: so many, these before others."""


class BudgetError(Exception):
    """The parts of a rank's step do not add up to the step: a bug of ours, never of the user's."""


@dataclass(frozen=True, slots=True)
class Term:
    """One quantity of a formula.

    name    as the formula has it;  value   in `unit`, an SI name, "ratio" or a count
    source  a field of the scenario, a catalogue entry with the basis and source of the value, or how it was found
    """

    name: str
    value: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with what it means.

    value       in `unit`
    unit        SI name ("s", "bytes", "USD", "flop/s"), "ratio", or a count ("tokens/day")
    definition  one sentence: what is counted, over what
    low, high   90 % interval, None while no interval is known;  mid   its median
    formula     how it is computed from `terms`, with + - x / and parentheses; a test works it out again
    """

    value: float
    unit: str
    definition: str
    low: float | None = None
    high: float | None = None
    mid: float | None = None
    formula: str = ""
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Assumption:
    """An input the result stands on.

    what    name in plain words ("NVLink achievable share, h800")
    value   as a person reads it ("160 GB/s of 200 GB/s")
    basis   published | measured | derived | assumed
    source  where it comes from
    """

    what: str
    value: str
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What it takes to get the same result again.

    scenario_yaml  the whole scenario with every catalogue value put in
    digest         sha256 of the scenario
    versions       distribution -> version
    command        the command line
    """

    scenario_yaml: str
    digest: str
    versions: Mapping[str, str]
    seed: int
    command: str


def in_a_line(kind: str, name: str, headline: Mapping[str, Figure]) -> str:
    """What was answered, its name and its first figures, for a Python shell."""
    asked = [key for key in ASKED_FIRST if key in headline]
    first = dict.fromkeys((*asked, *headline))
    told = (f"{key} = {headline[key].value:.6g} {headline[key].unit}" for key in islice(first, FIRST))
    return f"<{kind} {name!r}: {', '.join(told)}>"


class Shown:
    """An answer; notebooks show it by the view that the library's facade registers here."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Answered(Shown):
    """What every question but a single step is answered with.

    schema     name and version of result.json's shape; the number rises when a reader would break
    kind       what was asked, in a word: its YAML file is called so
    headline   stable names -> Figure
    answer     sentences for a person, the most important first
    tables     each kind of answer says which
    """

    schema: ClassVar[str]
    kind: ClassVar[str]
    name: str
    title: str
    headline: Mapping[str, Figure]
    answer: tuple[str, ...]
    warnings: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]
    assumptions: tuple[Assumption, ...]
    reproduction: Reproduction

    def __init_subclass__(cls) -> None:
        """Give every kind of answer this line, in the place of which dataclass would spell out whole tables."""
        for name in ("__repr__",):
            setattr(cls, name, getattr(Answered, name))

    def __repr__(self) -> str:
        return in_a_line(type(self).__name__, self.name, self.headline)


@dataclass(frozen=True, slots=True)
class Result(Shown):
    """One simulated training step, what it costs, and what it stands on.

    headline   stable names -> Figure (see DEFINITIONS in simulator/summary.py)
    answer     sentences for a person, the most important first (what binds, what it means)
    ranks      [pipeline rank]  stages, layers, step_1f_s .. step_optimizer_s, memory_bytes
    budget     [part]           part, seconds (mean over ranks), share of the step, definition
    pair       [term]           what fills the overlapped pair: term, stream, seconds, hidden_s, exposed_s
    memory     [rank x part]    rank, part, bytes;  usable bytes in `memory_usable_bytes`
    traffic    [class x link]   traffic, link, bytes a GPU and step, seconds at the link's rate
    cost       [line]           what, quantity, unit, usd
    partition  [stage]          stage, first_layer, last_layer, contents, forward_s, backward_s
    step_trace     pipeline of all ranks, chunk by chunk
    pair_trace     streams of one GPU inside the most frequent overlapped pair (or chunk)
    """

    name: str
    title: str
    headline: Mapping[str, Figure]
    answer: tuple[str, ...]
    ranks: pd.DataFrame
    budget: pd.DataFrame
    pair: pd.DataFrame
    memory: pd.DataFrame
    memory_usable_bytes: float
    traffic: pd.DataFrame
    cost: pd.DataFrame
    partition: pd.DataFrame
    step_trace: Trace
    pair_trace: Trace
    assumptions: tuple[Assumption, ...]
    reproduction: Reproduction
    warnings: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __repr__(self) -> str:
        return in_a_line(type(self).__name__, self.name, self.headline)
