"""Candidates played event by event, so that an estimate alone never decides."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from simulator.budget import PARTS
from simulator.economics.drawing import Doing, doing
from simulator.memory import DoesNotFit
from simulator.plan import plan
from simulator.planner.cluster import Cluster
from simulator.planner.found import Candidate
from simulator.refusal import Refused
from simulator.result import Result
from simulator.run import simulate
from simulator.summary import summarise
from workloads.plan_question import Objective
from workloads.scenario import Scenario
from workloads.schedule import ScheduleError

Tell = Callable[[str, int, int], None]
DOING = "Simulating the best event by event"
RUNS = ("step_s", "memory_bytes")
SAME_RATIO = 1e-4
"""Closer figures are called equal: estimates and simulation are further apart."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A candidate and what its simulation found.

    values   of the objectives, by the simulated step
    """

    candidate: Candidate
    cluster: Cluster
    scenario: Scenario
    result: Result
    work: Doing
    values: tuple[float, ...]

    @property
    def step_s(self) -> float:
        """Simulated seconds of a step."""
        return self.result.headline["step_s"].value

    @property
    def memory_bytes(self) -> float:
        """Simulated bytes of the fullest GPU."""
        return self.result.headline["memory_bytes_per_gpu_max"].value

    def parts_s(self) -> dict[str, float]:
        """Where the step's time goes, mean over ranks; adds up to it."""
        return {part: self.result.headline[f"step_{part}_s"].value for part in PARTS}

    def value(self, objective: Objective) -> float:
        """The figure of any objective."""
        return self.cluster.worth.value(objective, self.step_s, self.work.computing_s, self.work.idle_s)


def scenario_of(cluster: Cluster, candidate: Candidate) -> Scenario:
    """The whole scenario of a candidate, checked."""
    choice = candidate.choice
    job = cluster.setting.job.model_copy(
        update={"sequences_per_micro_batch": choice.sequences_per_micro_batch, "recompute": choice.recompute}
    )
    told = tuple(f"{path}={value}" for path, value in cluster.varied.items())
    fields = {**dict(cluster.setting), "layout": choice.layout, "job": job}
    return Scenario(**{**fields, "changes": (*cluster.setting.changes, *told)})


def confirm(cluster: Cluster, candidate: Candidate) -> Confirmed:
    """Simulate one candidate. Raises DoesNotFit, Refused and ScheduleError as a run of it would."""
    scenario = scenario_of(cluster, candidate)
    decided = plan(scenario)
    played = simulate(decided)
    result = summarise(decided, played, "")
    memory_bytes = result.headline["memory_bytes_per_gpu_max"].value
    if memory_bytes > cluster.worth.most_bytes:
        raise DoesNotFit(f"{memory_bytes:.0f} bytes are more than the limits allow")
    work = doing(decided, played)
    values = cluster.worth.values(result.headline["step_s"].value, work.computing_s, work.idle_s)
    return Confirmed(candidate, cluster, scenario, result, work, values)


def confirm_best(
    clusters: Mapping[int, Cluster], candidates: Iterable[Candidate], number: int, tell: Tell
) -> list[Confirmed]:
    """The best `number` of the candidates that the simulation lets in and that keep the limits by it, best first."""
    found: list[Confirmed] = []
    for candidate in candidates:
        if len(found) == number:
            break
        tell(DOING, len(found), number)
        try:
            one = confirm(clusters[candidate.cluster], candidate)
        except (Refused, ScheduleError):
            continue
        if one.step_s <= one.cluster.worth.most_step_s:
            found.append(one)
    return _simplest_first(sorted(found, key=lambda one: (one.values, one.candidate.cluster, one.candidate.key)))


def _simplest_first(found: list[Confirmed]) -> list[Confirmed]:
    """In order, but of those as good as the best the one of the simplest layout first, as `key_of` has it."""
    if not found:
        return found
    best = found[0]
    equal = [
        one for one in found if all(a <= b * (1 + SAME_RATIO) for a, b in zip(one.values, best.values, strict=True))
    ]
    first = min(equal, key=lambda one: (one.candidate.cluster, one.candidate.key))
    return [first, *(one for one in found if one is not first)]


def table(confirmed: Sequence[Confirmed], labels: Mapping[int, str]) -> pd.DataFrame:
    """[candidate x figure] what was estimated and what the simulation found; labels   by place."""
    rows = []
    for place, one in enumerate(confirmed, start=1):
        pairs = ((one.candidate.step_s, one.step_s), (one.candidate.memory_bytes, one.memory_bytes))
        for figure, (estimate, events) in zip(RUNS, pairs, strict=True):
            ratio = estimate / events - 1 if events else math.nan
            rows.append((place, labels[place], figure, estimate, events, ratio))
    return pd.DataFrame(rows, columns=["place", "label", "figure", "estimate", "events", "difference_ratio"])
