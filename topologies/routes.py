"""Shortest ways through a fabric: hops, next links, how many there are, what they carry, and what a cut lets through.

All of it works on the fabric's arrays, level by level outwards from one vertex; parallel cables are ways of their own.
"""

import numpy as np

from topologies.fabric import Fabric, Floats, Ints, Truths


def hops_from(fabric: Fabric, start: int) -> Ints:
    """[vertex] links on the shortest way from `start`; -1 where there is none."""
    return _levels(fabric.link_from, fabric.link_to, fabric.vertices, start)


def hops_to(fabric: Fabric, target: int) -> Ints:
    """[vertex] links on the shortest way to `target`; -1 where there is none."""
    return _levels(fabric.link_to, fabric.link_from, fabric.vertices, target)


def next_links(fabric: Fabric, to_target: Ints, vertex: int) -> Ints:
    """Links on which a shortest way goes on from `vertex`; none at the target, and none where no way leads there.

    to_target   [vertex]  what `hops_to` gives
    """
    closer = to_target[fabric.link_to] == to_target[vertex] - 1
    return np.flatnonzero((fabric.link_from == vertex) & closer & (to_target[vertex] > 0)).astype(np.int32)


def ways_from(fabric: Fabric, start: int) -> tuple[Ints, Floats]:
    """Hops from one vertex to all, and on how many shortest ways.

    returns  [vertex] hops, -1 where there is no way; [vertex] number of shortest ways
    """
    hops = hops_from(fabric, start)
    return hops, _ways(fabric.link_from, fabric.link_to, hops)


def least_latency_s(fabric: Fabric, start: int) -> Floats:
    """[vertex] latency of the links on the quickest way from `start`; infinite where there is none."""
    latency_s = np.full(fabric.vertices, np.inf)
    latency_s[start] = 0.0
    while True:
        nearer_s = latency_s.copy()
        np.minimum.at(nearer_s, fabric.link_to, latency_s[fabric.link_from] + fabric.link_latency_s)
        if (nearer_s == latency_s).all():
            return latency_s
        latency_s = nearer_s


def attached_to(fabric: Fabric) -> Ints:
    """[endpoint] the switch of each endpoint; of several, one."""
    switch = np.zeros(fabric.endpoints, dtype=np.int32)
    down = fabric.link_to < fabric.endpoints
    switch[fabric.link_to[down]] = fabric.link_from[down]
    return switch


def farthest(fabric: Fabric) -> int:
    """Switches on the longest of the shortest ways between endpoints."""
    switches, firsts = np.unique(attached_to(fabric), return_index=True)
    most = max(int(hops_from(fabric, int(first))[switches].max()) for first in firsts)
    return max(most, 1)


def uniform_ratio(fabric: Fabric) -> float:
    """Share of their ports' rate that endpoints reach when each sends to all it can reach alike.

    Traffic spreads over all shortest ways alike (edge betweenness: Brandes 2008), and the link that is first full sets
    the share. The slowest endpoint's port counts as the port's rate.
    """
    inner = (fabric.link_from >= fabric.endpoints) & (fabric.link_to >= fabric.endpoints)
    if not inner.any():
        return 1.0
    link_from = (fabric.link_from[inner] - fabric.endpoints).astype(np.int32)
    link_to = (fabric.link_to[inner] - fabric.endpoints).astype(np.int32)
    ends = np.bincount(attached_to(fabric) - fabric.endpoints, minlength=fabric.switches).astype(np.int32)
    load = np.zeros(len(link_from))
    for start in np.flatnonzero(ends).tolist():
        hops = _levels(link_from, link_to, fabric.switches, start)
        others = int(ends[hops >= 0].sum()) - 1
        if others > 0:
            load += _spread((link_from, link_to), hops, ends) * ends[start] / others
    port_bytes_per_s = fabric.link_bytes_per_s[fabric.link_from < fabric.endpoints].min()
    carried = fabric.link_bytes_per_s[inner] / port_bytes_per_s
    return float(min(1.0, (carried[load > 0] / load[load > 0]).min(initial=1.0)))


def cut_bytes_per_s(fabric: Fabric, left: Truths) -> float:
    """Most that endpoints of the one side can send to those of the other at once (max flow, min cut).

    left   [endpoint]  true on the one side
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import maximum_flow

    rates = np.rint(fabric.link_bytes_per_s).astype(np.int64)
    # Flows are whole numbers of 32 bits: count in the largest unit of which every rate is a multiple.
    unit = max(int(np.gcd.reduce(rates)), int(rates.sum()) // np.iinfo(np.int32).max + 1)
    source, sink = fabric.vertices, fabric.vertices + 1
    ends = np.arange(fabric.endpoints)
    out = np.bincount(fabric.link_from, weights=rates // unit, minlength=fabric.vertices)[: fabric.endpoints]
    tails = np.concatenate([fabric.link_from, np.where(left, source, ends)])
    heads = np.concatenate([fabric.link_to, np.where(left, ends, sink)])
    flows = np.concatenate([rates // unit, out.astype(np.int64)]).astype(np.int32)
    graph = coo_array((flows, (tails, heads)), shape=(sink + 1, sink + 1)).tocsr()
    return float(maximum_flow(graph, source, sink).flow_value) * unit


def _levels(link_from: Ints, link_to: Ints, vertices: int, start: int) -> Ints:
    """[vertex] breadth-first distance from `start`, -1 where it is not reached."""
    hops = np.full(vertices, -1, dtype=np.int32)
    hops[start] = 0
    level = 0
    while True:
        reached = link_to[(hops[link_from] == level) & (hops[link_to] < 0)]
        if not len(reached):
            return hops
        level += 1
        hops[reached] = level


def _ways(link_from: Ints, link_to: Ints, hops: Ints) -> Floats:
    """[vertex] number of shortest ways from the vertex whose distances these are."""
    ways: Floats = (hops == 0).astype(np.float64)
    for level in range(int(hops.max())):
        step = (hops[link_from] == level) & (hops[link_to] == level + 1)
        ways += np.bincount(link_to[step], weights=ways[link_from[step]], minlength=len(ways))
    return ways


def _spread(links: tuple[Ints, Ints], hops: Ints, ends: Ints) -> Floats:
    """[link] what passes when the start sends one unit to each endpoint, spread over all shortest ways.

    ends   [vertex]  endpoints there
    """
    link_from, link_to = links
    ways = _ways(link_from, link_to, hops)
    passing = ends.astype(np.float64)
    load = np.zeros(len(link_from))
    for level in range(int(hops.max()), 0, -1):
        step = np.flatnonzero((hops[link_to] == level) & (hops[link_from] == level - 1))
        load[step] = passing[link_to[step]] * ways[link_from[step]] / ways[link_to[step]]
        passing += np.bincount(link_from[step], weights=load[step], minlength=len(passing))
    return load
