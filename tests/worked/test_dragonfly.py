"""Dragonfly: balanced sizes as published (Kim et al., ISCA 2008), links between groups, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.properties.small_networks import SWITCH, switch
from topologies.catalogue import Catalogue, built_in
from topologies.fabric import Fabric
from topologies.kinds.base import Counts
from topologies.kinds.dragonfly import Dragonfly
from topologies.spec import InvalidInput, loads


def links_between(network: Dragonfly, fabric: Fabric) -> np.ndarray:
    """[group, group] links."""
    groups = fabric.switches // network.a
    inner = (fabric.link_from >= fabric.endpoints) & (fabric.link_to >= fabric.endpoints)
    low, high = ((side[inner] - fabric.endpoints) // network.a for side in (fabric.link_from, fabric.link_to))
    table = np.zeros((groups, groups), dtype=int)
    np.add.at(table, (low, high), 1)
    return table


def test_the_published_example() -> None:
    """ISCA 2008, Figure 5: p = h = 2, a = 4, radix 7: 9 groups, 36 routers, 72 endpoints, one link between groups."""
    network = Dragonfly(switch=switch(7))
    assert (network.p, network.a, network.h, network.most_groups) == (2, 4, 2, 9)
    assert network.count() == Counts(72, 36, 9 * 6 + 36)
    fabric = network.build()
    assert (links_between(network, fabric)[~np.eye(9, dtype=bool)] == 1).all()
    assert set(fabric.degrees()[72:].tolist()) == {7}
    assert network.farthest() == 4


def test_64_ports_make_263_thousand_endpoints() -> None:
    """The paper's: radix 64 scales to 256 K nodes with three hops; balanced, p = h = 16 and a = 32."""
    network = Dragonfly(switch=SWITCH)
    assert (network.p, network.a, network.h) == (16, 32, 16)
    assert network.count() == Counts(513 * 512, 513 * 32, 513 * 496 + 513 * 256)


def test_fewer_groups_have_more_links_to_each_other() -> None:
    network = Dragonfly(switch=SWITCH, groups=511)
    fabric = network.build()
    apart = links_between(network, fabric)
    assert set(fabric.degrees()[fabric.endpoints :].tolist()) == {16 + 31 + 16}
    assert sorted(np.unique(apart[0, 1:], return_counts=True)[1].tolist()) == [2, 508]
    two = network.build(2 * 512)
    assert links_between(network, two).tolist() == [[2 * 496, 512], [512, 2 * 496]]


def test_an_odd_end_stays_empty() -> None:
    """Three groups with 1 x 3 ends each: 9 ends make 4 links, but groups are all alike, so 3 are used."""
    network = Dragonfly(switch=switch(9), endpoints_per_switch=1, switches_per_group=1, global_links=3, groups=3)
    assert network.count().links == 3
    assert links_between(network, network.build()).tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("groups: 600", "groups: read 600; a group has 512 links to others: write 513 or less"),
        ("global_links: 40", "16 endpoints, 31 switches of the group and 40 links to other groups are 87 ports"),
    ],
)
def test_what_a_switch_cannot_be_part_of_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        loads(f"kind: dragonfly\nswitch: quantum-2\n{text}\n", Dragonfly, Catalogue(built_in()))
    assert said in str(refused.value)
