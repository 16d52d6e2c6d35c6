"""Closed forms of collectives among ports of one rate that never wait for each other (Thakur et al. 2005).

They hold on a network that carries whatever its ports can send, such as one switch or a tree that sprays packets; what
collides on the way is seen by `rounds` on a fabric only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from topologies.fabric import Floats


@dataclass(frozen=True, slots=True)
class Port:
    """What every rank sends and receives over: rate per direction, and latency of the way to another rank."""

    bytes_per_s: float
    latency_s: float

    def steps_s(self, steps: int, size_bytes: float) -> float:
        """So many steps one after the other, in which a rank sends so many bytes each."""
        return steps * (self.latency_s + size_bytes / self.bytes_per_s)


def ring_reduce_scatter_s(ranks: int, buffer_bytes: float, port: Port) -> float:
    """n - 1 steps of 1/n of the buffer; a ring's all-gather takes the same."""
    return port.steps_s(ranks - 1, buffer_bytes / ranks)


def ring_all_reduce_s(ranks: int, buffer_bytes: float, port: Port) -> float:
    """A reduce-scatter, then an all-gather."""
    return 2 * ring_reduce_scatter_s(ranks, buffer_bytes, port)


def halving_reduce_scatter_s(ranks: int, buffer_bytes: float, port: Port) -> float:
    """log2 n steps of 1/2, 1/4, ... of the buffer: recursive halving; doubling takes the same for an all-gather."""
    steps = (ranks - 1).bit_length()
    return steps * port.latency_s + buffer_bytes * (ranks - 1) / ranks / port.bytes_per_s


def halving_all_reduce_s(ranks: int, buffer_bytes: float, port: Port) -> float:
    """Recursive halving, then recursive doubling (Rabenseifner)."""
    return 2 * halving_reduce_scatter_s(ranks, buffer_bytes, port)


def tree_broadcast_s(ranks: int, buffer_bytes: float, port: Port) -> float:
    """ceil(log2 n) steps of the whole buffer down a binomial tree; reducing up takes the same."""
    return port.steps_s((ranks - 1).bit_length(), buffer_bytes)


def tree_all_reduce_s(ranks: int, buffer_bytes: float, port: Port) -> float:
    """Reduce to one rank, then broadcast."""
    return 2 * tree_broadcast_s(ranks, buffer_bytes, port)


def switched_all_reduce_s(buffer_bytes: float, port: Port) -> float:
    """Switches add up on the way up and copy on the way down: each port sends and receives the buffer once, at once.

    The latency is that of the way to the topmost switch and back, which is that of the longest way between ranks.
    """
    return port.steps_s(1, buffer_bytes)


def hierarchical_all_to_all_s(groups: int, ranks_per_group: int, pair_bytes: float, port: Port) -> float:
    """Inside groups first, to the rank of the receiver's index, then between groups.

    The first step sends g - 1 messages for all groups each, the second one message for all of a group to G - 1 groups.
    """
    inside_bytes = (ranks_per_group - 1) * groups * pair_bytes
    between_bytes = (groups - 1) * ranks_per_group * pair_bytes
    return port.steps_s(1, inside_bytes) + port.steps_s(1, between_bytes)


@dataclass(frozen=True, slots=True)
class PortBound:
    """Time that the busiest port needs, and which port it is."""

    seconds: float
    rank: int
    direction: Literal["sends", "receives"]


def all_to_all(size_bytes: Floats, port: Port) -> PortBound:
    """No port can be done before its own bytes are through; for equal ports and equal pairs this is the exact time.

    size_bytes   [from, to]; what a rank sends to itself does not count
    """
    own_bytes = size_bytes.diagonal()
    sent_bytes = size_bytes.sum(axis=1) - own_bytes
    received_bytes = np.ones(len(size_bytes)) @ size_bytes - own_bytes
    if sent_bytes.max() >= received_bytes.max():
        rank = int(sent_bytes.argmax())
        return PortBound(port.steps_s(1, float(sent_bytes[rank])), rank, "sends")
    rank = int(received_bytes.argmax())
    return PortBound(port.steps_s(1, float(received_bytes[rank])), rank, "receives")
