"""What a block sends for one micro-batch: to its experts and back, and among ranks that split it."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.all_to_all import normal
from simulator.collectives import NOTHING, Spread, Transfer
from simulator.network import spread_of
from simulator.phases import Exchange
from simulator.splitting import Splitting, split
from topologies.all_to_all import AllToAllKernels
from workloads.reference.graph import ELEMENT_BYTES
from workloads.reference.reading import Block as Reading
from workloads.reference.record import Message, Phase
from workloads.scenario import Scenario


@dataclass(frozen=True, slots=True)
class TokenWay:
    """How tokens of a scenario get to their experts: how far these lie apart, by which kernels, over what."""

    scenario: Scenario
    spread: Spread | None
    splitting: Splitting

    @property
    def kernels(self) -> AllToAllKernels:
        """The library that the GPU's kernels name."""
        return self.scenario.cluster.node.gpu.kernels.all_to_all

    def over(self, message: Message | None, ratio: float) -> Transfer:
        """Time one message; nothing where a GPU has all experts.

        ratio   of the rates that are left beside what else goes on
        """
        if message is None or self.spread is None:
            return NOTHING
        by, sms = self.kernels.normal, self.scenario.job.communication_sms
        links = self.splitting.links
        way = normal.multicast(links, _toward_experts(message))
        load = normal.load(message.tokens, self._token_bytes(message), self.spread, by, way)
        on = normal.carrier(by, links, sms).slowed(ratio)
        if message.kind == "combine":
            return normal.combine(load, on, by)
        return normal.dispatch(load, on, by, counted=message.phase == "forward")

    def _token_bytes(self, message: Message) -> float:
        """Bytes of a token on the way: to the experts in the job's dispatch format, back as the record says."""
        if not _toward_experts(message):
            return message.bytes_per_token
        return self.scenario.model.hidden * ELEMENT_BYTES[self.scenario.job.precision.dispatch]


def _toward_experts(message: Message) -> bool:
    """Whether tokens, or in backward their gradients, go to the experts."""
    return (message.kind == "dispatch") == (message.phase != "input_grad")


def token_way(scenario: Scenario, splitting: Splitting) -> TokenWay:
    """How tokens get to their experts; nowhere where a GPU has all of them."""
    experts, layout = scenario.model.experts, scenario.layout
    if experts is None or layout.ranks_per_expert_group == 1:
        return TokenWay(scenario, None, splitting)
    spread = spread_of(experts.gate.dims(), layout.ep, layout.etp, splitting.links.gpus_per_node, scenario.seed)
    return TokenWay(scenario, spread, splitting)


def exchange(reading: Reading, way: TokenWay, beside: bool) -> Exchange:
    """Time what a block's messages ask of the links.

    beside   while something else is computed, which slows transfers of tokens
    """
    routed = {(message.kind, message.phase): message for message in reading.messages}
    ratio = way.kernels.beside_compute_ratio if beside else 1.0

    def over(kind: str, phase: Phase) -> Transfer:
        return way.over(routed.get((kind, phase)), ratio)

    return Exchange(
        split_f=split(reading.messages, reading.record, True, way.splitting),
        split_b=split(reading.messages, reading.record, False, way.splitting),
        dispatch=over("dispatch", "forward"),
        combine=over("combine", "forward"),
        dispatch_back=over("dispatch", "input_grad"),
        combine_back=over("combine", "input_grad"),
        again=over("dispatch", "recompute") + over("combine", "recompute"),
    )
