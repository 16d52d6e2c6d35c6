"""A network by layers of switches: how many there are, and how many cables join one layer to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topologies.fabric import Fabric, Ints

MOST_EACH = 40
"""Endpoints and switches of a network that is kept one by one."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Cables between two layers, or inside one.

    lower, upper   layers; 0 is the endpoints
    fewest, most   cables between one pair of vertices that are joined at all
    """

    lower: int
    upper: int
    cables: int
    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class Each:
    """Every vertex and every joined pair of a network small enough for that.

    layer   [vertex]
    pairs   [pair]  one vertex, the other, cables between them
    """

    layer: tuple[int, ...]
    pairs: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Layered:
    """A network as layers: layer 0 is its endpoints, layer 1 the switches that they are on, and so on upwards.

    vertices   [layer]  endpoints, then switches;  planes   networks without a way between them
    each       None for a network of more than MOST_EACH vertices
    """

    vertices: tuple[int, ...]
    planes: int
    joints: tuple[Joint, ...]
    each: Each | None = None


def levels(fabric: Fabric) -> Ints:
    """[vertex] Cables from the nearest endpoint; switches that no endpoint reaches count as the highest layer."""
    level = np.full(fabric.vertices, -1, dtype=np.int32)
    level[: fabric.endpoints] = 0
    at = 0
    while True:
        reached = fabric.link_to[level[fabric.link_from] == at]
        found = np.unique(reached[level[reached] < 0])
        if not len(found):
            break
        at += 1
        level[found] = at
    level[level < 0] = max(at, 1)
    return level


def layered(fabric: Fabric) -> Layered:
    """Sizes of a network's layers and of what joins them."""
    level = levels(fabric)
    low, high, times = cables(fabric)
    ends = np.sort(np.stack([level[low], level[high]]), axis=0)
    joints = []
    for lower, upper in np.unique(ends, axis=1).T.tolist():
        own = times[(ends[0] == lower) & (ends[1] == upper)]
        joints.append(Joint(lower, upper, int(own.sum()), int(own.min()), int(own.max())))
    each = None
    if fabric.vertices <= MOST_EACH:
        each = Each(tuple(level.tolist()), tuple(zip(low.tolist(), high.tolist(), times.tolist(), strict=True)))
    return Layered(tuple(np.bincount(level).tolist()), len(np.unique(fabric.link_plane)) or 1, tuple(joints), each)


def cables(fabric: Fabric) -> tuple[Ints, Ints, Ints]:
    """Pairs of vertices that are joined.

    returns  [pair] one vertex, [pair] the other, [pair] cables between them
    """
    half = len(fabric.link_from) // 2
    ends = np.sort(np.stack([fabric.link_from[:half], fabric.link_to[:half]]), axis=0)
    pairs, times = np.unique(ends, axis=1, return_counts=True)
    return pairs[0], pairs[1], times.astype(np.int32)
