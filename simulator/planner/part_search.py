"""One part of a cluster's layouts: what cannot matter is left out by bounds, the rest is estimated."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from simulator.estimates.choices import Choice, chosen
from simulator.estimates.estimator import Estimator
from simulator.finish import Replicas
from simulator.memory import reserve_bytes
from simulator.plan import groups_of
from simulator.planner.cluster import Cluster
from simulator.planner.confirmed import SAME_RATIO
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
from workloads.layout_axes import LayoutAxes, Recompute
from workloads.schedule import ScheduleError

LEAST_WORK: Recompute = "none"
"""Way of recomputing under which a block does least."""


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


class Shardings(NamedTuple):
    """A family and the ways of sharding in which it may be chosen."""

    family: Family
    ways: list[Way]


class _Bounded(NamedTuple):
    """A family under one way of recomputing, its micro-batches and the bounds of its layers."""

    family: Family
    recompute: str
    number: int
    floors: LayerFloors


@dataclass(slots=True)
class _Search:
    """The search through one part."""

    by: Searcher
    part: Part
    bar: Bar
    found: Found
    floors: dict[Hashable, LayerFloors | None] = field(default_factory=dict)
    needed: dict[Hashable, float] = field(default_factory=dict)

    def run(self) -> None:
        """Memory of states first, which needs no time; then one way of recomputing after another, the job's first."""
        scenario, axes = self.by.cluster.setting, self.by.axes
        every = list(families(scenario, axes, self.part))
        sharding = ways(scenario, axes)
        policies = sorted(axes.recompute, key=lambda policy: policy != scenario.job.recompute)
        self.found.valid = len(every) * len(sharding) * len(policies)
        left = [Shardings(family, self._with_room(family, sharding, len(policies))) for family in every]
        left = [one for one in left if one.ways]
        left = self._promising(left, len(policies))
        for policy in policies if left else ():
            self._search(policy, left)
        self.found.candidates = best(self.found.candidates, self.by.keep)

    def _with_room(self, family: Family, sharding: list[Way], policies: int) -> list[Way]:
        """Ways of sharding whose states alone fit, whatever is recomputed."""
        setting = self.by.cluster.setting
        scenario = setting.model_copy(update={"layout": family.layout})
        links = self.by.estimator.links_under(scenario)
        groups = groups_of(family.layout, links)
        fitting = []
        for way in sharding:
            least_bytes = self.by.states.bytes_of(scenario, links, replace(groups, zero_stage=way.zero_stage))
            if self._fits(least_bytes, STATES, policies):
                fitting.append(way)
        return fitting

    def _fits(self, least_bytes: float, reason: str, choices: int = 1) -> bool:
        """Whether so many bytes fit; what does not is counted."""
        if least_bytes <= self.by.cluster.worth.most_bytes:
            return True
        self.found.least_bytes = min(self.found.least_bytes, least_bytes)
        self.found.left_out[reason] += choices
        return False

    def _promising(self, left: list[Shardings], policies: int) -> list[Shardings]:
        """Families that need not be worse where nothing is computed again: doing so only adds work."""
        promising = []
        for of, sharding in self._bounded(LEAST_WORK, left, policies):
            layout = of.family.layout
            how, turns = habits(layout.schedule, layout.pp), of.number / layout.pp
            groups = replace(groups_of(layout, of.floors.layers.links), zero_stage=0)
            least_s, computing_s = of.floors.turn(layout, groups, how).least_s, of.floors.computing_s(how.overlaps)
            if not self._is_worse(least_s * turns, computing_s * turns, len(sharding) * policies):
                promising.append(Shardings(of.family, sharding))
        return promising

    def _search(self, policy: str, left: list[Shardings]) -> None:
        """All families under one way of recomputing."""
        for of, sharding in self._bounded(policy, left, 1):
            self._family(of, sharding)

    def _bounded(self, policy: str, left: list[Shardings], choices: int) -> Iterator[tuple[_Bounded, list[Way]]]:
        """Each family with the bounds of its layers; those that the simulator refuses are counted."""
        size = self.part.sequences_per_micro_batch
        demands = self.by.cluster.setting.demands._replace(micro_batch_sequences=size)
        for family, sharding in left:
            floors = self._floors(under(family, Way(min(1, sharding[0].zero_stage), False), policy))
            if floors is None:
                self.found.left_out[REFUSED] += len(sharding) * choices
            else:
                yield _Bounded(family, policy, micro_batches(family.layout, demands), floors), sharding

    def _floors(self, plain: Choice) -> LayerFloors | None:
        """Bounds of a choice's layers; None where the simulator refuses them.

        Where ranks share experts and nothing collides, they are the same for all layouts of a part.
        """
        setting = self.by.cluster.setting
        alike = plain.layout.ep > 1 and not setting.cluster.collides
        of_stage = plain.layout if setting.cluster.collides else plain.layout.ranks_per_stage
        key = (plain.recompute, None if alike else of_stage)
        if key not in self.floors:
            try:
                self.floors[key] = LayerFloors(self.by.estimator.layer_costs(chosen(setting, plain), plain))
            except Refused:
                self.floors[key] = None
        return self.floors[key]

    def _family(self, of: _Bounded, sharding: list[Way]) -> None:
        """All ways of sharding of one family; if it is worse with nothing sent for sharding, all of them are."""
        layout = of.family.layout
        how = habits(layout.schedule, layout.pp)
        groups = groups_of(layout, of.floors.layers.links)
        turns = of.number / layout.pp
        computing_s = of.floors.computing_s(how.overlaps) * turns
        plain = replace(groups, zero_stage=0)
        if self._is_worse(of.floors.turn(layout, plain, how).least_s * turns, computing_s, len(sharding)):
            return
        for way in sharding:
            own = replace(groups, zero_stage=way.zero_stage)
            if not self._is_worse(of.floors.turn(layout, own, how).least_s * turns, computing_s):
                self._consider(of, way, own, computing_s)

    def _consider(self, of: _Bounded, way: Way, groups: Replicas, computing_s: float) -> None:
        """One choice: bounds with the stages as they are cut, then memory, then the estimate."""
        layout, memory = of.family.layout, self.by.cluster.setting.job.memory
        how = habits(layout.schedule, layout.pp)
        if self._is_worse(of.floors.chunks_s(layout, groups, how, of.number), computing_s):
            return
        if self._is_worse(of.floors.step_s(layout, groups, how, (of.number, way.zero_overlap)), computing_s):
            return
        handed_bytes = of.floors.handed_bytes(layout, groups, how)
        if not self._fits(handed_bytes + reserve_bytes(handed_bytes, memory), ACTIVATIONS):
            return
        choice = under(of.family, way, of.recompute)
        try:
            if self._fits(self._memory_bytes(of, choice), ACTIVATIONS):
                self._estimate(choice, computing_s)
        except (Refused, ScheduleError):
            self.found.left_out[REFUSED] += 1

    def _memory_bytes(self, of: _Bounded, choice: Choice) -> float:
        """Bytes of the fullest GPU, the same whether gradients and parameters travel beside chunks or not."""
        key = (of.family, of.recompute, choice.layout.zero_stage)
        if key not in self.needed:
            self.needed[key] = self.by.estimator.memory_bytes(choice)
        return self.needed[key]

    def _is_worse(self, least_s: float, computing_s: float, choices: int = 1) -> bool:
        """Whether steps of no less than so many seconds cannot matter; then they are counted."""
        worth = self.by.cluster.worth
        if least_s > worth.most_step_s:
            self.found.left_out[LATE] += choices
            return True
        if self.bar.excludes(worth.values(least_s, computing_s)):
            self.found.left_out[SLOWER] += choices
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
        self.found.ahead += values[0] < self.bar.own * (1 - SAME_RATIO)
        candidate = Candidate(
            values, key_of(choice), cluster.number, choice, found.step_s, computing_s, idle_s,
            found.memory_bytes, dict(found.parts_s),
        )  # fmt: skip
        self.found.candidates.append(candidate)
        self.bar = self.bar.with_found([values])
