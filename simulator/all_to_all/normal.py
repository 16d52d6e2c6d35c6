"""Kernels of training and prefill: a token crosses the network once for each node, then goes on over NVLink.

The formula (arXiv 2412.19437, section 3.2.2; DeepEP's kernels): all of this goes on at once, the slowest sets the time.

    network          tokens x bytes x other nodes reached / (port x network_ratio)
    NVLink           tokens x bytes x GPUs reached by a hop / what NVLink reaches
    multiprocessors  tokens x bytes x (GPUs reached + staged_ratio x nodes reached) / (channels x channel_bytes_per_s)
    messages         tokens x other nodes reached / message_tokens x message_s

A combine is the same way backwards.
"""

from __future__ import annotations

from typing import NamedTuple

from simulator.all_to_all.carrier import Carrier, Load
from simulator.collectives import Links, Spread, Transfer
from topologies.all_to_all import NormalKernels


def carrier(kernels: NormalKernels, links: Links, sms: int) -> Carrier:
    """A GPU's links under these kernels on `sms` multiprocessors, as many channels as they fill; at least one."""
    return Carrier(
        nvlink_bytes_per_s=links.nvlink_bytes_per_s,
        network_bytes_per_s=links.port_bytes_per_s * kernels.network_ratio,
        copied_bytes_per_s=sms // kernels.sms_per_channel * kernels.channel_bytes_per_s,
        links=links,
        posting=kernels.posting,
    )


def load(tokens: float, token_bytes: float, spread: Spread, kernels: NormalKernels) -> Load:
    """What one GPU that holds `tokens` tokens of `token_bytes` (payload and scales) has to do.

    Exact for balanced loads, where every port sends and receives the same.
    """
    sent = _sent(spread, kernels)
    moved_bytes = tokens * token_bytes
    return Load(
        nvlink_bytes=moved_bytes * sent.nvlink,
        network_bytes=moved_bytes * sent.network,
        copied_bytes=moved_bytes * (sent.copied + kernels.staged_ratio * sent.staged),
        messages=tokens * sent.network / kernels.message_tokens,
        forwarded=kernels.copies == "node",
    )


ROW_ELEMENT_BYTES = 2
"""Tokens are laid out in BF16."""


class _Sent(NamedTuple):
    """How often a token is sent over each link, copied to a GPU, and laid out for the network."""

    nvlink: float
    network: float
    copied: float
    staged: float


def _sent(spread: Spread, kernels: NormalKernels) -> _Sent:
    """Once for each node, GPU or expert that it reaches."""
    if kernels.copies == "node":
        return _Sent(spread.nvlink_hops, spread.other_nodes, spread.gpus, spread.nodes * (spread.other_nodes > 0))
    often = 1.0 if kernels.copies == "gpu" else spread.experts / spread.gpus
    elsewhere = spread.other_nodes / spread.nodes
    network = spread.gpus * elsewhere * often
    return _Sent(spread.nvlink_hops * (1 - elsewhere) * often, network, spread.gpus * often, network)


def dispatch(load: Load, on: Carrier, kernels: NormalKernels, counted: bool = True) -> Transfer:
    """Send tokens to their experts.

    counted   tokens for each GPU are counted first; a gradient goes the way its forward went, which is known
    """
    return _announced(load, on, kernels.notify_s + kernels.layout_s * counted)


def combine(load: Load, on: Carrier, kernels: NormalKernels) -> Transfer:
    """Send results back and add them up."""
    return _announced(load, on, kernels.notify_s)


def _announced(load: Load, on: Carrier, fixed_s: float) -> Transfer:
    """A transfer after so many seconds."""
    return on.carry(load).after(fixed_s)
