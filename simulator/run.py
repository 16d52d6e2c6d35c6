"""Run a plan: the inside of each distinct chunk once, then the whole pipeline, chunk by chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from simulator.chunks import COMPUTE, Part, loads_of
from simulator.engine import play
from simulator.lockstep import Lockstep, lockstep, on_one_rank, trace
from simulator.pipeline import Pace, content, tasks
from simulator.plan import Plan
from simulator.trace import Trace
from workloads.expert_loads import Sharing, draw
from workloads.loads import Loads, even, speeds
from workloads.routers.balanced import Balanced
from workloads.scenario import Scenario
from workloads.schedule import Work

DRAWS = 32
"""Draws of uneven loads for each distinct chunk; their mean is then known to about a third of a percent."""
SPEEDS = 1
"""Added to the seed where speeds of GPUs are drawn, so that they do not hang together with loads."""


Key = tuple[Work, ...]


class Skew(NamedTuple):
    """How unlike GPUs that work together are: their experts' loads, the spread of their speeds, their number."""

    sharing: Sharing | None
    speed_variation: float
    ranks: int
    seed: int


@dataclass(frozen=True, slots=True)
class Inside:
    """The inside of one step content.

    seconds   until the slowest rank is done, mean over draws of the loads
    together  all ranks and draws; None where loads are balanced
    """

    seconds: float
    together: Lockstep | None


@dataclass(frozen=True, slots=True)
class Played:
    """What happened.

    inside      what happens inside each distinct step content;  step   the whole pipeline
    categories  [task of `step`]  line of the time budget that a task counts under
    """

    inside: dict[Key, Inside]
    step: Trace
    categories: tuple[str, ...]


def simulate(plan: Plan) -> Played:
    """Play the chunks, then the pipeline."""
    loads = _loads(plan)
    inside = _play_each(plan.timelines, loads)
    return play_pipeline(plan, pace_of(plan, inside), inside)


def pace_of(plan: Plan, inside: Mapping[Key, Inside]) -> Pace:
    """How long the plan's chunks, sends and step's end take."""
    return Pace(
        step_s={key: played.seconds for key, played in inside.items()},
        send_s=plan.send.seconds,
        finish=plan.finish,
        peers=plan.peers,
        by_stage=plan.by_stage,
    )


def play_pipeline(plan: Plan, pace: Pace, inside: dict[Key, Inside]) -> Played:
    """Play every rank's order at a pace."""
    slots = tasks(plan.orders, pace)
    return Played(inside, play([slot.task for slot in slots]), tuple(slot.category for slot in slots))


def skew_of(scenario: Scenario, sharing: Sharing | None) -> Skew:
    """How unlike the scenario makes the GPUs that work together: those that share experts, or else a stage."""
    ranks = scenario.layout.ranks_per_stage if sharing is None else sharing.ranks
    return Skew(sharing, scenario.job.gpu_speed_variation, ranks, scenario.seed)


def loads_under(skew: Skew, layers: int) -> Loads | None:
    """Loads and speeds for so many layers; None where all ranks get the same and are as fast."""
    sharing, variation = skew.sharing, skew.speed_variation
    if not variation and (sharing is None or sharing.router == Balanced()):
        return None
    loads = even(DRAWS, layers, skew.ranks) if sharing is None else draw(sharing, DRAWS, layers, skew.seed)
    if not variation:
        return loads
    shape = (DRAWS, loads.rank.shape[-1])
    return replace(loads, slowness=1 / speeds(variation, shape, (skew.seed, SPEEDS)))


def _loads(plan: Plan) -> Loads | None:
    """Loads for as many layers as the longest chunk has."""
    layers = max(loads_of(parts) for parts in plan.timelines.values())
    return loads_under(skew_of(plan.scenario, plan.sharing), layers)


def _play_each(timelines: Mapping[Key, tuple[Part, ...]], loads: Loads | None) -> dict[Key, Inside]:
    """Play each distinct content once: stages of the same blocks differ only in the names of their layers."""
    shapes = {key: tuple(map(_without_layer, parts)) for key, parts in timelines.items()}
    played = {shape: _inside(shape, loads) for shape in dict.fromkeys(shapes.values())}
    return {key: played[shape] for key, shape in shapes.items()}


def _without_layer(part: Part) -> Part:
    """The same phase of any layer."""
    return replace(part, name=part.name.partition(" ")[0])


def _inside(parts: Sequence[Part], loads: Loads | None) -> Inside:
    """Play one chunk: on one GPU where all have the same to do, else on all that share the experts (or the stage)."""
    if loads is None:
        return Inside(on_one_rank(parts).makespan_s, None)
    played = lockstep(parts, loads)
    return Inside(played.seconds, played)


def trace_inside(plan: Plan, played: Played, key: Key) -> Trace:
    """What one rank did inside a step content: the one that computes for about as long as the mean of all does."""
    together = played.inside[key].together
    parts = plan.timelines[key]
    if together is None:
        return on_one_rank(parts)
    computes = [part.stream == COMPUTE for part in parts]
    busy_s = (together.end - together.start)[computes].sum(axis=0)
    draw, rank = np.unravel_index(np.abs(busy_s - busy_s.mean()).argmin(), busy_s.shape)
    return trace(parts, together, int(draw), int(rank))


def most_frequent_pair(plan: Plan) -> Key:
    """The overlapped pair that is done most often; the most frequent chunk where none overlap."""
    counted = Counter(content(step) for order in plan.orders for step in order)
    pairs = {key: n for key, n in counted.items() if len(key) == 2} or counted
    return max(pairs, key=lambda key: (pairs[key], [-work.stage for work in key]))
