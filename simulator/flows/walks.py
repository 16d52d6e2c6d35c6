"""Ways from endpoint to endpoint through a fabric, compiled.

A way is shortest: from each vertex on to any vertex one hop nearer to the root, which is the destination itself or the
one switch that it hangs on. Endpoints forward nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.flows.paths import Indices
from topologies.fabric import Floats, Ints

BY_HASH, BY_DESTINATION = 0, 1
Keys = NDArray[np.uint64]


class Map(NamedTuple):
    """A fabric as walks read it; links that are down are left out of the lists.

    endpoints              vertices below this number are endpoints
    tail, head             [link] vertex that a link leaves, and that it reaches
    out_start, out_link    links that leave each vertex; in_start, in_link  links that reach each vertex
    root, last_link        [endpoint] where ways to it are told apart, and the link on from there or -1
    capacity               [link] bytes/s
    """

    endpoints: int
    tail: Ints
    head: Ints
    out_start: Indices
    out_link: Indices
    in_start: Indices
    in_link: Indices
    root: Ints
    last_link: Ints
    capacity: Floats


class Trees(NamedTuple):
    """All shortest ways to one root.

    hops    [vertex] to the root, -1 where there is no way
    start, link   [vertex + 1], [any] next links at each vertex; weight  [any] bytes/s to the root over that link
    """

    hops: Ints
    start: Ints
    link: Ints
    weight: Floats


@njit(cache=True)
def _crossings(start: Indices, link: Indices, links: int, flow: Indices) -> Indices:
    """Write `flow`, return where each link's flows begin there."""
    begin = np.zeros(links + 1, np.uint32)
    for entry in range(len(link)):
        begin[link[entry] + 1] += 1
    for index in range(links):
        begin[index + 1] += begin[index]
    place = begin[:-1].copy()
    for row in range(len(start) - 1):
        for entry in range(start[row], start[row + 1]):
            flow[place[link[entry]]] = row
            place[link[entry]] += 1
    return begin


def crossings(start: Indices, link: Indices, links: int) -> tuple[Indices, Indices]:
    """Rows of a sparse matrix to columns: [link + 1] where a link's flows begin, [entry] its flows, rising.

    Large arrays are made by numpy, which asks for huge pages; in small ones random access takes a third longer.
    """
    flow = np.empty(len(link), np.uint32)
    return _crossings(start, link, links, flow), flow


@njit(cache=True)
def sums(start: Ints, link: Ints, share: Floats, values: Floats) -> Floats:
    """[flow] sum over a flow's links of the link's value times the flow's share there."""
    total = np.zeros(len(start) - 1)
    for flow in range(len(total)):
        for entry in range(start[flow], start[flow + 1]):
            total[flow] += values[link[entry]] * (share[entry] if len(share) else 1.0)
    return total


@njit(cache=True)
def carried(start: Ints, link: Ints, share: Floats, amount: Floats, links: int) -> Floats:
    """[link] what each link carries if flow f carries amount[f]."""
    total = np.zeros(links)
    for flow in range(len(amount)):
        for entry in range(start[flow], start[flow + 1]):
            total[link[entry]] += amount[flow] * (share[entry] if len(share) else 1.0)
    return total


@njit(cache=True)
def _trees(net: Map, root: int) -> Trees:  # noqa: C901
    """Breadth-first search from the root against the links; widths add up from the root outwards."""
    vertices = len(net.out_start) - 1
    hops, queue = np.full(vertices, -1, np.int32), np.empty(vertices, np.int32)
    hops[root], queue[0], read, written = 0, root, 0, 1
    while read < written:
        vertex = queue[read]
        read += 1
        for place in range(net.in_start[vertex], net.in_start[vertex + 1]):
            tail = net.tail[net.in_link[place]]
            if hops[tail] < 0:
                hops[tail], queue[written] = hops[vertex] + 1, tail
                written += 1 if tail >= net.endpoints else 0
    start, link, weight = np.zeros(vertices + 1, np.int32), np.empty(len(net.out_link), np.int32), np.empty(0)
    count = 0
    for vertex in range(vertices):
        for place in range(net.out_start[vertex], net.out_start[vertex + 1]):
            head = net.head[net.out_link[place]]
            if hops[vertex] > 0 and hops[head] == hops[vertex] - 1 and (head >= net.endpoints or head == root):
                link[count] = net.out_link[place]
                count += 1
        start[vertex + 1] = count
    wide, weight = np.zeros(vertices), np.empty(count)
    wide[root] = np.inf
    for at in range(1, written):
        _widen(net, queue[at], start, link, wide, weight)
    for vertex in range(net.endpoints):
        if hops[vertex] > 0:
            _widen(net, vertex, start, link, wide, weight)
    return Trees(hops, start, link[:count], weight)


@njit(cache=True)
def _widen(net: Map, vertex: int, start: Ints, link: Ints, wide: Floats, weight: Floats) -> None:
    """Bytes/s from a vertex to the root: what its next links carry on."""
    wide[vertex] = 0.0
    for place in range(start[vertex], start[vertex + 1]):
        weight[place] = min(net.capacity[link[place]], wide[net.head[link[place]]])
        wide[vertex] += weight[place]


@njit(cache=True)
def _mixed(value: np.uint64) -> np.uint64:
    """A hash of 64 bits (splitmix64's finaliser, Steele et al., OOPSLA 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(cache=True)
def hops_to(net: Map, source: Ints, destination: Ints, turn: tuple[Indices, Indices]) -> Ints:
    """[flow] links on the way, -1 where there is none.

    turn   flows by root: [vertex + 1] where a root's flows begin, [flow]
    """
    hops = np.full(len(source), -1, np.int32)
    begin, order = turn
    for root in range(len(begin) - 1):
        if begin[root] == begin[root + 1]:
            continue
        trees = _trees(net, root)
        for place in range(begin[root], begin[root + 1]):
            flow = order[place]
            if source[flow] == destination[flow]:
                hops[flow] = 0
            elif trees.hops[source[flow]] > 0:
                hops[flow] = trees.hops[source[flow]] + (net.last_link[destination[flow]] >= 0)
    return hops


@njit(cache=True)
def walk(  # noqa: PLR0913, PLR0917
    net: Map, source: Ints, destination: Ints, key: Keys, turn: tuple[Indices, Indices], start: Ints, rule: int,
    link: Ints,
) -> None:  # fmt: skip
    """Write the links of one way for each flow; rows begin at `start`, empty where there is no way.

    key    [flow] that tells flows apart;  rule  what picks among next links: key and vertex, or destination
    link   [entry] written
    """
    begin, order = turn
    for root in range(len(begin) - 1):
        if begin[root] == begin[root + 1]:
            continue
        trees = _trees(net, root)
        for place in range(begin[root], begin[root + 1]):
            flow = order[place]
            at, vertex, rest = start[flow], source[flow], np.int64(destination[flow])
            while at < start[flow + 1] and vertex != root:
                ways = np.int64(trees.start[vertex + 1] - trees.start[vertex])
                if rule == BY_HASH:
                    pick = (
                        np.int64(_mixed(key[flow] + np.uint64(vertex) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33))
                        % ways
                    )
                else:
                    pick = rest % ways
                    rest = rest // ways + pick * (net.endpoints // ways)
                link[at] = trees.link[trees.start[vertex] + pick]
                vertex, at = net.head[link[at]], at + 1
            if at < start[flow + 1]:
                link[at] = net.last_link[destination[flow]]


@njit(cache=True)
def _spread(  # noqa: PLR0913, PLR0917
    net: Map, trees: Trees, source: int, last: int, by_width: bool, part: Floats, queue: Ints, link: Ints, share: Floats
) -> int:
    """Write links and shares of all shortest ways of one flow; returns how many there are."""
    queue[0], part[source], read, written, count = source, 1.0, 0, 1, 0
    while read < written:
        vertex = queue[read]
        read += 1
        total, amount = 0.0, part[vertex]
        part[vertex] = 0.0
        for place in range(trees.start[vertex], trees.start[vertex + 1]):
            total += trees.weight[place] if by_width else 1.0
        for place in range(trees.start[vertex], trees.start[vertex + 1]):
            head = net.head[trees.link[place]]
            if part[head] == 0.0:
                queue[written] = head
                written += 1
            link[count], share[count] = trees.link[place], amount * (trees.weight[place] if by_width else 1.0) / total
            part[head] += share[count]
            count += 1
    part[queue[written - 1]] = 0.0
    if last >= 0:
        link[count], share[count] = last, 1.0
        count += 1
    return count


@njit(cache=True)
def spread(
    net: Map, source: Ints, destination: Ints, turn: tuple[Indices, Indices], by_width: bool, start: Ints
) -> tuple[Ints, Ints, Floats]:
    """Links and shares of flows that use all shortest ways: a row's length [flow], and rows at `start` [entry].

    by_width   at each vertex in proportion to the bytes/s to the root over each next link, else in equal parts
    start      [flow + 1] where rows begin; all 0 to have the lengths only
    """
    begin, order = turn
    vertices = len(net.out_start) - 1
    part, queue = np.zeros(vertices), np.empty(vertices + 1, np.int32)
    row_link, row_share = np.empty(len(net.out_link) + 1, np.int32), np.empty(len(net.out_link) + 1)
    lengths, link, share = np.zeros(len(source), np.int32), np.empty(start[-1], np.int32), np.empty(start[-1])
    for root in range(vertices):
        if begin[root] == begin[root + 1]:
            continue
        trees = _trees(net, root)
        for place in range(begin[root], begin[root + 1]):
            flow = order[place]
            if source[flow] == destination[flow] or trees.hops[source[flow]] <= 0:
                continue
            count = _spread(net, trees, source[flow], net.last_link[destination[flow]], by_width,
                            part, queue, row_link, row_share)  # fmt: skip
            lengths[flow] = count
            if start[-1] > 0:
                link[start[flow] : start[flow + 1]] = row_link[:count]
                share[start[flow] : start[flow + 1]] = row_share[:count]
    return lengths, link, share
