"""Links, ports, switches and planes that are down or slow, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.flows.demand import all_to_all, demand
from simulator.flows.faults import Fault, cable, plane, remains, vertex, with_faults
from simulator.flows.routing import ByDestination, Ecmp, Spray
from simulator.flows.run import Outcome, Setting, run
from simulator.flows.sharing import Windows
from tests.small_fabrics import LATENCY_S, RATE_BYTES_PER_S, fat_tree, planes, star
from topologies.fabric import Fabric

NODES, PLANES = 16, 8
NODE_BYTES = 7e6


def between_nodes(alive: list[int]) -> Outcome:
    """Every node sends as much to every other, in equal parts over the planes that are alive."""
    fabric = planes(NODES, PLANES, 8)
    pairs = all_to_all(np.full((NODES, NODES), NODE_BYTES / len(alive)))
    source = np.concatenate([pairs.source * PLANES + one for one in alive])
    destination = np.concatenate([pairs.destination * PLANES + one for one in alive])
    flows = demand(source, destination, NODE_BYTES / len(alive))
    dead = Fault(tuple(link for one in range(PLANES) if one not in alive for link in plane(fabric, one)))
    return run(fabric, flows, Setting(Spray(), faults=(dead,)))


def test_with_one_plane_of_eight_lost_the_others_take_an_eighth_longer() -> None:
    """15 x 7 MB over 8 ports of 1 GB/s: 13.125 ms; over 7: 15 ms; and the latency of three switches."""
    whole, damaged = between_nodes([*range(8)]), between_nodes([0, 1, 2, 4, 5, 6, 7])
    assert whole.makespan_s == pytest.approx(15 * NODE_BYTES / 8 / RATE_BYTES_PER_S + 3 * LATENCY_S, rel=1e-3)
    assert damaged.makespan_s == pytest.approx(15 * NODE_BYTES / 7 / RATE_BYTES_PER_S + 3 * LATENCY_S, rel=1e-3)
    assert damaged.stranded == 0


def test_a_lost_plane_of_eight_leaves_seven_eighths() -> None:
    """Of endpoints, of pairs (planes do not reach each other), of ports and of links between switches."""
    fabric = planes(NODES, PLANES, 8)
    left = remains(fabric, with_faults(fabric, [Fault(plane(fabric, 3))], 0.0))
    assert left.endpoints == 7 * NODES
    assert (left.pairs_ratio, left.ports_ratio, left.switches_ratio) == pytest.approx((7 / 8, 7 / 8, 7 / 8))


def test_a_lost_leaf_takes_its_endpoints_with_it() -> None:
    """8 leaves of 4: 28 of 32 endpoints remain, 28 x 27 of 32 x 31 pairs, 7/8 of ports and uplinks."""
    fabric = fat_tree(32, 8, 2)
    fault = Fault(vertex(fabric, 32 + 5))
    left = remains(fabric, with_faults(fabric, [fault], 0.0))
    assert left.endpoints == 28
    assert left.pairs_ratio == pytest.approx(28 * 27 / (32 * 31))
    assert (left.ports_ratio, left.switches_ratio) == pytest.approx((7 / 8, 7 / 8))
    done = run(fabric, all_to_all(np.full((32, 32), 1e6)), Setting(Spray(), faults=(fault,)))
    assert done.stranded == 32 * 31 - 28 * 27
    ended = done.finish_s[np.isfinite(done.finish_s)]
    assert ended.max() == pytest.approx(27e6 / RATE_BYTES_PER_S + 3 * LATENCY_S, rel=1e-3)


def test_a_lost_spine_leaves_three_quarters_of_the_way_between_leaves() -> None:
    """4 endpoints of a leaf send to other leaves over 3 uplinks instead of 4: 4/3 of the time."""
    fabric = fat_tree(32, 8, 2, latency_s=0.0)
    ends = np.arange(32)
    flows = demand(ends, (ends + 4) % 32, 3e6)
    fault = Fault(vertex(fabric, 32 + 8))
    assert run(fabric, flows, Setting(Spray())).makespan_s == pytest.approx(3e-3)
    assert run(fabric, flows, Setting(Spray(), faults=(fault,))).makespan_s == pytest.approx(4e-3)


def test_a_dead_port_strands_its_flows_and_no_others() -> None:
    """NIC of endpoint 2; its flows wait for good, and what is said of them is infinite."""
    fabric = star(4)
    done = run(fabric, demand([0, 2], [1, 3], 1e6), Setting(faults=(Fault(vertex(fabric, 2)),)))
    assert done.finish_s == pytest.approx([1e-3 + LATENCY_S, np.inf])
    assert (done.stranded, done.sent_bytes.tolist()) == (1, [1e6, 0])


def test_a_link_at_half_rate_from_the_middle_on_makes_the_second_half_twice_as_long() -> None:
    """1 ms of sending: half of it done at 0.5 ms, the rest takes 1 ms."""
    fabric = star(2, latency_s=0.0)
    slow = Fault((0,), left_ratio=0.5, begin_s=0.5e-3)
    assert run(fabric, demand(0, 1, 1e6), Setting(faults=(slow,))).makespan_s == pytest.approx(1.5e-3)


def test_a_link_that_comes_back_lets_its_flow_go_on() -> None:
    """Down from 0.25 to 1.25 ms: a flow of 1 ms ends at 2 ms, also where it only begins in between (then 2.25)."""
    fabric = star(4, latency_s=0.0)
    gap = Fault(vertex(fabric, 0), begin_s=0.25e-3, end_s=1.25e-3)
    assert run(fabric, demand(0, 1, 1e6), Setting(faults=(gap,))).makespan_s == pytest.approx(2e-3)
    later = run(fabric, demand(0, 1, 1e6, start_s=0.5e-3), Setting(faults=(gap,)))
    assert later.makespan_s == pytest.approx(2.25e-3)


def spine_lost(fabric: Fabric, reroute_s: float) -> Outcome:
    """One flow between leaves whose uplink breaks after 0.4 ms of 1 ms."""
    flows = demand(0, 7, 1e6)
    used = run(fabric, flows, Setting(ByDestination())).carried_bytes > 0
    inner = np.flatnonzero(used & (fabric.link_from >= fabric.endpoints) & (fabric.link_to >= fabric.endpoints))
    broken = Fault(cable(fabric, int(inner[0])), begin_s=0.4e-3, reroute_s=reroute_s)
    return run(fabric, flows, Setting(ByDestination(), faults=(broken,)))


def test_a_flow_on_a_broken_link_goes_on_over_another_way() -> None:
    """At once: nothing is lost but the link; after 0.2 ms: it ends 0.2 ms later. The old way carried 0.4 MB."""
    fabric = fat_tree(8, 4, 2, latency_s=0.0)
    at_once, late = spine_lost(fabric, 0.0), spine_lost(fabric, 0.2e-3)
    assert at_once.makespan_s == pytest.approx(1e-3)
    assert late.makespan_s == pytest.approx(1.2e-3)
    inner = (fabric.link_from >= 8) & (fabric.link_to >= 8)
    assert np.sort(late.carried_bytes[inner])[-4:] == pytest.approx([0.4e6, 0.4e6, 0.6e6, 0.6e6])


def test_adaptive_spraying_sends_less_where_less_gets_through() -> None:
    """One of 4 uplinks at a half: equal parts wait for it, 2 x as long; by width 3.5 of 4 are used: 8/7."""
    fabric = fat_tree(8, 8, 2, latency_s=0.0)
    up = int(np.flatnonzero((fabric.link_from == 8) & (fabric.link_to >= 10))[0])
    slow = (Fault((up,), left_ratio=0.5),)
    flows = demand([0, 1, 2, 3], [4, 5, 6, 7], 1e6)
    assert run(fabric, flows, Setting(Spray(), faults=slow)).makespan_s == pytest.approx(2e-3)
    assert run(fabric, flows, Setting(Spray(by_width=True), faults=slow)).makespan_s == pytest.approx(8 / 7 * 1e-3)


def test_windows_stop_at_faults_too() -> None:
    """Degraded from 5 ms on, in windows and exactly: the same end within the stated epsilon."""
    fabric = fat_tree(32, 8, 2)
    flows = all_to_all(np.random.default_rng(0).uniform(1e5, 1e6, (32, 32)))
    slow = (Fault(vertex(fabric, 33), left_ratio=0.5, begin_s=5e-3), Fault(vertex(fabric, 40), begin_s=7e-3))
    exact = run(fabric, flows, Setting(Ecmp(), faults=slow))
    near = run(fabric, flows, Setting(Ecmp(), Windows(0.01), faults=slow))
    assert np.abs(near.finish_s / exact.finish_s - 1).mean() < 0.005
    assert near.stranded == exact.stranded == 0


def test_faults_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="needs all links"):
        Setting(Spray(binding_only=True), faults=(Fault((0,), reroute_s=1.0),))
    with pytest.raises(ValueError, match="allowed: 0 to 1"):
        Fault((0,), left_ratio=1.5)
    with pytest.raises(ValueError, match="a later end"):
        Fault((0,), begin_s=2.0, end_s=1.0)
