"""Loads by hand: violation, places, drops; DeepSeek-V3's reach under every node limit."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from workloads.load_statistics import (
    distinct,
    global_max_violation,
    max_violation,
    tokens_of_experts,
    tokens_of_places,
    variation,
)
from workloads.node_limits import free_experts_per_node, node_limits
from workloads.reference.dims import Gate
from workloads.router import capped, dropped_share
from workloads.routing import reach
from workloads.uniform_choice import expected_reach

DEEPSEEK_V3 = Gate(experts=256, top_k=8, groups=8, top_groups=4, score="sigmoid", group_score="best_two", bias=True)
CHOICES = np.array([[0, 1], [0, 3], [0, 2]])
"""Three tokens, two of four experts each."""


def test_tokens_of_experts_and_places() -> None:
    tokens = tokens_of_experts(CHOICES, 4).astype(float)
    assert tokens.tolist() == [3, 1, 1, 1]
    assert tokens_of_places(tokens, 2).tolist() == [4, 2]
    assert distinct(CHOICES // 2, 2).tolist() == [1, 2, 2]
    with pytest.raises(ValueError, match="4 experts do not divide among 3 places"):
        tokens_of_places(tokens, 3)


def test_violation_is_the_largest_load_over_the_mean_less_one() -> None:
    """3 / 1.5 - 1; a layer without tokens is even."""
    assert max_violation(np.array([[3.0, 1, 1, 1], [2, 2, 2, 2], [0, 0, 0, 0]])).tolist() == [1, 0, 0]
    assert variation(np.array([3.0, 1])) == pytest.approx(0.5)


def test_what_evens_out_over_steps_is_in_no_global_violation() -> None:
    steps = np.array([[[3.0, 1]], [[1.0, 3]]])
    assert max_violation(steps).tolist() == [[0.5], [0.5]]
    assert global_max_violation(steps).tolist() == [0]


def test_a_cap_of_one_and_a_half_means_drops_what_is_above() -> None:
    """The mean is 4, so each takes 6: 4 of 16 choices are dropped."""
    tokens = np.array([10.0, 4, 2, 0])
    assert capped(tokens, 1.5).tolist() == [6, 4, 2, 0]
    assert dropped_share(tokens, 1.5) == pytest.approx(4 / 16)
    assert dropped_share(tokens, 3.0) == 0


def test_deepseek_v3s_own_gate_reaches_3_97_nodes_and_7_49_gpus() -> None:
    """Sigmoid, groups ranked by their best two: 64 GPUs, top-8, 4 of 8 groups."""
    far = reach(DEEPSEEK_V3, 64, 8, seed=0)
    assert far.nodes == pytest.approx(3.97, abs=0.01)
    assert far.gpus == pytest.approx(7.49, abs=0.02)


def test_even_choice_within_even_groups_reaches_fewer() -> None:
    """A group's node is missed by 8 of 128 experts with probability C(96, 8) / C(128, 8), a GPU of 4 likewise."""
    far = expected_reach(DEEPSEEK_V3, 64, 8)
    assert far.nodes == pytest.approx(4 * (1 - comb(96, 8) / comb(128, 8)))
    assert far.gpus == pytest.approx(32 * (1 - comb(124, 8) / comb(128, 8)))
    assert (round(far.nodes, 2), round(far.gpus, 2)) == (3.63, 7.36)


def test_places_that_hold_parts_of_several_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="parts of several groups"):
        expected_reach(Gate(24, 2, 6, 2), 4, 1)
    with pytest.raises(ValueError, match="12 experts do not divide among 5 GPUs"):
        expected_reach(Gate(12, 2), 5, 1)


def test_bandwidths_of_160_and_50_leave_3_2_experts_a_node_and_13_a_token() -> None:
    """arXiv 2412.19437, section 3.2.2."""
    free = free_experts_per_node(160e9, 50e9)
    assert free == pytest.approx(3.2)
    assert round(4 * free) == 13


def test_a_node_limit_bounds_nodes_and_network_bytes_and_hardly_moves_nvlink() -> None:
    limits = node_limits(DEEPSEEK_V3, 64, 8, seed=0)
    assert [row.limit for row in limits] == list(range(1, 9))
    assert all(row.reach.nodes <= row.limit for row in limits)
    assert limits[0].experts_per_node == 8
    assert limits[3].network_ratio == limits[3].nvlink_ratio == 1
    assert limits[3].experts_per_node == pytest.approx(2.0, abs=0.03)
    assert limits[0].network_ratio == pytest.approx(1 / limits[3].reach.nodes)
    no_limit = expected_reach(Gate(256, 8), 64, 8)
    assert limits[7].reach.nodes == pytest.approx(no_limit.nodes, rel=0.005)
    assert limits[7].nvlink_ratio == pytest.approx(no_limit.hops / limits[3].reach.hops, rel=0.005)
    assert sorted(row.network_ratio for row in limits) == [row.network_ratio for row in limits]


def test_a_limit_that_leaves_too_few_experts_is_no_row() -> None:
    """Groups of 4: eight experts need two of them."""
    assert node_limits(Gate(32, 8, 8, 4), 32, 4, seed=0)[0].limit == 2


def test_inside_one_node_every_limit_costs_the_network_nothing() -> None:
    assert {row.network_ratio for row in node_limits(DEEPSEEK_V3, 8, 8, seed=0)} == {1.0}
