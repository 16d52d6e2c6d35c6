"""Sprayed ways without the links that cannot be full before others are.

Flows between the same two switches use the same links in the same shares. Where two links carry the same flows in
proportion, such as the uplinks of a leaf, only the one with the least capacity for its part can bind; the others are
left out. A tree of 1,024 endpoints then has 6 links a flow instead of 138.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.flows import walks
from simulator.flows.demand import Demand
from simulator.flows.paths import Paths, starts
from topologies.fabric import Floats, Ints

DIGITS = 10
"""Decimals of the mean random weights by which proportional links are recognised: rounding is below, chance above."""


def binding_paths(net: walks.Map, demand: Demand, by_width: bool, link_latency_s: Floats) -> tuple[Paths, Floats]:
    """Ways over links that can bind, and the latency of each flow's whole way, 0 where there is none.

    Raises ValueError for an endpoint that sends or receives over more than one cable.
    """
    real = np.flatnonzero(demand.source != demand.destination)
    source, destination = demand.source[real], demand.destination[real]
    many = np.diff(net.out_start.astype(np.int64))[source] > 1
    if many.any() or (net.in_start[destination + 1] - net.in_start[destination] > 1).any():
        raise ValueError("leaving out links that cannot bind needs endpoints with one cable each")
    first = np.append(net.out_link, np.uint32(0))[net.out_start[source]].astype(np.int32)
    last = net.last_link[destination]
    between = net.head[first].astype(np.int64) * len(net.out_start) + net.root[destination]
    _, chosen, pair = np.unique(between, return_index=True, return_inverse=True)
    whole = spread_paths(net, demand.chosen(real[chosen]), by_width)
    inner = _inner(whole, net.capacity)
    reached = whole.lengths()[pair] > 0
    lengths = np.zeros(demand.flows, np.int32)
    lengths[real] = np.where(reached, inner.lengths()[pair] + 2, 0)
    start = starts(lengths)
    real, first, last, pair = real[reached], first[reached], last[reached], pair[reached]
    rows = inner.chosen(pair)
    link, share = np.empty(start[-1], np.int32), np.ones(start[-1])
    link[start[real]], link[start[real + 1] - 1] = first, last
    inside = np.ones(start[-1], np.bool_)
    inside[start[real]] = inside[start[real + 1] - 1] = False
    link[inside], share[inside] = rows.link, rows.share
    latency_s = np.zeros(demand.flows)
    latency_s[real] = walks.sums(*whole, link_latency_s)[pair]
    return Paths(start, link, share), latency_s


def spread_paths(net: walks.Map, demand: Demand, by_width: bool) -> Paths:
    """All links of all shortest ways."""
    root = net.root[demand.destination].view(np.uint32)
    turn = walks.crossings(np.arange(demand.flows + 1, dtype=np.uint32), root, len(net.out_start) - 1)
    none = np.zeros(demand.flows + 1, np.int32)
    lengths, _, _ = walks.spread(net, demand.source, demand.destination, turn, by_width, none)
    start = starts(lengths)
    _, link, share = walks.spread(net, demand.source, demand.destination, turn, by_width, start)
    return Paths(start, link, share)


def _inner(paths: Paths, capacity: Floats) -> Paths:
    """Ways between switches, over links that can bind only: without the first and the last link of a way."""
    inside = np.ones(len(paths.link), np.bool_)
    held = np.flatnonzero(paths.lengths())
    inside[paths.start[held]] = inside[paths.start[held + 1] - 1] = False
    row = np.repeat(np.arange(paths.flows), paths.lengths())[inside]
    link, share = paths.link[inside], paths.share[inside]
    kept = _binding(link, share, row, capacity)[link]
    return Paths(starts(np.bincount(row[kept], minlength=paths.flows)), link[kept], share[kept])


def _binding(link: Ints, share: Floats, row: NDArray[np.integer], capacity: Floats) -> NDArray[np.bool_]:
    """[link] whether a link is the first to be full among those that carry the same ways in proportion.

    Each way gets two random weights; links in proportion have the same mean weights, others by chance only.
    """
    random = np.random.default_rng(0).uniform(1, 2, (2, int(row.max(initial=0)) + 1))
    total = np.bincount(link, share, minlength=len(capacity))
    used = np.flatnonzero(total)
    means = [np.bincount(link, share * weight[row], minlength=len(capacity))[used] / total[used] for weight in random]
    order = np.lexsort((capacity[used] / total[used], *np.round(means, DIGITS)))
    sorted_means = np.round(means, DIGITS)[:, order]
    new = np.ones(len(used), np.bool_)
    new[1:] = (sorted_means[:, 1:] != sorted_means[:, :-1]).any(axis=0)
    kept = np.zeros(len(capacity), np.bool_)
    kept[used[order[new]]] = True
    return kept
