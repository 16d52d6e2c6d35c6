"""One part of a cluster's layouts: what cannot matter is left out by bounds, the rest is estimated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulator.estimates.choices import Choice, chosen
from simulator.estimates.estimator import Estimator
from simulator.memory import reserve_bytes
from simulator.plan import groups_of
from simulator.planner.cluster import Cluster
from simulator.planner.floors import habits
from simulator.planner.found import (
    ACTIVATIONS,
    ESTIMATED,
    ESTIMATED_LATE,
    LATE,
    REFUSED,
    SLOWER,
    STATES,
    Candidate,
    Found,
    best,
    key_of,
)
from simulator.planner.layer_floors import LayerFloors
from simulator.planner.least_states import LeastStates
from simulator.planner.space import Family, Part, Way, families, under, ways
from simulator.planner.worth import Bar
from simulator.refusal import Refused
from workloads.fit import micro_batches
from workloads.layout_axes import LayoutAxes
from workloads.schedule import ScheduleError


@dataclass(slots=True)
class Searcher:
    """Looks through parts of one cluster's layouts; what parts have in common is computed once.

    estimator   None until anything has to be timed
    """

    cluster: Cluster
    axes: LayoutAxes
    keep: int
    estimator: Estimator
    states: LeastStates = field(default_factory=LeastStates)

    def search(self, part: Part, bar: Bar) -> Found:
        """Everything of one part that may be among the best. The same whatever was searched before."""
        search = _Search(self, part, bar, Found())
        search.run()
        self.estimator.layers.clear()
        self.estimator.blocks.clear()
        return search.found


@dataclass(slots=True)
class _Search:
    """The search through one part."""

    by: Searcher
    part: Part
    bar: Bar
    found: Found

    def run(self) -> None:
        """Memory of states first, which needs no time; then one way of recomputing after another, the job's first."""
        scenario, axes = self.by.cluster.setting, self.by.axes
        every = list(families(scenario, axes, self.part))
        sharding = ways(scenario, axes)
        policies = sorted(axes.recompute, key=lambda policy: policy != scenario.job.recompute)
        self.found.valid = len(every) * len(sharding) * len(policies)
        left = [(family, [way for way in sharding if self._has_room(family, way, len(policies))]) for family in every]
        left = [(family, some) for family, some in left if some]
        for policy in policies if left else ():
            self._search(policy, left)
        self.found.candidates = best(self.found.candidates, self.by.keep)

    def _has_room(self, family: Family, way: Way, policies: int) -> bool:
        """Whether states alone fit, whatever is recomputed."""
        scenario = chosen(self.by.cluster.setting, under(family, way, self.by.cluster.setting.job.recompute))
        least_bytes = self.by.states.bytes_of(scenario, self.by.estimator.links_under(scenario))
        return self._fits(least_bytes, STATES, policies)

    def _fits(self, least_bytes: float, reason: str, choices: int = 1) -> bool:
        """Whether so many bytes fit; what does not is counted."""
        if least_bytes <= self.by.cluster.worth.most_bytes:
            return True
        self.found.least_bytes = min(self.found.least_bytes, least_bytes)
        self.found.left_out[reason] += choices
        return False

    def _search(self, policy: str, left: list[tuple[Family, list[Way]]]) -> None:
        """All families under one way of recomputing."""
        floors: dict[int, LayerFloors] = {}
        for family, sharding in left:
            plain = under(family, Way(min(1, sharding[0].zero_stage), False), policy)
            try:
                layers = self.by.estimator.layer_costs(chosen(self.by.cluster.setting, plain), plain)
            except Refused:
                self.found.left_out[REFUSED] += len(sharding)
                continue
            of = floors.setdefault(id(layers), LayerFloors(layers)) if id(layers) in floors else None
            if of is None:
                of = floors[id(layers)] = LayerFloors(layers)
            for way in sharding:
                self._consider(under(family, way, policy), of)

    def _consider(self, choice: Choice, of: LayerFloors) -> None:
        """One choice: bounds, from the cheapest on, then memory, then the estimate."""
        setting, layout = self.by.cluster.setting, choice.layout
        scenario = chosen(setting, choice)
        links = self.by.estimator.links_under(scenario)
        groups, how = groups_of(layout, links), habits(layout.schedule, layout.pp)
        number = micro_batches(layout, scenario.demands)
        computing_s = of.computing_s(how.overlaps) * number / layout.pp
        if self._is_worse(of.turn(layout, groups, how).least_s * number / layout.pp, computing_s):
            return
        handed_bytes = of.handed_bytes(layout, groups, how)
        if not self._fits(handed_bytes + reserve_bytes(handed_bytes, scenario.job.memory), ACTIVATIONS):
            return
        if self._is_worse(of.step_s(layout, groups, how, number), computing_s):
            return
        try:
            memory_bytes = self.by.estimator.memory_bytes(choice)
            if self._fits(memory_bytes, ACTIVATIONS):
                self._estimate(choice, computing_s)
        except (Refused, ScheduleError):
            self.found.left_out[REFUSED] += 1

    def _is_worse(self, least_s: float, computing_s: float) -> bool:
        """Whether a step of no less than so many seconds cannot matter; then it is counted."""
        worth = self.by.cluster.worth
        if least_s > worth.most_step_s:
            self.found.left_out[LATE] += 1
            return True
        if self.bar.excludes(worth.values(least_s, computing_s)):
            self.found.left_out[SLOWER] += 1
            return True
        return False

    def _estimate(self, choice: Choice, computing_s: float) -> None:
        """Estimate one choice and raise the bar by it."""
        found, cluster = self.by.estimator.parts(choice), self.by.cluster
        if found.step_s > cluster.worth.most_step_s:
            self.found.left_out[ESTIMATED_LATE] += 1
            return
        idle_s = max(found.parts_s["bubble"], 0.0)
        values = cluster.worth.values(found.step_s, computing_s, idle_s)
        self.found.left_out[ESTIMATED] += 1
        candidate = Candidate(
            values, key_of(choice), cluster.number, choice, found.step_s, computing_s, idle_s,
            found.memory_bytes, dict(found.parts_s),
        )  # fmt: skip
        self.found.candidates.append(candidate)
        self.bar = self.bar.with_found([values])
