"""Seconds and bytes of what GPUs send each other, in closed form, with the link that binds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

LinkKind = Literal["nvlink", "network", "sms", "messages", "none"]


@dataclass(frozen=True, slots=True)
class Links:
    """What one GPU reaches others over; rates are achieved, per direction.

    gpus_per_node               GPUs that reach each other over NVLink
    port_bytes_per_s            nominal rate of its port, or what the network leaves of it; kernels reach a share each
    network_reduces             switches add up what ports send
    multicasts                  switches copy a token to several nodes and add up what comes back for it
    ordered                     a receiver sees writes in order, so that nothing has to be told or fenced
    """

    gpus_per_node: int
    nvlink_bytes_per_s: float
    nvlink_latency_s: float
    network_bytes_per_s: float
    network_latency_s: float
    port_bytes_per_s: float
    network_reduces: bool = False
    multicasts: bool = False
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Ranks that take part in a collective: `per_node` of them in each of `nodes` nodes."""

    nodes: int
    per_node: int

    @property
    def size(self) -> int:
        """Number of ranks."""
        return self.nodes * self.per_node


@dataclass(frozen=True, slots=True)
class Transfer:
    """What one collective asks of each GPU.

    nvlink_bytes, network_bytes   sent by one GPU over that link
    spared_bytes   of network_bytes, what the port's other direction does not carry because switches multiply and add
    bound    what sets the time: a link, the multiprocessors that copy, or the posting of messages
    own      what sets it belongs to one GPU; else to all of its node, on whose ports what comes for it is spread
    """

    seconds: float
    nvlink_bytes: float
    network_bytes: float
    bound: LinkKind
    own: bool = False
    spared_bytes: float = 0.0

    def __add__(self, other: Transfer) -> Transfer:
        """One after the other; the longer one names what binds."""
        longer = self if self.seconds >= other.seconds else other
        return Transfer(
            self.seconds + other.seconds,
            self.nvlink_bytes + other.nvlink_bytes,
            self.network_bytes + other.network_bytes,
            longer.bound,
            longer.own,
            self.spared_bytes + other.spared_bytes,
        )

    def after(self, fixed_s: float) -> Transfer:
        """The same after so many seconds."""
        return replace(self, seconds=self.seconds + fixed_s)


NOTHING = Transfer(0.0, 0.0, 0.0, "none")


def _slower(nvlink_bytes: float, network_bytes: float, links: Links) -> Transfer:
    """Time of two links that work at once: the slower one plus the latencies on the way."""
    nvlink_s = nvlink_bytes / links.nvlink_bytes_per_s
    network_s = network_bytes / links.network_bytes_per_s
    latency_s = links.nvlink_latency_s * (nvlink_bytes > 0) + links.network_latency_s * (network_bytes > 0)
    if nvlink_bytes <= 0 and network_bytes <= 0:
        return NOTHING
    bound: LinkKind = "network" if network_s >= nvlink_s else "nvlink"
    return Transfer(max(nvlink_s, network_s) + latency_s, nvlink_bytes, network_bytes, bound)


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the experts of one token lie apart, on average.

    nodes, gpus   distinct ones that a token reaches;  experts   that it chooses
    other_nodes   of the nodes, those the token is not on already
    nvlink_hops   of the GPUs, those reached by a hop over NVLink
    """

    nodes: float
    gpus: float
    other_nodes: float
    nvlink_hops: float
    experts: float


def reduce_scatter(buffer_bytes: float, group: Group, links: Links) -> Transfer:
    """Sum a buffer over the group and leave each rank its share.

    Inside a node first, over NVLink; then each rank's share between nodes, each over its own network port. Each
    level moves (n - 1)/n of what it is given (Thakur et al. 2005, ring and recursive halving alike). The two levels
    work at once on different pieces of the buffer, so the slower one sets the time.

    buffer_bytes   held by each rank before
    """
    nvlink_bytes = buffer_bytes * (group.per_node - 1) / group.per_node
    network_bytes = buffer_bytes / group.per_node * (group.nodes - 1) / group.nodes
    return _slower(nvlink_bytes, network_bytes, links)


def all_gather(buffer_bytes: float, group: Group, links: Links) -> Transfer:
    """Give every rank the whole buffer of which each holds a share; the mirror of `reduce_scatter`.

    buffer_bytes   held by each rank afterwards
    """
    return reduce_scatter(buffer_bytes, group, links)


def all_reduce(buffer_bytes: float, group: Group, links: Links) -> Transfer:
    """Sum a buffer over the group for all: a reduce-scatter, then an all-gather.

    Where switches add up, each rank's share crosses its port once each way at the same time (as SHARP does).
    """
    half = reduce_scatter(buffer_bytes, group, links)
    if links.network_reduces and group.nodes > 1:
        return _slower(2 * half.nvlink_bytes, buffer_bytes / group.per_node, links)
    return Transfer(2 * half.seconds, 2 * half.nvlink_bytes, 2 * half.network_bytes, half.bound)


def send(size_bytes: float, links: Links, same_node: bool) -> Transfer:
    """Send one message from a GPU to another."""
    return _slower(size_bytes, 0.0, links) if same_node else _slower(0.0, size_bytes, links)
