"""Collectives as rounds of flows: all flows of a round start together, and the next round when the last has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulator.flows import sharing
from simulator.flows.demand import Demand, demand, together
from simulator.flows.paths import EVERYTHING, Paths, starts
from simulator.flows.routing import route
from simulator.flows.run import Setting, run
from topologies.fabric import Fabric, Ints

Group = Sequence[int]
"""Endpoints of the ranks that take part, in order of rank."""


@dataclass(frozen=True, slots=True)
class Round:
    """Flows that start together, so many times one after the other."""

    flows: Demand
    times: int = 1


def seconds(fabric: Fabric, rounds: Sequence[Round], setting: Setting) -> float:
    """Time of all rounds; a round that comes again is played once."""
    return sum(one.times * run(fabric, one.flows, setting).makespan_s for one in rounds)


def ring_reduce_scatter(group: Group, buffer_bytes: float) -> list[Round]:
    """Each rank sends 1/n of the buffer to the next, n - 1 times; a ring's all-gather sends the same."""
    ranks = np.asarray(group, np.int32)
    return [Round(demand(ranks, np.roll(ranks, -1), buffer_bytes / len(ranks)), len(ranks) - 1)]


def ring_all_reduce(group: Group, buffer_bytes: float) -> list[Round]:
    """A reduce-scatter, then an all-gather."""
    return [replace(one, times=2 * one.times) for one in ring_reduce_scatter(group, buffer_bytes)]


def halving_reduce_scatter(group: Group, buffer_bytes: float) -> list[Round]:
    """Ranks n/2, n/4, ... apart exchange 1/2, 1/4, ... of the buffer. Raises ValueError unless n is a power of two."""
    ranks = np.asarray(group, np.int32)
    size = len(ranks)
    if size & (size - 1):
        raise ValueError(f"recursive halving among {size} ranks; it needs a power of two")
    apart = [size >> step for step in range(1, size.bit_length())]
    return [Round(demand(ranks, ranks[np.arange(size) ^ far], buffer_bytes * far / size)) for far in apart]


def halving_all_reduce(group: Group, buffer_bytes: float) -> list[Round]:
    """Recursive halving, then recursive doubling, which sends the same in opposite order."""
    down = halving_reduce_scatter(group, buffer_bytes)
    return [*down, *reversed(down)]


def tree_broadcast(group: Group, buffer_bytes: float) -> list[Round]:
    """Down a binomial tree from the first rank: ranks that have the buffer double each round."""
    ranks = np.asarray(group, np.int32)
    rounds, have = [], 1
    while have < len(ranks):
        to = ranks[have : 2 * have]
        rounds.append(Round(demand(ranks[: len(to)], to, buffer_bytes)))
        have *= 2
    return rounds


def tree_all_reduce(group: Group, buffer_bytes: float) -> list[Round]:
    """Up the tree to the first rank, adding, and down again."""
    down = tree_broadcast(group, buffer_bytes)
    up = [Round(replace(one.flows, source=one.flows.destination, destination=one.flows.source)) for one in down]
    return [*reversed(up), *down]


def direct_all_to_all(group: Group, pair_bytes: float) -> list[Round]:
    """A flow for every pair, all at once."""
    ranks = np.asarray(group, np.int32)
    source, destination = np.nonzero(~np.eye(len(ranks), dtype=np.bool_))
    return [Round(demand(ranks[source], ranks[destination], pair_bytes))]


def hierarchical_all_to_all(groups: Sequence[Group], pair_bytes: float) -> list[Round]:
    """Inside each group to the rank that has the receiver's index, for all groups; then between ranks of one index."""
    ranks = np.asarray(groups, np.int32)
    many, size = ranks.shape
    inside = [direct_all_to_all(row, many * pair_bytes)[0].flows for row in ranks.tolist()]
    between = [direct_all_to_all(column, size * pair_bytes)[0].flows for column in ranks.T.tolist()]
    return [Round(together(*inside)), Round(together(*between))]


def multicast_s(fabric: Fabric, group: Group, buffer_bytes: float, setting: Setting) -> float:
    """Seconds for switches to copy a buffer from the first rank to all others: a tree's links carry it once each."""
    up, latency_s = _tree(fabric, group, setting)
    return latency_s + _once_s(fabric, [_backwards(fabric, up)], buffer_bytes, setting)


def switched_all_reduce_s(fabric: Fabric, group: Group, buffer_bytes: float, setting: Setting) -> float:
    """Seconds for switches to add up a buffer and copy the sum: a tree's links carry it once each way, all at once."""
    up, latency_s = _tree(fabric, group, setting)
    links = np.concatenate([up, _backwards(fabric, up)])
    return latency_s + _once_s(fabric, list(links[:, None]), buffer_bytes, setting)


def _tree(fabric: Fabric, group: Group, setting: Setting) -> tuple[Ints, float]:
    """Links of a tree from all other ranks to the first, and the longest latency on it.

    Of the ways that routing gives, each vertex keeps the first it is seen on, so that two ways that meet stay together.
    """
    routed = route(fabric, demand(list(group[1:]), group[0], 1.0), setting.routing)
    onward: dict[int, int] = {}
    for link in routed.paths.link.tolist():
        onward.setdefault(int(fabric.link_from[link]), link)
    links: set[int] = set()
    for rank in group[1:]:
        vertex = rank
        while vertex != group[0]:
            links.add(onward[vertex])
            vertex = int(fabric.link_to[onward[vertex]])
    return np.array(sorted(links), np.int32), float(routed.latency_s.max())


def _backwards(fabric: Fabric, links: Ints) -> Ints:
    """The link of the same cable in the other direction, for each of some links that have no parallels among them."""
    ends = zip(fabric.link_from.tolist(), fabric.link_to.tolist(), strict=True)
    number = {pair: link for link, pair in enumerate(ends)}
    back = zip(fabric.link_to[links].tolist(), fabric.link_from[links].tolist(), strict=True)
    return np.array([number[pair] for pair in back], np.int32)


def _once_s(fabric: Fabric, links: Sequence[NDArray[np.integer]], size_bytes: float, setting: Setting) -> float:
    """Seconds to carry so many bytes over each set of links, all sets at once."""
    start = starts(np.array([len(row) for row in links]))
    paths = Paths(start, np.concatenate(links).astype(np.int32), EVERYTHING)
    many = len(links)
    load = sharing.Load(
        paths, fabric.link_bytes_per_s, np.full(many, size_bytes), np.zeros(many), np.zeros(many, np.uint8)
    )
    return float(sharing.play(load, setting.mode).finish_s.max())
