"""Ways through any fabric: shortest, connected, and sprayed bytes that add up at every vertex."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.flows.demand import all_to_all
from simulator.flows.paths import Paths
from simulator.flows.routing import ByDestination, Ecmp, Routing, Spray, route
from topologies.fabric import Fabric, wired

ENDS = 10


def random_fabric(seed: int, switches: int, cables: int) -> Fabric:
    """Endpoints on switches at random, some on two; switches joined at random, with parallel cables and gaps."""
    random = np.random.default_rng(seed)
    low = np.concatenate([np.arange(ENDS), random.choice(ENDS, 2), random.integers(0, switches, cables) + ENDS])
    high = random.integers(0, switches, len(low)) + ENDS
    apart = low != high
    return wired(ENDS, switches, (low[apart], high[apart], np.zeros(apart.sum(), np.int32)), 1e9, 1e-6)


def hops(fabric: Fabric, source: int, destination: int) -> int:
    """Links of a shortest way that passes no other endpoint, by networkx; 0 where there is none."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from([source, destination])
    ends = {source, destination}
    for tail, head in zip(fabric.link_from.tolist(), fabric.link_to.tolist(), strict=True):
        if (tail >= ENDS or tail in ends) and (head >= ENDS or head in ends):
            graph.add_edge(tail, head)
    return int(nx.shortest_path_length(graph, source, destination)) if nx.has_path(graph, source, destination) else 0


def steps(fabric: Fabric, paths: Paths, flow: int) -> tuple[list[int], list[int]]:
    """Tails and heads of a flow's links."""
    link = paths.link[paths.start[flow] : paths.start[flow + 1]]
    return fabric.link_from[link].tolist(), fabric.link_to[link].tolist()


FABRICS = st.builds(random_fabric, st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(0, 20))


@settings(max_examples=40)
@given(FABRICS, st.sampled_from([Ecmp(0), Ecmp(7), ByDestination()]))
def test_a_way_is_connected_and_shortest(fabric: Fabric, routing: Routing) -> None:
    flows = all_to_all(np.ones((ENDS, ENDS)))
    routed = route(fabric, flows, routing)
    for flow, (source, destination) in enumerate(zip(flows.source.tolist(), flows.destination.tolist(), strict=True)):
        tails, heads = steps(fabric, routed.paths, flow)
        assert len(tails) == hops(fabric, source, destination)
        assert np.isinf(routed.latency_s[flow]) == (not tails)
        if tails:
            assert [source, *heads] == [*tails, destination]
            assert routed.latency_s[flow] == pytest.approx(sum(1e-6 for tail in tails if tail >= ENDS))


@settings(max_examples=40)
@given(FABRICS, st.booleans())
def test_sprayed_bytes_add_up_at_every_vertex(fabric: Fabric, by_width: bool) -> None:
    flows = all_to_all(np.ones((ENDS, ENDS)))
    paths = route(fabric, flows, Spray(by_width)).paths
    for flow, (source, destination) in enumerate(zip(flows.source.tolist(), flows.destination.tolist(), strict=True)):
        row = slice(paths.start[flow], paths.start[flow + 1])
        balance = np.zeros(fabric.vertices)
        np.add.at(balance, fabric.link_from[paths.link[row]], -paths.share[row])
        np.add.at(balance, fabric.link_to[paths.link[row]], paths.share[row])
        want = np.zeros(fabric.vertices)
        if row.start != row.stop:
            want[source], want[destination] = -1, 1
        assert balance == pytest.approx(want, abs=1e-9)
        assert paths.share[row].sum() == pytest.approx(hops(fabric, source, destination))
