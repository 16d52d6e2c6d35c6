"""Which ways flows take through a fabric, and how long a byte is under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from simulator.flows import walks
from simulator.flows.binding import binding_paths, spread_paths
from simulator.flows.demand import Demand
from simulator.flows.paths import EVERYTHING, Paths, starts
from topologies.fabric import Fabric, Floats, Ints


@dataclass(frozen=True, slots=True)
class Ecmp:
    """Each flow takes one shortest way; each switch picks it by a hash of the flow, the same for the same seed."""

    seed: int = 0


@dataclass(frozen=True, slots=True)
class ByDestination:
    """Static tables: all flows to a destination take the way that its number picks, a digit a hop.

    That is D-mod-k in a tree (Zahavi, JPDC 2012). Digits that are used up come round again, for cables in parallel.
    """


@dataclass(frozen=True, slots=True)
class Spray:
    """Packets of each flow go over all shortest ways, whatever their load.

    by_width   each switch sends in proportion to what its next links can carry on to the destination, as adaptive
               routing does once it has seen which links are degraded; else in equal parts
    binding_only   leave links out that cannot be full before others: the same times in a fraction of the memory, but
                   the links that are left out do not appear in what links carried
    """

    by_width: bool = False
    binding_only: bool = False


Routing: TypeAlias = Ecmp | ByDestination | Spray


@dataclass(frozen=True, slots=True, eq=False)
class Routed:
    """Ways of flows.

    latency_s   [flow] of the links on the way, infinite where there is none, 0 from an endpoint to itself
    """

    paths: Paths
    latency_s: Floats


def route(fabric: Fabric, demand: Demand, routing: Routing) -> Routed:
    """Ways over links that are up, that is have more than 0 bytes/s."""
    net = _map(fabric)
    if isinstance(routing, Spray):
        paths, latency_s = _sprayed(net, demand, routing, fabric.link_latency_s)
    else:
        root = net.root[demand.destination].view(np.uint32)
        turn = walks.crossings(np.arange(demand.flows + 1, dtype=np.uint32), root, fabric.vertices)
        hops = walks.hops_to(net, demand.source, demand.destination, turn)
        start = starts(np.maximum(hops, 0))
        seed = routing.seed if isinstance(routing, Ecmp) else 0
        rule = walks.BY_HASH if isinstance(routing, Ecmp) else walks.BY_DESTINATION
        link = np.empty(start[-1], np.int32)
        walks.walk(net, demand.source, demand.destination, _keys(demand, seed), turn, start, rule, link)
        paths = Paths(start, link, EVERYTHING)
        latency_s = walks.sums(*paths, fabric.link_latency_s)
    latency_s[(paths.lengths() == 0) & (demand.source != demand.destination)] = np.inf
    return Routed(paths, latency_s)


def _sprayed(net: walks.Map, demand: Demand, routing: Spray, link_latency_s: Floats) -> tuple[Paths, Floats]:
    """Sprayed ways and their latencies."""
    if routing.binding_only:
        return binding_paths(net, demand, routing.by_width, link_latency_s)
    paths = spread_paths(net, demand, routing.by_width)
    return paths, walks.sums(*paths, link_latency_s)


def carried(paths: Paths, amount: Floats, links: int) -> Floats:
    """[link] what each link carries if flow f carries amount[f]."""
    return walks.carried(*paths, amount, links)


def crossing(paths: Paths, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """[flow] whether a flow takes any of the marked links [link]."""
    return np.asarray(walks.sums(*paths, marked.astype(np.float64)) > 0)


def _keys(demand: Demand, seed: int) -> walks.Keys:
    """[flow] what a switch hashes: source, destination, class and label, and the seed."""
    key = np.full(demand.flows, np.uint64(seed % 2**64))
    for column in (demand.source, demand.destination, demand.traffic, demand.label):
        key *= np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
        key += column.astype(np.uint64)
    return key


def _map(fabric: Fabric) -> walks.Map:
    """The fabric for walks."""
    up = np.flatnonzero(fabric.link_bytes_per_s > 0).astype(np.int32)
    out_start, out_link = _at(fabric.link_from, up, fabric.vertices)
    in_start, in_link = _at(fabric.link_to, up, fabric.vertices)
    ends = np.arange(fabric.endpoints, dtype=np.int32)
    single = np.diff(in_start.astype(np.int64))[: fabric.endpoints] == 1
    last_link = np.full(fabric.endpoints, -1, np.int32)
    last_link[single] = in_link[in_start[:-1][: fabric.endpoints][single]]
    root = np.where(single, fabric.link_from[last_link], ends).astype(np.int32)
    return walks.Map(
        fabric.endpoints, fabric.link_from, fabric.link_to, out_start, out_link, in_start, in_link, root, last_link,
        fabric.link_bytes_per_s,
    )  # fmt: skip


def _at(vertex: Ints, up: Ints, vertices: int) -> tuple[np.ndarray, np.ndarray]:
    """Links that are up by the vertex at one of their ends."""
    start, place = walks.crossings(np.arange(len(up) + 1, dtype=np.uint32), vertex[up].view(np.uint32), vertices)
    return start, up[place].view(np.uint32)
