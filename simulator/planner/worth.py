"""What a step's seconds mean for an objective: the run's time, GPU time, cost, energy; and what limits make of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from workloads.plan_question import Objective

NEAR_SHARE = 0.03
"""A scenario's own choice that is so little worse than the last place looked for still gets its exact place."""


class Draws(NamedTuple):
    """What a cluster draws at the meter: its GPUs by what they do, and all else, whatever they do."""

    computing_w: float
    communicating_w: float
    idle_w: float
    rest_w: float


@dataclass(frozen=True, slots=True)
class Worth:
    """Objectives of one cluster's layouts.

    steps       of the whole run;  usd_per_s   rent of all GPUs, None without a price;  draws   None unless asked
    most_step_s   longest step that keeps date and budget;  most_bytes   of the fullest GPU
    """

    objectives: tuple[Objective, ...]
    steps: float
    gpus: int
    usd_per_s: float | None
    draws: Draws | None
    most_step_s: float
    most_bytes: float

    def values(self, step_s: float, computing_s: float, idle_s: float = math.inf) -> tuple[float, ...]:
        """Value of each objective, the least possible one where it is not known how long GPUs stand idle."""
        return tuple(self.value(objective, step_s, computing_s, idle_s) for objective in self.objectives)

    def value(self, objective: Objective, step_s: float, computing_s: float, idle_s: float = math.inf) -> float:
        """Value of one objective: seconds, USD, GPU-seconds or joules."""
        run_s = self.steps * step_s
        if objective == "time":
            return run_s
        if objective == "gpu-time":
            return run_s * self.gpus
        if objective == "cost":
            return run_s * self.usd_per_s if self.usd_per_s is not None else math.nan
        return self._joules(step_s, computing_s, idle_s)

    def _joules(self, step_s: float, computing_s: float, idle_s: float) -> float:
        """Energy of the run."""
        if self.draws is None:
            return math.nan
        draws, idle = self.draws, min(idle_s, max(step_s - computing_s, 0.0))
        sending = max(step_s - computing_s - idle, 0.0)
        busy_w = computing_s * draws.computing_w + sending * draws.communicating_w + idle * draws.idle_w
        return self.steps * (busy_w + step_s * draws.rest_w)


@dataclass(frozen=True, slots=True)
class Bar:
    """What a choice has to beat: so many that were found before, or any one in every objective.

    places   that are looked for;  found   values of choices that fit, best first by one objective, a front by several
    firsts   by several: the best values of the first objective, by which candidates are placed
    own      value of the scenario's own choice: while it is nearly as good as the last place, so are all better ones
    """

    places: int
    found: tuple[tuple[float, ...], ...] = ()
    own: float = math.inf
    firsts: tuple[float, ...] = ()

    @property
    def last(self) -> float:
        """Value that may still matter, by one objective."""
        last = self.found[self.places - 1][0] if len(self.found) >= self.places else math.inf
        return max(last, self.own) if self.own <= last * (1 + NEAR_SHARE) else last

    @property
    def counts_own(self) -> bool:
        """Whether every choice that is better than the scenario's own is estimated."""
        return math.isfinite(self.own) and self.own <= self.last

    def excludes(self, least: Sequence[float]) -> bool:
        """Whether a choice whose values are no less than these cannot matter any more."""
        if not self.found:
            return False
        if len(least) == 1:
            return least[0] > self.last
        placed = len(self.firsts) < self.places or least[0] <= self.firsts[self.places - 1]
        return not placed and any(dominates(one, least) for one in self.found)

    def with_found(self, more: Sequence[tuple[float, ...]]) -> Bar:
        """The bar with more choices that fit."""
        every = sorted({*self.found, *more})
        if every and len(every[0]) == 1:
            return replace(self, found=tuple(sorted([*self.found, *more])[: self.places]))
        firsts = tuple(sorted([*self.firsts, *(one[0] for one in more)])[: self.places])
        return replace(self, found=tuple(front(every)), firsts=firsts)


def dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether one is no worse in anything and better in something."""
    return all(a <= b for a, b in zip(one, other, strict=True)) and any(a < b for a, b in zip(one, other, strict=True))


def front(values: Sequence[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """Those that no other dominates, in order."""
    return [one for one in values if not any(dominates(other, one) for other in values)]
