"""What dispatch and combine reach over numbers of GPUs that share experts, counted as DeepEP counts and on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from simulator.all_to_all import low_latency, normal
from simulator.all_to_all.low_latency import Batch
from simulator.collectives import LinkKind, Links, Transfer
from simulator.network import spread_of
from simulator.refusal import Refused
from topologies.all_to_all import AllToAllKernels
from workloads.reference.dims import Gate
from workloads.reference.graph import ELEMENT_BYTES

Direction = Literal["dispatch", "combine"]
MOST_GROUPS = 4
"""Nodes that a token may reach in DeepEP's measurements."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured: every GPU holds `tokens` tokens of `hidden` elements, FP8 there and BF16 back.

    sms   multiprocessors of normal kernels
    """

    tokens: int = 4096
    hidden: int = 7168
    sms: int = 24
    seed: int = 0


LOW_LATENCY = Measured(tokens=128)
"""As DeepEP measures low-latency kernels."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One direction among `ranks` GPUs.

    counted_bytes_per_s   as DeepEP counts: a token once for each node it reaches, its own too (inside one node, and
                          with low latency: for each GPU or expert)
    network_bytes_per_s, nvlink_bytes_per_s   on the wire, each direction, of one GPU
    """

    kernels: str
    ranks: int
    direction: Direction
    seconds: float
    counted_bytes_per_s: float
    network_bytes_per_s: float
    nvlink_bytes_per_s: float
    bound: LinkKind


def measured_gate(gate: Gate, ranks: int, per_node: int) -> Gate:
    """The gate as DeepEP's measurements use it: a group is a node, and a token reaches four of them at most.

    Where experts do not divide among the GPUs, there are as many more as fill them up.
    """
    nodes, experts = -(-ranks // per_node), -(-gate.experts // ranks) * ranks
    return replace(
        gate, experts=experts, groups=nodes, top_groups=min(nodes, MOST_GROUPS), score="softmax", group_score="best"
    )


def reached_normal(kernels: AllToAllKernels, links: Links, gate: Gate, ranks: int, by: Measured) -> Iterator[Reached]:
    """Both directions with normal kernels; the counting and telling before them is left out, as in the measurements.

    Raises Refused where the last node would not be full.
    """
    per_node = min(ranks, links.gpus_per_node)
    if ranks % per_node:
        raise Refused(f"{ranks} GPUs leave a node of {per_node} unfilled; write {-(-ranks // per_node) * per_node}")
    spread = spread_of(measured_gate(gate, ranks, per_node), ranks, 1, links.gpus_per_node, by.seed)
    on, reach = normal.carrier(kernels.normal, links, by.sms), spread.nodes if ranks > per_node else spread.gpus
    for direction in ("dispatch", "combine"):
        token_bytes = _payload_bytes(direction, by.hidden)
        way = normal.multicast(links, out=direction == "dispatch")
        moved = on.carry(normal.load(by.tokens, token_bytes, spread, kernels.normal, way))
        yield _reached("normal", ranks, direction, moved, by.tokens * token_bytes * reach)


def reached_low_latency(
    kernels: AllToAllKernels, links: Links, gate: Gate, ranks: int, by: Measured = LOW_LATENCY
) -> Iterator[Reached]:
    """Both directions with low-latency kernels."""
    batch, header_bytes = Batch(by.tokens, gate.top_k, ranks), kernels.low_latency.header_bytes
    rows = by.tokens * gate.top_k
    for direction in ("dispatch", "combine"):
        payload_bytes = _payload_bytes(direction, by.hidden)
        send = low_latency.dispatch if direction == "dispatch" else low_latency.combine
        counted_bytes = rows * (payload_bytes + header_bytes * (direction == "dispatch"))
        moved = send(batch, payload_bytes, kernels.low_latency, links)
        yield _reached("low_latency", ranks, direction, moved, counted_bytes)


def reached(kernels: AllToAllKernels, links: Links, gate: Gate, ranks: Sequence[int], sms: int) -> list[Reached]:
    """Everything that can be measured on these numbers of GPUs."""
    rows: list[Reached] = []
    for count in ranks:
        rows += reached_normal(kernels, links, gate, count, Measured(sms=sms))
    for count in ranks:
        rows += reached_low_latency(kernels, links, gate, count)
    return rows


def _payload_bytes(direction: Direction, hidden: int) -> float:
    """Of one token: FP8 with its scales on the way to the experts, BF16 back."""
    return hidden * ELEMENT_BYTES["fp8" if direction == "dispatch" else "bf16"]


def _reached(kernels: str, ranks: int, direction: Direction, moved: Transfer, counted_bytes: float) -> Reached:
    """Rates from bytes and seconds."""
    return Reached(
        kernels,
        ranks,
        direction,
        moved.seconds,
        counted_bytes / moved.seconds,
        moved.network_bytes / moved.seconds,
        moved.nvlink_bytes / moved.seconds,
        moved.bound,
    )
