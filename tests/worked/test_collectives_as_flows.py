"""Collectives as rounds of flows take what their closed forms say, where nothing collides on the way."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.flows import closed, rounds
from simulator.flows.closed import Port
from simulator.flows.demand import all_to_all
from simulator.flows.rounds import Round
from simulator.flows.routing import Ecmp, Spray, carried, route
from simulator.flows.run import Setting, run
from tests.small_fabrics import LATENCY_S, RATE_BYTES_PER_S, fat_tree, star

PORT = Port(RATE_BYTES_PER_S, LATENCY_S)
BUFFER_BYTES = 64e6


def on_a_switch(steps: list[Round], ranks: int) -> float:
    """Seconds of the rounds on one switch."""
    return rounds.seconds(star(ranks), steps, Setting())


@pytest.mark.parametrize("ranks", [2, 5, 8, 32])
def test_rings(ranks: int) -> None:
    group = range(ranks)
    half = closed.ring_reduce_scatter_s(ranks, BUFFER_BYTES, PORT)
    assert on_a_switch(rounds.ring_reduce_scatter(group, BUFFER_BYTES), ranks) == pytest.approx(half, rel=1e-9)
    assert half == pytest.approx((ranks - 1) * (LATENCY_S + BUFFER_BYTES / ranks / RATE_BYTES_PER_S))
    whole = closed.ring_all_reduce_s(ranks, BUFFER_BYTES, PORT)
    assert on_a_switch(rounds.ring_all_reduce(group, BUFFER_BYTES), ranks) == pytest.approx(whole, rel=1e-9)


@pytest.mark.parametrize("ranks", [2, 8, 64])
def test_recursive_halving(ranks: int) -> None:
    want = closed.halving_all_reduce_s(ranks, BUFFER_BYTES, PORT)
    assert on_a_switch(rounds.halving_all_reduce(range(ranks), BUFFER_BYTES), ranks) == pytest.approx(want, rel=1e-9)
    half = closed.halving_reduce_scatter_s(ranks, BUFFER_BYTES, PORT)
    assert on_a_switch(rounds.halving_reduce_scatter(range(ranks), BUFFER_BYTES), ranks) == pytest.approx(
        half, rel=1e-9
    )


def test_recursive_halving_needs_a_power_of_two() -> None:
    with pytest.raises(ValueError, match="among 6 ranks"):
        rounds.halving_reduce_scatter(range(6), BUFFER_BYTES)


@pytest.mark.parametrize("ranks", [2, 3, 8, 9])
def test_trees(ranks: int) -> None:
    want = closed.tree_broadcast_s(ranks, BUFFER_BYTES, PORT)
    assert on_a_switch(rounds.tree_broadcast(range(ranks), BUFFER_BYTES), ranks) == pytest.approx(want, rel=1e-9)
    want = closed.tree_all_reduce_s(ranks, BUFFER_BYTES, PORT)
    assert on_a_switch(rounds.tree_all_reduce(range(ranks), BUFFER_BYTES), ranks) == pytest.approx(want, rel=1e-9)


def test_a_direct_all_to_all_on_a_switch_and_sprayed_through_a_tree() -> None:
    """Equal pairs: every port is busy all the time; through the tree the longest way's latency counts."""
    size = np.full((32, 32), 1e6)
    want = closed.all_to_all(size, PORT).seconds
    assert on_a_switch(rounds.direct_all_to_all(range(32), 1e6), 32) == pytest.approx(want, rel=1e-9)
    sprayed = run(fat_tree(32, 8, 2, latency_s=0.0), all_to_all(size), Setting(Spray()))
    assert sprayed.makespan_s == pytest.approx(want - LATENCY_S, rel=1e-9)


def test_a_hierarchical_all_to_all() -> None:
    groups = np.arange(32).reshape(4, 8)
    want = closed.hierarchical_all_to_all_s(4, 8, 1e6, PORT)
    steps = rounds.hierarchical_all_to_all(groups.tolist(), 1e6)
    assert rounds.seconds(star(32), steps, Setting()) == pytest.approx(want, rel=1e-9)
    assert want == pytest.approx(7 * 4e-3 + 3 * 8e-3 + 2 * LATENCY_S)


def test_uneven_pairs_are_never_faster_than_their_busiest_port() -> None:
    """The port bound is a bound for uneven pairs, and names the port."""
    size = np.random.default_rng(0).uniform(0, 1e6, (16, 16))
    size[:, 5] *= 3
    bound = closed.all_to_all(size, PORT)
    assert (bound.rank, bound.direction) == (5, "receives")
    taken_s = run(star(16), all_to_all(size), Setting()).makespan_s
    assert bound.seconds <= taken_s * (1 + 1e-9)
    assert taken_s < 1.2 * bound.seconds


def test_switches_that_copy_send_a_buffer_once() -> None:
    """Broadcast and all-reduce among 32 in a tree: one buffer over each port, and three switches of latency."""
    tree, want = fat_tree(32, 8, 2), BUFFER_BYTES / RATE_BYTES_PER_S + 3 * LATENCY_S
    assert rounds.multicast_s(tree, range(32), BUFFER_BYTES, Setting()) == pytest.approx(want)
    assert rounds.switched_all_reduce_s(tree, range(32), BUFFER_BYTES, Setting()) == pytest.approx(want)
    assert closed.switched_all_reduce_s(BUFFER_BYTES, Port(RATE_BYTES_PER_S, 3 * LATENCY_S)) == pytest.approx(want)


@pytest.mark.parametrize("seed", range(5))
def test_a_ring_whose_neighbours_collide_takes_as_much_longer_as_its_fullest_link_has_flows(seed: int) -> None:
    """Every neighbour is under another leaf and two flows of a leaf may meet on an uplink."""
    tree, order = fat_tree(8, 4, 2, latency_s=0.0), [0, 2, 4, 6, 1, 3, 5, 7]
    ring = rounds.ring_all_reduce(order, BUFFER_BYTES)
    paths = route(tree, ring[0].flows, Ecmp(seed)).paths
    fullest = carried(paths, np.ones(8), len(tree.link_from)).max()
    flat = closed.ring_all_reduce_s(8, BUFFER_BYTES, Port(RATE_BYTES_PER_S, 0.0))
    assert rounds.seconds(tree, ring, Setting(Ecmp(seed))) == pytest.approx(fullest * flat)
