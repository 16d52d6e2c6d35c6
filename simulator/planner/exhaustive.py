"""Every layout of every cluster: parts of the space shared among processes, each told what the best were so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from simulator.estimates.choices import Choice, chosen
from simulator.estimates.estimator import Estimator
from simulator.planner.cluster import Cluster
from simulator.planner.floors import habits
from simulator.planner.found import Candidate, Found, key_of
from simulator.planner.jobs import in_turn
from simulator.planner.layer_floors import LayerFloors
from simulator.planner.part_search import Searcher
from simulator.planner.space import Part, parts
from simulator.planner.worth import Bar
from simulator.refusal import Refused
from workloads.fit import micro_batches, misfits
from workloads.layout_axes import LayoutAxes
from workloads.schedule import ScheduleError

Tell = Callable[[str, int, int], None]
DOING = "Searching parts of the layouts"


class Space(NamedTuple):
    """What is searched: clusters, values of the layout's axes, how many of the best are kept."""

    clusters: Sequence[Cluster]
    axes: LayoutAxes
    keep: int


class Job(NamedTuple):
    """One part of one cluster's layouts."""

    space: Space
    cluster: int
    part: Part


_SEARCHERS: dict[int, Searcher] = {}
"""Of this process: what parts of a cluster have in common. Results do not depend on it."""


def exhaustive(space: Space, workers: int, tell: Tell) -> Found:
    """Search all parts of all clusters. The same for any number of processes.

    The part of the scenario's own layout comes first, before others begin, so that all of them have a bar to pass.
    """
    found = Found()
    known = [Bar(space.keep)]
    for cluster in space.clusters:
        own = own_candidate(cluster)
        if found.own is None and own is not None and own.memory_bytes <= cluster.worth.most_bytes:
            found.own = own
            known[0] = Bar(space.keep, (), own.values[0] if len(own.values) == 1 else math.inf)
    _SEARCHERS.clear()
    jobs = [Job(space, at, part) for at, one in enumerate(space.clusters) for part in parts(one.setting, space.axes)]

    def take(number: int, part: Found) -> None:
        found.add(part, space.keep)
        known[0] = known[0].with_found([one.values for one in part.candidates])
        tell(DOING, number + 1, len(jobs))

    tell(DOING, 0, len(jobs))
    if jobs:
        take(0, _searched(jobs[0], known[0]))
    in_turn(jobs[1:], lambda: known[0], _searched, lambda number, part: take(number + 1, part), workers)
    found.counts_own = found.own is not None and known[0].counts_own
    return found


def _searched(job: Job, bar: Bar) -> Found:
    """One part, in whichever process."""
    cluster = job.space.clusters[job.cluster]
    key = cluster.number
    if key not in _SEARCHERS:
        _SEARCHERS.clear()
        _SEARCHERS[key] = Searcher(cluster, job.space.axes, job.space.keep, Estimator(cluster.setting))
    return _SEARCHERS[key].search(job.part, bar)


def own_choice(cluster: Cluster) -> Choice | None:
    """The layout that the scenario itself has, None where it does not fit this cluster."""
    setting = cluster.setting
    choice = Choice(setting.layout, setting.job.sequences_per_micro_batch, setting.job.recompute)
    return None if misfits(setting.layout, setting.demands) else choice


def own_candidate(cluster: Cluster) -> Candidate | None:
    """The scenario's own layout, estimated, whether it fits into memory or not; None where it cannot run."""
    choice = own_choice(cluster)
    try:
        return None if choice is None else estimated(cluster, choice)
    except (Refused, ScheduleError):
        return None


def estimated(cluster: Cluster, choice: Choice, estimator: Estimator | None = None) -> Candidate:
    """One choice on a cluster. Raises as `Estimator.parts`."""
    by = estimator or Estimator(cluster.setting)
    found = by.parts(choice)
    scenario, layout = chosen(cluster.setting, choice), choice.layout
    plain = Choice(layout.model_copy(update={"zero_stage": min(1, layout.zero_stage)}), *choice[1:])
    floors = LayerFloors(by.layer_costs(chosen(cluster.setting, plain), plain))
    overlaps = habits(layout.schedule, layout.pp).overlaps
    computing_s = floors.computing_s(overlaps) * micro_batches(layout, scenario.demands) / layout.pp
    idle_s = max(found.parts_s["bubble"], 0.0)
    return Candidate(
        cluster.worth.values(found.step_s, computing_s, idle_s), key_of(choice), cluster.number, choice,
        found.step_s, computing_s, idle_s, found.memory_bytes, dict(found.parts_s),
    )  # fmt: skip
