"""Kernels of training and prefill: a token crosses the network once for each node, then goes on over NVLink.

The formula (arXiv 2412.19437, section 3.2.2; DeepEP's kernels): all of this goes on at once, the slowest sets the time.

    network          tokens x bytes x other nodes reached / (port x network_ratio)
    NVLink           tokens x bytes x GPUs reached by a hop / what NVLink reaches
    multiprocessors  tokens x bytes x (GPUs reached + staged_ratio x nodes reached) / (channels x channel_bytes_per_s)
    messages         tokens x other nodes reached / message_tokens x message_s

A combine is the same way backwards.

Where switches copy tokens and add up results, a token leaves its own port once, whatever number of nodes it goes to, is
laid out once and posted once, and its results come back through that port once. The other ends carry as much as before:
a node still receives each token of others that it needs, and still sends its part of each sum. With balanced loads a
port is both ends at once, so that the fuller direction, which sets the time of the network, stays as it was; what is
spared is the other direction (sending a dispatch, receiving a combine) and, of a dispatch, messages and copying.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from simulator.all_to_all.carrier import Carrier, Load
from simulator.collectives import Links, Spread, Transfer
from topologies.all_to_all import NormalKernels

Multicast = Literal["none", "out", "back"]


def carrier(kernels: NormalKernels, links: Links, sms: int) -> Carrier:
    """A GPU's links under these kernels on `sms` multiprocessors, as many channels as they fill; at least one."""
    return Carrier(
        nvlink_bytes_per_s=links.nvlink_bytes_per_s,
        network_bytes_per_s=links.port_bytes_per_s * kernels.network_ratio,
        copied_bytes_per_s=sms // kernels.sms_per_channel * kernels.channel_bytes_per_s,
        links=links,
        posting=kernels.posting,
    )


def multicast(links: Links, out: bool) -> Multicast:
    """What the network does for tokens on their way out, or back."""
    return ("out" if out else "back") if links.multicasts else "none"


def load(tokens: float, token_bytes: float, spread: Spread, kernels: NormalKernels, way: Multicast = "none") -> Load:
    """What one GPU that holds `tokens` tokens of `token_bytes` (payload and scales) has to do.

    Exact for balanced loads, where every port sends and receives the same.

    way   what the network does: copies tokens on their way out, adds up results on their way back
    """
    sent = _sent(spread, kernels)
    once = min(1.0, spread.other_nodes)
    posted, staged = (once, once) if way == "out" else (sent.network, sent.staged)
    moved_bytes = tokens * token_bytes
    return Load(
        nvlink_bytes=moved_bytes * sent.nvlink,
        network_bytes=moved_bytes * sent.network,
        copied_bytes=moved_bytes * (sent.copied + kernels.staged_ratio * staged),
        messages=tokens * posted / kernels.message_tokens,
        forwarded=kernels.copies == "node",
        spared_bytes=moved_bytes * (sent.network - once) * (way != "none"),
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
    return _announced(load, on, kernels.notify_s, kernels.layout_s * counted)


def combine(load: Load, on: Carrier, kernels: NormalKernels) -> Transfer:
    """Send results back and add them up."""
    return _announced(load, on, kernels.notify_s, 0.0)


def _announced(load: Load, on: Carrier, notify_s: float, count_s: float) -> Transfer:
    """A transfer after its tokens are counted and told; ordered writes need nothing told beforehand."""
    return on.carry(load).after(count_s + notify_s * (not on.links.ordered))
