"""Small fabrics for tests of flows: a switch, trees, planes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topologies import trees
from topologies.fabric import Fabric, wired

RATE_BYTES_PER_S = 1e9
LATENCY_S = 1e-6


def star(endpoints: int, rate_bytes_per_s: float = RATE_BYTES_PER_S, latency_s: float = LATENCY_S) -> Fabric:
    """One switch. Link e leaves endpoint e, link endpoints + e reaches it."""
    ends = np.arange(endpoints, dtype=np.int32)
    cables = (ends, np.full(endpoints, endpoints, np.int32), np.zeros(endpoints, np.int32))
    return wired(endpoints, 1, cables, rate_bytes_per_s, latency_s)


def fat_tree(endpoints: int, ports: int, layers: int, latency_s: float = LATENCY_S) -> Fabric:
    """A fat tree of switches with so many ports."""
    split = trees.split(ports, layers, 1.0)
    shape = trees.tree(trees.over(endpoints, split.down), split)
    low, high = trees.wire(shape)
    ends = np.arange(endpoints, dtype=np.int32)
    cables = (
        np.concatenate([ends, endpoints + low]),
        np.concatenate([endpoints + ends // split.down, endpoints + high]),
        np.zeros(endpoints + len(low), np.int32),
    )
    return wired(endpoints, shape.switches, cables, RATE_BYTES_PER_S, latency_s)


def planes(nodes: int, count: int, ports: int) -> Fabric:
    """Two-layer fat trees, one a plane; endpoint = node x planes + plane, switches plane after plane."""
    split = trees.split(ports, 2, 1.0)
    shape = trees.tree(trees.over(nodes, split.down), split)
    low, high = trees.wire(shape)
    lows: list[NDArray[np.integer]] = []
    highs: list[NDArray[np.integer]] = []
    which: list[NDArray[np.integer]] = []
    for plane in range(count):
        ends = np.arange(nodes, dtype=np.int32) * count + plane
        first = nodes * count + plane * shape.switches
        lows += [ends, first + low]
        highs += [first + np.arange(nodes) // split.down, first + high]
        which.append(np.full(nodes + len(low), plane, np.int32))
    cables = (np.concatenate(lows), np.concatenate(highs), np.concatenate(which))
    return wired(nodes * count, count * shape.switches, cables, RATE_BYTES_PER_S, LATENCY_S)
