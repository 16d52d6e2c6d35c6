"""Bytes of parameters, gradients and optimiser states alone, before anything is timed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from simulator.activations import NONE
from simulator.blocks import SHARED_WEIGHTS
from simulator.collectives import Links
from simulator.finish import Parameters, Replicas
from simulator.memory import reserve_bytes, states
from simulator.plan import formats_of
from simulator.stages import Stage
from workloads.model import read_block
from workloads.reference.dims import Tokens
from workloads.scenario import Scenario


@dataclass(slots=True)
class LeastStates:
    """Least bytes of the fullest GPU by what it holds all the time; what layouts have in common is computed once."""

    models: dict[Hashable, Stage] = field(default_factory=dict)
    known: dict[Hashable, float] = field(default_factory=dict)

    def bytes_of(self, scenario: Scenario, links: Links, groups: Replicas) -> float:
        """All states of the model over the pipeline's ranks: the fullest has no less than the mean.

        Each stage is held as often as the schedule says; embedding and output head are counted once a copy, though
        several ranks may hold them.
        """
        layout, memory = scenario.layout, scenario.job.memory
        stages = layout.schedule.stages(layout.pp)
        key = (layout.share, groups, layout.pp, stages, layout.eplb)
        if key not in self.known:
            held = sum(len(layout.schedule.stages_of(rank, layout.pp)) for rank in range(layout.pp))
            total = states([self._model(scenario)], groups, formats_of(scenario, links), memory).total
            mean_bytes = total * held / stages / layout.pp
            self.known[key] = mean_bytes + reserve_bytes(mean_bytes, memory)
        return self.known[key]

    def _model(self, scenario: Scenario) -> Stage:
        """The whole model as one stage of which nothing but its parameters is known; see `blocks.BlockPlan`."""
        share = scenario.layout.share
        if share not in self.models:
            parameters, shared = Parameters(0.0, 0.0), {}
            tokens = Tokens(scenario.job.sequences_per_micro_batch, scenario.job.sequence_length)
            for kind in scenario.model.block_kinds():
                for weight in read_block(scenario.model, kind, tokens, share, scenario.job.recompute).weights:
                    if weight.name in SHARED_WEIGHTS:
                        shared[weight.name] = weight.count
                    elif weight.routed:
                        parameters += Parameters(0.0, weight.count, 0.0, weight.count * weight.fp8)
                    else:
                        parameters += Parameters(weight.count, 0.0, weight.count * weight.fp8, 0.0)
            self.models[share] = Stage("", (), parameters, shared, NONE, NONE, 0.0, 0.0)
        return self.models[share]
