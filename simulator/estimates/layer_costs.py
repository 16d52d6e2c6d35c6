"""What follows from how layers are shared, whatever the pipeline: stages, cuts, chunks, ranks, each computed once."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.blocks import BlockPlan
from simulator.collectives import Links
from simulator.estimates.chunk_times import ChunkTimes, Runs, runs_of
from simulator.estimates.compiled_order import OPS, Contents
from simulator.finish import Finish, Replicas, finish
from simulator.memory import FREED, states
from simulator.partition_in_pairs import Extend, one_rank_more
from simulator.plan import formats_of, stages_of_ranks
from simulator.stages import Placed, Stage, blocks_of_stages, held_parameters, layers_by_cost, stage_of
from topologies.hardware import Gpu
from workloads.layout import Layout
from workloads.scenario import Scenario

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """The model's stages: the distinct ones by their blocks, and which of them each stage is like."""

    alike: tuple[Runs, ...]
    sort: tuple[int, ...]


@lru_cache(maxsize=1)
def compiled_extend() -> Extend:
    """`partition_in_pairs.one_rank_more`, compiled."""
    from numba import njit

    compiled: Extend = njit(cache=True)(one_rank_more)
    return compiled


class RankCosts(NamedTuple):
    """Of each pipeline rank: bytes that it holds all the time, and seconds of the parts of its step's end: [rank]."""

    constant_bytes: Floats
    reduce_s: Floats
    update_s: Floats
    gather_s: Floats


class Columns(NamedTuple):
    """Of each content of an order: seconds, bytes of activations taken at its start and freed at its end."""

    seconds: Floats
    taken: Floats
    freed: Floats


@dataclass(slots=True)
class LayerCosts:
    """Costs of one scenario's blocks, for any schedule and number of pipeline ranks; what was asked is remembered."""

    scenario: Scenario
    blocks: Mapping[str, BlockPlan]
    times: ChunkTimes
    links: Links
    gpu: Gpu
    stages: dict[Runs, Stage] = field(default_factory=dict)
    cuts: dict[Hashable, Cut] = field(default_factory=dict)
    known: dict[Hashable, tuple[float, ...]] = field(default_factory=dict)
    taken: dict[Hashable, Columns] = field(default_factory=dict)
    kept: dict[Hashable, tuple[Floats, Floats]] = field(default_factory=dict)

    def cut(self, layout: Layout) -> Cut:
        """The model's stages under a layout."""
        schedule, by_hand = layout.schedule, layout.layers_per_stage
        key = (by_hand, schedule.stages(layout.pp), schedule.stages_of(0, layout.pp), layout.pp)
        if key not in self.cuts:
            stages = blocks_of_stages(self.scenario.model, self.layers_per_stage(layout))
            runs = [runs_of([kind for kind, _ in stage]) for stage in stages]
            alike = tuple(dict.fromkeys(runs))
            self.cuts[key] = Cut(alike, tuple(alike.index(one) for one in runs))
        return self.cuts[key]

    def layers_per_stage(self, layout: Layout) -> tuple[int, ...]:
        """Layers of each stage under a layout: [stage]."""
        if layout.layers_per_stage:
            return layout.layers_per_stage
        return layers_by_cost(self.scenario.model, layout.schedule, layout.pp, self.blocks, compiled_extend())

    def stage(self, runs: Runs) -> Stage:
        """A stage of these blocks."""
        if runs not in self.stages:
            held: Placed = tuple((kind, 0) for kind, count in runs for _ in range(count))
            self.stages[runs] = stage_of("", held, self.blocks)
        return self.stages[runs]

    def ranks(self, layout: Layout, cut: Cut, groups: Replicas) -> RankCosts:
        """Each pipeline rank; those that hold equal stages are alike."""
        own = [tuple(cut.sort[stage] for stage in held) for held in stages_of_ranks(layout)]
        found = {sorts: self._rank(cut, sorts, groups) for sorts in dict.fromkeys(own)}
        return RankCosts(*np.array([found[sorts] for sorts in own]).T)

    def _rank(self, cut: Cut, sorts: tuple[int, ...], groups: Replicas) -> tuple[float, ...]:
        """A rank that holds these sorts of stages: a row of RankCosts."""
        key = (cut, sorts, groups)
        if key not in self.known:
            job, own = self.scenario.job, [self.stage(cut.alike[sort]) for sort in sorts]
            formats = formats_of(self.scenario, self.links)
            constant = states(own, groups, formats, job.memory).total
            constant += max(stage.buffer_bytes for stage in own) + max(stage.workspace_bytes for stage in own)
            ends = finish(held_parameters(own), groups, formats, self.gpu, self.links)
            self.known[key] = (constant, ends.reduce_s, ends.update_s, ends.gather_s)
        return self.known[key]

    def alone(self, cut: Cut, groups: Replicas) -> list[Finish]:
        """The end of the step for each stage's parameters alone: [stage]."""
        formats = formats_of(self.scenario, self.links)
        held = [held_parameters([self.stage(runs)]) for runs in cut.alike]
        alike = [finish(one, groups, formats, self.gpu, self.links) for one in held]
        return [alike[sort] for sort in cut.sort]

    def columns(self, contents: Contents, cut: Cut) -> Columns:
        """What each content of an order takes."""
        key = (contents, cut)
        if key not in self.taken:
            self.taken[key] = self._columns(contents, cut)
        return self.taken[key]

    def kept_columns(self, contents: Contents, cut: Cut) -> tuple[Floats, Floats]:
        """Of these the bytes alone, taken and freed, for whoever does not ask for seconds."""
        key = (contents, cut)
        if key not in self.kept:
            works = [
                [(op, cut.alike[cut.sort[stage]]) for op, stage in zip(ops, stages, strict=True) if op >= 0]
                for ops, stages in zip(*contents, strict=True)
            ]
            taken, freed = np.array([self._kept(one) for one in works]).T.copy()
            self.kept[key] = (taken, freed)
        return self.kept[key]

    def _columns(self, contents: Contents, cut: Cut) -> Columns:
        """Each distinct one once: stages of equal blocks are alike."""
        found: dict[Hashable, tuple[float, float, float]] = {}
        rows = []
        for ops, stages in zip(*contents, strict=True):
            works = tuple((op, cut.sort[stage]) for op, stage in zip(ops, stages, strict=True) if op >= 0)
            if works not in found:
                held = [(op, cut.alike[sort]) for op, sort in works]
                found[works] = (self._seconds(held), *self._kept(held))
            rows.append(found[works])
        return Columns(*np.array(rows).T.copy())

    def _seconds(self, works: list[tuple[int, Runs]]) -> float:
        """Seconds of one content."""
        if len(works) == 2:
            return self.times.pair(works[0][1], works[1][1])
        return self.times.alone(OPS[works[0][0]], works[0][1])

    def _kept(self, works: list[tuple[int, Runs]]) -> tuple[float, float]:
        """Bytes taken and freed by one content."""
        taken = freed = 0.0
        for op, runs in works:
            stage = self.stage(runs)
            kept, postponed = stage.kept.total, stage.kept_for_weights.total
            taken += kept * (OPS[op] == "F")
            whole, waiting = FREED[OPS[op]]
            freed += kept * whole + postponed * waiting
        return taken, freed
