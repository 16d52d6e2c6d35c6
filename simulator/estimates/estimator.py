"""A step's time and memory for many layouts: the costs of a plan, its order played by compiled longest path."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.admission import admit
from simulator.blocks import BlockPlan, block_plans
from simulator.collectives import Links
from simulator.costs import Stopwatch
from simulator.estimates.choices import Choice, chosen
from simulator.estimates.chunk_times import ChunkTimes
from simulator.estimates.compiled_order import CompiledOrder, Contents, compiled_order
from simulator.estimates.ending import after_chunks, beside_chunks, released
from simulator.estimates.layer_costs import Cut, LayerCosts, RankCosts
from simulator.finish import Finish
from simulator.memory import reserve_bytes
from simulator.plan import formats_of, groups_of, peers_of, scenario_links, send_of, sharing_of
from simulator.run import skew_of
from simulator.sharding import Sharding
from simulator.software import driven_gpu
from workloads.fit import micro_batches
from workloads.layout import Layout
from workloads.scenario import Scenario
from workloads.schedule import ScheduleSpec

Floats = NDArray[np.float64]
PLAYED_RANKS, PLAYED_MORE = 6, 16
"""Micro-batches that are played one by one, as multiples of the pipeline ranks, and how many more: every schedule has
come to its steady turn by then, in which further micro-batches add what the last ones added."""


NOISE_SHARE = 1e-12
"""Of a step: less is what sums of floats leave over, not waiting."""
CHUNK_PARTS = ("1f", "1b", "1w", "1f1b")
PLAYED_PARTS = (*CHUNK_PARTS, "bubble", "optimizer")
"""Parts of a step's time, see `budget.PARTS`, in the order in which they are played."""


class Estimate(NamedTuple):
    """Seconds of a step and of standing idle in it (mean over ranks), bytes of the fullest GPU."""

    step_s: float
    bubble_s: float
    memory_bytes: float


class StepParts(NamedTuple):
    """Seconds of a step and of its parts (`budget.PARTS`; mean over ranks), bytes of the fullest GPU."""

    step_s: float
    parts_s: Mapping[str, float]
    memory_bytes: float


class Estimator:
    """Estimates of one scenario's step under many choices; what choices have in common is computed once.

    links_of   a scenario's links under its own traffic
    """

    def __init__(self, scenario: Scenario, links_of: Callable[[Scenario], Links] = scenario_links) -> None:
        self.scenario = scenario
        self.links_of = links_of
        self.links: dict[Hashable, Links] = {}
        self.on = Stopwatch(driven_gpu(scenario))
        self.blocks: dict[Hashable, Mapping[str, BlockPlan]] = {}
        self.layers: dict[Hashable, LayerCosts] = {}

    def estimate(self, choice: Choice) -> Estimate:
        """Step and memory of one choice; micro-batches beyond the steady turn are added in proportion.

        Raises ScheduleError where the schedule cannot run, Refused or TooLarge where a choice is not simulated.
        """
        found = self.parts(choice)
        return Estimate(found.step_s, found.parts_s["bubble"], found.memory_bytes)

    def parts(self, choice: Choice) -> StepParts:
        """The same with where the step's time goes. Raises as `estimate`."""
        scenario = chosen(self.scenario, choice)
        admit(scenario)
        found = self._extended(scenario, self._pipeline(scenario, choice).played)
        step_s, *parts_s = found[: 1 + len(PLAYED_PARTS)].tolist()
        fullest = float(found[1 + len(PLAYED_PARTS) :].max())
        memory_bytes = fullest + reserve_bytes(fullest, scenario.job.memory)
        return StepParts(step_s, dict(zip(PLAYED_PARTS, parts_s, strict=True)), memory_bytes)

    def memory_bytes(self, choice: Choice) -> float:
        """Bytes of the fullest GPU, without playing the time of anything. Raises as `estimate`."""
        scenario = chosen(self.scenario, choice)
        admit(scenario)
        fullest = float(self._extended(scenario, self._pipeline(scenario, choice).held_bytes).max())
        return fullest + reserve_bytes(fullest, scenario.job.memory)

    def _extended(self, scenario: Scenario, played: Callable[[int], Floats]) -> Floats:
        """What is found of all micro-batches; those beyond the steady turn are added in proportion."""
        layout = scenario.layout
        number, period = micro_batches(layout, scenario.demands), _period(layout)
        first = PLAYED_RANKS * layout.pp // period * period + number % period
        second = first + -(-PLAYED_MORE // period) * period
        if number <= second:
            return played(number)
        early, late = (played(some) for some in (first, second))
        return late + (late - early) * (number - second) / (second - first)

    def layers_per_stage(self, choice: Choice) -> tuple[int, ...]:
        """Layers of each stage as the choice's costs cut the model: [stage]."""
        scenario = chosen(self.scenario, choice)
        return self.layer_costs(scenario, choice).layers_per_stage(scenario.layout)

    def links_under(self, scenario: Scenario) -> Links:
        """Links under the scenario's own traffic, which differs with the axes of the layout if anything collides."""
        layout = scenario.layout
        key = (layout.share, layout.dp, layout.pp) if scenario.cluster.collides else None
        if key not in self.links:
            self.links[key] = self.links_of(scenario)
        return self.links[key]

    def layer_costs(self, scenario: Scenario, choice: Choice) -> LayerCosts:
        """What the choice's share of the layers costs.

        Fully sharded ones depend on the replicas too; where nobody shares experts, how long ranks wait for each other
        depends on how many share a stage.
        """
        links = self.links_under(scenario)
        groups = groups_of(scenario.layout, links)
        blocks = (choice.share, groups if scenario.layout.zero_stage >= 2 else None, links)
        skew = skew_of(scenario, sharing_of(scenario, links))
        if (blocks, skew) not in self.layers:
            if blocks not in self.blocks:
                sharding = Sharding(groups, formats_of(scenario, links))
                self.blocks[blocks] = block_plans(scenario, links, sharding, self.on)
            found = self.blocks[blocks]
            self.layers[blocks, skew] = LayerCosts(scenario, found, ChunkTimes(found, skew), links, self.on.gpu)
        return self.layers[blocks, skew]

    def _pipeline(self, scenario: Scenario, choice: Choice) -> _Pipeline:
        """The choice's pipeline, for any number of micro-batches."""
        links = self.links_under(scenario)
        layout, groups = scenario.layout, groups_of(scenario.layout, links)
        layers = self.layer_costs(scenario, choice)
        cut = layers.cut(layout)
        by_stage = layers.alone(cut, groups) if layout.zero_overlap else ()
        return _Pipeline(scenario, layers, cut, layers.ranks(layout, cut, groups), by_stage, links)


@dataclass(frozen=True, slots=True)
class _Pipeline:
    """Stages on their ranks; `by_stage` as in a plan."""

    scenario: Scenario
    layers: LayerCosts
    cut: Cut
    ranks: RankCosts
    by_stage: Sequence[Finish]
    links: Links

    def played(self, number: int) -> Floats:
        """Play so many micro-batches: seconds of the step and of PLAYED_PARTS, bytes that each rank hands out."""
        from simulator.estimates.longest_path import play_order

        layout = self.scenario.layout
        order = _order(layout.schedule, layout.pp, number)
        seconds, taken, freed = (column[order.code] for column in self.layers.columns(order.contents, self.cut))
        release, there = released(order, self.by_stage)
        send_s = send_of(self.scenario, self.links).seconds
        end, busy, most = play_order(order.rank, order.needs, order.sends, seconds, taken, freed, release, send_s)
        if layout.zero_overlap:
            step = beside_chunks(order, end, self.by_stage, self.ranks.update_s, there)
        else:
            step = after_chunks(end[order.last], self.ranks, _peers(layout.schedule, layout.pp))
        chunks_s = np.bincount(kinds_of(order.contents)[order.code], seconds, minlength=len(CHUNK_PARTS)) / layout.pp
        optimizer_s = float(step.optimizer_s.mean())
        bubble_s = step.step_s - float(busy.mean()) - optimizer_s
        bubble_s = 0.0 if abs(bubble_s) < NOISE_SHARE * step.step_s else bubble_s
        own = [step.step_s, *chunks_s.tolist(), bubble_s, optimizer_s]
        return np.concatenate([own, self.ranks.constant_bytes + most])

    def held_bytes(self, number: int) -> Floats:
        """Bytes that each rank hands out when it plays so many micro-batches, as `played` says."""
        from simulator.estimates.longest_path import play_bytes

        layout = self.scenario.layout
        order = _order(layout.schedule, layout.pp, number)
        taken, freed = (column[order.code] for column in self.layers.kept_columns(order.contents, self.cut))
        return self.ranks.constant_bytes + play_bytes(order.rank, taken, freed)


def estimates(scenario: Scenario, choices: Sequence[Choice], workers: int = 1) -> list[Estimate]:
    """Estimates of all choices, in their order; several processes each take whole shares of layers.

    Raises as `Estimator.estimate`.
    """
    places: dict[Hashable, list[int]] = {}
    for place, choice in enumerate(choices):
        places.setdefault(choice.share, []).append(place)
    parts: list[list[int]] = [[] for _ in range(workers)]
    for group in sorted(places.values(), key=len, reverse=True):
        min(parts, key=len).extend(group)
    done: list[Estimate | None] = [None] * len(choices)
    for places_of, found in zip(parts, _each(scenario, [[choices[at] for at in part] for part in parts]), strict=True):
        for place, estimate in zip(places_of, found, strict=True):
            done[place] = estimate
    return [estimate for estimate in done if estimate is not None]


def _each(scenario: Scenario, parts: Sequence[Sequence[Choice]]) -> Iterator[list[Estimate]]:
    """Estimates of each part, in processes of their own where there are several."""
    if len(parts) == 1:
        yield _of_part(scenario, parts[0])
        return
    with ProcessPoolExecutor(len(parts)) as pool:
        yield from pool.map(_of_part, [scenario] * len(parts), parts)


def _of_part(scenario: Scenario, choices: Iterable[Choice]) -> list[Estimate]:
    """Estimates of some choices, one after another."""
    estimator = Estimator(scenario)
    return [estimator.estimate(choice) for choice in choices]


@lru_cache(maxsize=1000)
def _order(schedule: ScheduleSpec, ranks: int, number: int) -> CompiledOrder:
    """Orders of a schedule, compiled; remembered, for they depend on nothing else."""
    return compiled_order(schedule.orders(ranks, number))


def kinds_of(contents: Contents) -> NDArray[np.int_]:
    """Which of CHUNK_PARTS each content of an order counts under: [content]."""
    alone = [CHUNK_PARTS.index(part) for part in ("1f", "1b", "1b", "1w")]
    pair = CHUNK_PARTS.index("1f1b")
    return np.array([pair if min(ops) >= 0 else alone[max(ops)] for ops in contents.ops])


def _period(layout: Layout) -> int:
    """Micro-batches after which a schedule does the same again: a group of an interleaved one, else one each way."""
    return layout.pp if layout.schedule.kind == "interleaved" else 2


@lru_cache(maxsize=1000)
def _peers(schedule: ScheduleSpec, ranks: int) -> NDArray[np.int_]:
    """Ranks that hold the same parameters, oneself among them: [rank, peer]; a schedule gives all equally many."""
    return np.array(peers_of([schedule.stages_of(rank, ranks) for rank in range(ranks)]))
