"""What a search finds: candidates, and how many choices were left out for which reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.estimates.choices import Choice
from workloads.layout_axes import RECOMPUTES

STATES = "memory: parameters, gradients and optimiser states alone do not fit"
ACTIVATIONS = "memory: with what its micro-batches keep it does not fit"
SLOWER = "bound: computing, transfers and the pipeline's filling alone make it worse than the best found"
LATE = "bound: computing, transfers and the pipeline's filling alone take longer than date or budget allow"
REFUSED = "refused by the simulator"
INVALID = "drawn, but not valid"
ESTIMATED = "estimated"
ESTIMATED_LATE = "estimated: longer than date or budget allow"
NO_ROOM = frozenset({STATES, ACTIVATIONS})
TOO_LATE = frozenset({LATE, ESTIMATED_LATE})
REASONS = (INVALID, STATES, ACTIVATIONS, SLOWER, LATE, REFUSED, ESTIMATED_LATE, ESTIMATED)


class Candidate(NamedTuple):
    """A choice that fits into memory, estimated.

    values   of the objectives;  key   text that decides between equal ones;  cluster   its number
    computing_s, idle_s   of a step;  parts_s   where the step's time goes, mean over ranks
    """

    values: tuple[float, ...]
    key: tuple[int | str, ...]
    cluster: int
    choice: Choice
    step_s: float
    computing_s: float
    idle_s: float
    memory_bytes: float
    parts_s: Mapping[str, float]


@dataclass(slots=True)
class Found:
    """What is known of some part of the space.

    left_out      reason -> choices;  candidates   best first;  own   the scenario's own choice, if it is in this part
    ahead         estimated choices that are better than the scenario's own;  counts_own   whether that is all of them
    least_bytes   of the fullest GPU, of all choices that do not fit: a lower bound;  equal   merged with one of them
    """

    valid: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    candidates: list[Candidate] = field(default_factory=list)
    own: Candidate | None = None
    ahead: int = 0
    counts_own: bool = False
    least_bytes: float = float("inf")
    equal: int = 0

    def add(self, other: Found, keep: int) -> None:
        """Put another part's findings to these."""
        self.valid += other.valid
        self.left_out.update(other.left_out)
        self.own = self.own or other.own
        self.ahead += other.ahead
        self.least_bytes = min(self.least_bytes, other.least_bytes)
        self.candidates = best([*self.candidates, *other.candidates], keep)


def key_of(choice: Choice) -> tuple[int | str, ...]:
    """What decides between choices of equal value: less split, then names."""
    layout = choice.layout
    sizes = (layout.tp, layout.cp, layout.pp, layout.ep, choice.sequences_per_micro_batch)
    schedule = layout.schedule
    own = (schedule.kind, getattr(schedule, "chunks", 0), int(getattr(schedule, "overlap", False)))
    return (*sizes, layout.zero_stage, int(layout.zero_overlap), *own, RECOMPUTES.index(choice.recompute))


def best(candidates: list[Candidate], keep: int) -> list[Candidate]:
    """The best by the first objective, best first; by several the whole front is among them."""
    from simulator.planner.worth import front

    every = sorted(candidates, key=lambda one: (one.values, one.cluster, one.key))
    if not every or len(every[0].values) == 1:
        return every[:keep]
    ahead = set(front(list(dict.fromkeys(one.values for one in every))))
    return [one for place, one in enumerate(every) if place < keep or one.values in ahead]
