"""Kernels of decode: every token goes to each of its experts by itself, straight there.

    seconds = start + latencies + max(bytes over the network / (port x network_ratio), bytes inside the node / NVLink,
                                      messages x message_s)

Nothing is told beforehand and nothing is forwarded: buffers have room for the most that may come.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.all_to_all.carrier import Carrier, Load
from simulator.collectives import Links, Transfer
from topologies.all_to_all import LowLatencyKernels


@dataclass(frozen=True, slots=True)
class Batch:
    """Tokens of one GPU, each to `copies` experts (routed ones) on `ranks` GPUs that share them evenly."""

    tokens: float
    copies: float
    ranks: int


def carrier(kernels: LowLatencyKernels, links: Links) -> Carrier:
    """A GPU's links under these kernels; copying holds nobody up."""
    return Carrier(
        links.nvlink_bytes_per_s,
        links.port_bytes_per_s * kernels.network_ratio,
        float("inf"),
        links,
        kernels.posting,
    )


def load(batch: Batch, token_bytes: float, kernels: LowLatencyKernels, links: Links) -> Load:
    """What one GPU has to do, if tokens choose evenly among experts; those for its own go nowhere.

    token_bytes   payload and scales
    """
    near = min(batch.ranks, links.gpus_per_node)
    rows = batch.tokens * batch.copies
    inside, outside = rows * (near - 1) / batch.ranks, rows * (batch.ranks - near) / batch.ranks
    if not kernels.nvlink:
        inside, outside = 0.0, inside + outside
    return Load(inside * token_bytes, outside * token_bytes, 0.0, outside, forwarded=False)


def dispatch(batch: Batch, payload_bytes: float, kernels: LowLatencyKernels, links: Links) -> Transfer:
    """Send tokens to their experts, each with a header."""
    asked = load(batch, payload_bytes + kernels.header_bytes, kernels, links)
    return carrier(kernels, links).carry(asked).after(kernels.dispatch_start_s)


def combine(batch: Batch, payload_bytes: float, kernels: LowLatencyKernels, links: Links) -> Transfer:
    """Send results back and add them up."""
    asked = load(batch, payload_bytes, kernels, links)
    return carrier(kernels, links).carry(asked).after(kernels.combine_start_s)
