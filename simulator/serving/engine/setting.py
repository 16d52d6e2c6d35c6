"""What an engine is made of: the model, one unit of a service, the links of its GPUs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from simulator.collectives import Links, Spread
from simulator.costs import Sms, Stopwatch
from simulator.estimates.chunk_times import Skewed, skewed
from simulator.network import links_of, spread_of
from simulator.run import Skew
from simulator.software import served_gpu
from topologies.all_to_all import AllToAllKernels
from topologies.hardware import Gpu
from workloads.expert_loads import POOL_TOKENS, Sharing
from workloads.model import ModelSpec
from workloads.reference.dims import Gate, Share
from workloads.reference.graph import ELEMENT_BYTES
from workloads.service import Service
from workloads.serving_unit import PrefillUnit, Unit, WholeUnit

Direction = Literal["dispatch", "combine"]
ROUTED_LAYERS = 6
"""Layers whose tokens pass the gate; draws are taken from them and from eight steps of each."""


@dataclass(frozen=True)
class Setting:
    """One kind of unit of a service, with what follows from it."""

    service: Service
    unit: Unit

    @property
    def model(self) -> ModelSpec:
        """The model that is served."""
        return self.service.model

    @cached_property
    def gpu(self) -> Gpu:
        """The GPU as the unit's software drives it."""
        return served_gpu(self.service.cluster.node.gpu, self.unit.kernel_fusion, self.unit.cuda_graphs)

    @cached_property
    def links(self) -> Links:
        """What a GPU of the unit reaches others over."""
        cluster = self.service.cluster
        return links_of(cluster.node, cluster.nodes, cluster.topology)

    @cached_property
    def stopwatch(self) -> Stopwatch:
        """Times operations, each shape once."""
        return Stopwatch(self.gpu)

    @property
    def kernels(self) -> AllToAllKernels:
        """The library that takes tokens to experts."""
        return self.gpu.kernels.all_to_all

    @property
    def two(self) -> bool:
        """Whether two micro-batches share a step."""
        return self.unit.overlap == "two-micro-batches"

    @property
    def shares_experts(self) -> bool:
        """Whether tokens travel to experts on other GPUs."""
        return self.model.experts is not None and self.unit.ep > 1

    @property
    def low_latency(self) -> bool:
        """Whether tokens travel by kernels that hold no multiprocessors while they wait."""
        return self.unit.all_to_all == "low-latency"

    @cached_property
    def sms(self) -> Sms:
        """Multiprocessors of what is computed beside transfers, and of matrix products."""
        holding = self.shares_experts and self.two and not self.low_latency
        left = self.gpu.sms - (self.unit.communication_sms if holding else 0)
        return Sms(left, left if self.two else self.gpu.sms)

    @cached_property
    def share(self) -> Share:
        """The part of a layer that one GPU holds.

        Where tokens travel to experts, GPUs that split a layer's heads share out its tokens between products, too;
        else every one of them keeps all tokens and adds up results.
        """
        unit, experts = self.unit, self.model.experts
        if experts is None or not self.shares_experts:
            return Share(tensor=unit.tp, expert_tensor=unit.tp, whole_rows=True)
        slots = unit.slots(experts.gate.experts) // unit.ep
        return Share(tensor=unit.tp, expert=unit.ep, slots=slots)

    @cached_property
    def spread(self) -> Spread | None:
        """How far a token's experts lie apart under normal kernels; None where it travels nowhere, or straight."""
        experts, unit = self.model.experts, self.unit
        if experts is None or not self.shares_experts or self.low_latency:
            return None
        gate = experts.gate.dims()
        if gate.experts % unit.ep:
            gate = _filled(gate, unit.slots(gate.experts))
        return spread_of(gate, unit.ep, 1, self.links.gpus_per_node, self.service.seed)

    @cached_property
    def skewed(self) -> Skewed:
        """Loads and speeds of the GPUs that step together."""
        return skewed(self.skew)

    @property
    def skew(self) -> Skew:
        """How unlike the GPUs that step together are."""
        unit = self.unit
        ranks = unit.ep if self.shares_experts else unit.tp
        return Skew(self.sharing, unit.gpu_speed_variation, ranks, self.service.seed)

    @property
    def sharing(self) -> Sharing | None:
        """Who shares the experts of a layer; loads are those of the fullest step, whatever the step's own."""
        experts, dims = self.model.experts, self.model.dims()
        if experts is None or not self.shares_experts:
            return None
        routed = sum(map(dims.routed, range(dims.layers)))
        return Sharing(
            gate=experts.gate.dims(),
            layers=routed if self.unit.router.whole_model else min(ROUTED_LAYERS, routed),
            ranks=self.unit.ep,
            ranks_per_node=self.links.gpus_per_node,
            tokens=self._routed_tokens,
            sequence_tokens=self._sequence_tokens,
            router=self.unit.router,
            eplb=self.unit.eplb,
            stamp=self.unit.router.stamp(),
        )

    @property
    def _routed_tokens(self) -> int:
        """Tokens of a micro-batch of all groups: of answers enough that chance hardly shows, of prompts what there are.

        The same with and without overlap, so that what overlap changes is not what was drawn.
        """
        if isinstance(self.unit, PrefillUnit | WholeUnit):
            return max(1, self.unit.groups * self.unit.tokens_per_group // 2)
        return POOL_TOKENS

    @property
    def _sequence_tokens(self) -> int:
        """Tokens of one sequence in a step: they are alike in what they choose."""
        if isinstance(self.unit, PrefillUnit | WholeUnit):
            return min(self.unit.tokens_per_group, self.service.typical.input_tokens)
        return 1

    def payload_bytes(self, direction: Direction) -> float:
        """Bytes of a token on its way."""
        precision = self.unit.precision
        return self.model.hidden * ELEMENT_BYTES[precision.dispatch if direction == "dispatch" else precision.combine]


def _filled(gate: Gate, slots: int) -> Gate:
    """The gate with every replica as an expert of its own, so that they divide among the GPUs."""
    if slots % gate.groups:
        return replace(gate, experts=slots, groups=1, top_groups=1)
    return replace(gate, experts=slots)
