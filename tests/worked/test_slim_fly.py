"""Slim Fly: counts and diameter as published (Besta and Hoefler, SC 2014), and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.properties.small_networks import SWITCH, switch
from topologies import mms, routes
from topologies.catalogue import Catalogue, built_in
from topologies.kinds.base import Counts, TopologyError
from topologies.kinds.slim_fly import SlimFly
from topologies.spec import InvalidInput, loads


@pytest.mark.parametrize("q", [3, 4, 5, 7, 8, 9, 11, 13])
def test_any_two_switches_are_joined_or_have_one_between(q: int) -> None:
    """Diameter 2; every switch has (3 q - d)/2 links to others."""
    network = SlimFly(switch=SWITCH, q=q)
    fabric = network.build()
    switches = np.arange(fabric.endpoints, fabric.vertices)
    diameter = max(int(routes.hops_from(fabric, int(one))[switches].max()) for one in switches)
    assert diameter == 2
    assert network.farthest() == 3
    assert set((fabric.degrees()[switches] - network.concentration).tolist()) == {mms.degree(q)}
    cables = np.stack(mms.graph(q), axis=1)
    assert len(np.unique(np.sort(cables, axis=1), axis=0)) == len(cables) == network.count().links


def test_q_5_is_the_hoffman_singleton_graph() -> None:
    """50 vertices of degree 7 and diameter 2, which only that graph has: 1 + 7 + 7 x 6 = 50, no way twice."""
    fabric = SlimFly(switch=SWITCH, q=5, endpoints_per_switch=1).build()
    assert fabric.switches == 50
    hops, ways = routes.ways_from(fabric, 50)
    assert np.bincount(hops[50:]).tolist() == [1, 7, 42]
    assert set(ways[50:].tolist()) == {1.0}


def test_the_published_example_q_19() -> None:
    """SC 2014, section V: 722 routers of radix 44 with 15 endpoints each, 10,830 endpoints."""
    network = SlimFly(switch=switch(44), q=19)
    assert (mms.degree(19), network.concentration) == (29, 15)
    assert network.count() == Counts(10_830, 722, 361 * 29)


def test_left_out_q_is_the_largest_that_the_ports_allow() -> None:
    assert SlimFly(switch=SWITCH).order == 27
    assert SlimFly(switch=SWITCH).count() == Counts(1_458 * 21, 1_458, 729 * 41)
    assert SlimFly(switch=switch(48)).order == 19
    assert SlimFly(switch=SWITCH, endpoints_per_switch=1).order == 41


def test_q_28_counts_and_is_no_graph() -> None:
    network = SlimFly(switch=SWITCH, q=28)
    assert network.count() == Counts(32_928, 1_568, 32_928)
    for asked in (network.build, network.farthest, network.uniform_ratio, network.bisection_bytes_per_s):
        with pytest.raises(TopologyError, match="28 is no power of a prime; the nearest are 27 and 29"):
            asked()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("q: 26", "q: read 26; no Slim Fly has that q: it is a power of a prime from 3 on; the nearest are 25 and 27"),
        ("q: 29", "q: read 29, which needs 65 ports; a quantum-2 has 64: write 27 or less"),
        ("q: 2", "q: read `2`; it must be at least 3"),
        ("endpoints_per_switch: 60", "switch.ports: read 64 ports; the smallest Slim Fly, q = 3, needs 65"),
    ],
)
def test_what_a_switch_cannot_be_part_of_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        loads(f"kind: slim-fly\nswitch: quantum-2\n{text}\n", SlimFly, Catalogue(built_in()))
    assert said in str(refused.value)
