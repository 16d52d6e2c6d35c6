"""Flows that share links, by hand: rates, completions, lanes, latencies, starts."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.flows.demand import all_to_all, demand, together
from simulator.flows.paths import paths_of
from simulator.flows.routing import ByDestination, Ecmp, Spray, carried, route
from simulator.flows.run import Setting, run
from simulator.flows.sharing import Exact, Load, Windows, play, rates_bytes_per_s
from tests.small_fabrics import LATENCY_S, RATE_BYTES_PER_S, fat_tree, star
from topologies.fabric import wired


def load(rows: list[list[int]], capacity: list[float], size: list[float], lane: list[int] | None = None) -> Load:
    """Flows that all enter at 0."""
    lanes = np.array(lane or [0] * len(rows), np.uint8)
    return Load(paths_of(rows), np.array(capacity, float), np.array(size, float), np.zeros(len(rows)), lanes)


def test_a_long_flow_gets_what_its_narrowest_link_gives_and_the_others_the_rest() -> None:
    """Bertsekas and Gallager's figure 6.17: link 0 of 1 with flows a b c, link 1 of 2 with a and d: 1/3 each, d 5/3."""
    rates = rates_bytes_per_s(load([[0, 1], [0], [0], [1]], [1, 2], [1, 1, 1, 1]))
    assert rates == pytest.approx([1 / 3, 1 / 3, 1 / 3, 5 / 3], rel=1e-12)


def test_two_flows_on_a_link_the_shorter_ends_first_and_the_longer_speeds_up() -> None:
    """1 and 3 bytes at 1 byte/s: halves until t = 2, then 2 bytes alone: 4."""
    assert play(load([[0], [0]], [1], [1, 3]), Exact()).finish_s == pytest.approx([2, 4], rel=1e-12)


def test_a_flow_that_enters_later_takes_its_half_from_then_on() -> None:
    """4 bytes alone until t = 1; then 3 left and 1 new at 1/2 each: the new one ends at 3, the old one at 5."""
    flows = Load(paths_of([[0], [0]]), np.ones(1), np.array([4.0, 1.0]), np.array([0.0, 1.0]), np.zeros(2, np.uint8))
    assert play(flows, Exact()).finish_s == pytest.approx([5, 3], rel=1e-12)


def test_a_lower_lane_goes_first_and_leaves_the_rest() -> None:
    """Lane 0 is held to 1 byte/s by its link 1, so lane 1 gets 2 of the 3 on link 0, lane 2 what is left: 7 / 3 s."""
    flows = load([[0, 1], [0], [0]], [3, 1], [2, 2, 3], lane=[0, 1, 2])
    assert rates_bytes_per_s(flows) == pytest.approx([1, 2, 0], abs=1e-12)
    assert play(flows, Exact()).finish_s == pytest.approx([2, 1, 7 / 3], rel=1e-9)


def test_windows_waste_next_to_nothing_of_a_single_link() -> None:
    """Bytes are shared in a window, so what ending flows leave is used in it; 500 flows end when all bytes are sent."""
    size = np.random.default_rng(0).uniform(1, 2, 500)
    flows = load([[0]] * 500, [1], size.tolist())
    assert play(flows, Windows(0.01)).finish_s.max() == pytest.approx(size.sum(), rel=1e-4)


def test_the_first_byte_waits_for_the_latency_of_the_way() -> None:
    """One switch, then three."""
    tree = fat_tree(8, 4, 2)
    done = run(tree, demand([0, 0], [1, 2], 1e6, start_s=[0, 1]), Setting())
    assert done.finish_s == pytest.approx(
        [1e6 / RATE_BYTES_PER_S + LATENCY_S, 1 + 1e6 / RATE_BYTES_PER_S + 3 * LATENCY_S]
    )


def test_nothing_to_send_or_nowhere_to_go_ends_at_once() -> None:
    """No bytes; and from an endpoint to itself."""
    done = run(star(4), demand([0, 2], [1, 2], [0.0, 5.0], start_s=2.0), Setting())
    assert done.finish_s == pytest.approx([2 + LATENCY_S, 2])


def test_pairs_in_a_tree_without_collisions_send_at_the_rate_of_their_ports() -> None:
    """All endpoints of a leaf to the same places under the next: sprayed, or by destination, no two share a link."""
    tree = fat_tree(32, 8, 2)
    ends = np.arange(32)
    flows = demand(ends, (ends + 4) % 32, 1e6)
    for routing in (ByDestination(), Spray(), Spray(by_width=True)):
        assert run(tree, flows, Setting(routing)).makespan_s == pytest.approx(1e-3 + 3 * LATENCY_S)
    assert run(tree, flows, Setting(Ecmp(1))).makespan_s > 1.9e-3


def test_hashed_ways_are_shortest_and_the_same_for_the_same_seed() -> None:
    """Ways between leaves of a pod are 4 links, across pods 6; other seeds choose others."""
    tree = fat_tree(128, 8, 3)
    flows = all_to_all(np.ones((128, 128)))
    first, again, other = (route(tree, flows, Ecmp(seed)).paths for seed in (3, 3, 4))
    leaf, pod = (np.stack([flows.source, flows.destination]) // size for size in (4, 16))
    want = np.where(leaf[0] == leaf[1], 2, np.where(pod[0] == pod[1], 4, 6))
    assert (first.lengths() == want).all()
    assert (first.link == again.link).all() and (first.link != other.link).any()
    ends = np.repeat(flows.source, first.lengths())
    begins = np.zeros(len(first.link), np.bool_)
    begins[first.start[:-1]] = True
    tails = np.where(begins, ends, np.roll(tree.link_to[first.link], 1))
    assert (tree.link_from[first.link] == tails).all()
    assert (tree.link_to[first.link[first.start[1:] - 1]] == flows.destination).all()


def test_an_endpoint_with_two_ports_forwards_nothing() -> None:
    """Endpoint 2 is on both switches: reached from either side, sending to either, but no way from 0 to 1."""
    ends, switches = np.array([0, 1, 2, 2], np.int32), np.array([3, 4, 3, 4], np.int32)
    fabric = wired(3, 2, (ends, switches, np.zeros(4, np.int32)), RATE_BYTES_PER_S, 0.0)
    done = run(fabric, demand([0, 1, 2, 2, 0], [2, 2, 0, 1, 1], 1e6), Setting())
    assert done.finish_s == pytest.approx([1e-3, 1e-3, 1e-3, 1e-3, np.inf])


def test_links_are_left_out_only_where_endpoints_have_one_cable() -> None:
    ends, switches = np.array([0, 1, 1], np.int32), np.array([2, 2, 2], np.int32)
    fabric = wired(2, 1, (ends, switches, np.zeros(3, np.int32)), RATE_BYTES_PER_S, 0.0)
    with pytest.raises(ValueError, match="one cable each"):
        run(fabric, demand(0, 1, 1.0), Setting(Spray(binding_only=True)))


def test_hashing_spreads_flows_over_all_uplinks() -> None:
    """16,256 flows over uplinks that carry 31 x 4 x 4 / 4 each on average: none is more than 5 deviations off."""
    tree = fat_tree(128, 8, 3)
    flows = all_to_all(np.ones((128, 128)))
    loads = carried(route(tree, flows, Ecmp()).paths, flows.size_bytes, len(tree.link_from))
    up = (tree.link_from >= 128) & (tree.link_from < 128 + 32) & (tree.link_to >= 128)
    assert loads[up].mean() == pytest.approx(124)
    assert np.abs(loads[up] - 124).max() < 5 * np.sqrt(124)


def test_sprayed_bytes_add_up_at_every_port() -> None:
    """Each endpoint sends and receives everything once; uplinks of a leaf carry equal parts."""
    tree = fat_tree(128, 8, 3)
    flows = all_to_all(np.ones((128, 128)))
    loads = carried(route(tree, flows, Spray()).paths, flows.size_bytes, len(tree.link_from))
    port = (tree.link_from < 128) | (tree.link_to < 128)
    up = (tree.link_from >= 128) & (tree.link_from < 128 + 32) & (tree.link_to >= 128)
    assert loads[port] == pytest.approx(127)
    assert loads[up] == pytest.approx(124)


def test_classes_of_traffic_share_a_port_or_go_first() -> None:
    """Two classes of 1 GB over one port: 2 s each; with lanes the first takes 1 s and the second ends at 2 s."""
    flat = star(4, latency_s=0.0)
    both = together(demand(0, 1, 1e9, traffic=0), demand(0, 2, 1e9, traffic=1))
    assert run(flat, both, Setting()).finish_s == pytest.approx([2, 2])
    assert run(flat, both, Setting(lanes=(1, 0))).finish_s == pytest.approx([2, 1])


def test_no_flows_take_no_time() -> None:
    done = run(star(2), demand([], [], []), Setting())
    assert (done.makespan_s, done.stranded, done.carried_bytes.sum()) == (0, 0, 0)


def test_equal_loads_are_played_once() -> None:
    """The same arrays again give the same result object."""
    first, again = (play(load([[0], [0]], [1], [1, 3]), Exact()) for _ in range(2))
    assert first is again


@pytest.mark.parametrize("epsilon", [0.0, 0.1, -1.0])
def test_windows_that_cannot_be_are_refused(epsilon: float) -> None:
    with pytest.raises(ValueError, match="allowed: above 0, at most"):
        Windows(epsilon)


def test_demands_and_lanes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="allowed: 0 or more"):
        demand(0, 1, -1.0)
    with pytest.raises(ValueError, match="allowed: 0 or later"):
        demand(0, 1, 1.0, start_s=np.inf)
    with pytest.raises(ValueError, match="lanes"):
        run(star(2), demand(0, 1, 1.0, traffic=1), Setting(lanes=(0,)))
