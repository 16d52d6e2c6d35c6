"""A network drawn in YAML: built as drawn, and every flaw told at its line."""

from __future__ import annotations

import pytest

from topologies.catalogue import Catalogue, built_in
from topologies.hardware import Nic
from topologies.kinds.base import Counts
from topologies.kinds.drawn import Drawn
from topologies.spec import InvalidInput, dump, load_entry, loads

CATALOGUE = Catalogue(built_in())
LINES = """kind: drawn
switch: quantum-2
switches: [leaf0, leaf1, spine]
links:
  - {between: [leaf0, spine], count: 16}
  - {between: [leaf1, spine], count: 8, bytes_per_s: 200 Gb/s, latency_s: 50 ns, cable: copper}
endpoints:
  - {switch: leaf0, count: 32}
  - {switch: leaf1, count: 24, bytes_per_s: 100 Gb/s}
"""


def drawn(text: str = LINES) -> Drawn:
    """Read a drawing."""
    return loads(text, Drawn, CATALOGUE, "net.yaml")


def test_a_drawing_is_built_as_it_is() -> None:
    network = drawn()
    assert network.count() == Counts(56, 3, 24)
    fabric = network.build()
    assert (fabric.endpoints, fabric.switches, fabric.switch_links) == network.count()
    assert fabric.degrees()[56:].tolist() == [48, 32, 24]
    assert network.build(40).degrees()[40:].tolist() == [48, 16, 24]
    slow = (fabric.link_from == 57) & (fabric.link_to == 58)
    assert set(fabric.link_bytes_per_s[slow].tolist()) == {25e9}
    assert fabric.link_latency_s[slow] == pytest.approx(0.5e-6)
    assert network.port_bytes_per_s == 12.5e9
    assert network.cabling().links == {"optical": 16, "copper": 8}


def test_distance_latency_and_what_it_carries_come_from_the_graph() -> None:
    network, nic = drawn(), load_entry("nics", "connectx-7", Nic, CATALOGUE)
    assert (network.switches_between(0, 31), network.switches_between(0, 32)) == (1, 3)
    assert network.farthest() == 3
    assert network.farthest_s(nic) == pytest.approx(2 * nic.latency_s + 3 * 0.45e-6 + 50e-9)
    # 32 x 24 pairs of 55 peers over 8 cables of 25 GB/s, in ports of 12.5 GB/s: 16 / (768 / 55).
    assert network.uniform_ratio() == pytest.approx(min(1, 16 * 55 / 768))
    thin = drawn(LINES.replace("count: 8, bytes_per_s: 200", "count: 1, bytes_per_s: 200"))
    assert thin.uniform_ratio() == pytest.approx(2 * 55 / 768)


def test_the_cut_in_order_bounds_the_bisection() -> None:
    """28 endpoints of leaf0 to the other 4 there and 24 on leaf1, which take 4 x 50 + min(8 x 25, 24 x 12.5) GB/s."""
    assert drawn().bisection_bytes_per_s() == 400e9


def test_a_drawing_survives_its_own_yaml() -> None:
    assert loads(dump(drawn()), Drawn) == drawn()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "[leaf1, spine]",
            "[leaf1, spin]",
            "net.yaml:6:23: links.1.between.1: no switch `spin` is drawn (did you mean",
        ),
        ("switch: leaf1,", "switch: leaf2,", "net.yaml:9:14: endpoints.1.switch: no switch `leaf2` is drawn"),
        (
            "[leaf0, leaf1, spine]",
            "[leaf0, leaf1, leaf0, spine]",
            "net.yaml:3:26: switches.2: `leaf0` is written twice",
        ),
        ("[leaf1, spine]", "[leaf1, leaf1]", "net.yaml:6:15: links.1.between: a cable from `leaf1` to itself"),
        (
            "200 Gb/s",
            "800 Gb/s",
            "links.1.bytes_per_s: 100 GB/s is more than a port of quantum-2 has; write 50 GB/s or",
        ),
        ("count: 32", "count: 49", "net.yaml:3:12: switches.0: `leaf0` has 65 cables; a quantum-2 has 64 ports"),
        ("[leaf1, spine]", "[leaf0, spine]", "switches.1: no cables lead from leaf0, spine to leaf1"),
        ("count: 8", "cuont: 8", "links.1.cuont: unknown field (did you mean `count`?)"),
    ],
)
def test_every_flaw_is_told_at_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        drawn(LINES.replace(old, new))
    assert said in str(refused.value)


def test_all_flaws_are_told_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        drawn(LINES.replace("[leaf1, spine]", "[leaf1, spin]").replace("switch: leaf1,", "switch: leaf2,"))
    assert len(refused.value.problems) == 2
