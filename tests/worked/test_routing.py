"""Nodes and GPUs that a token reaches: DeepSeek-V3's published figures, and closed forms where there are some."""

from __future__ import annotations

from math import comb

import pytest

from workloads.reference.dims import Gate
from workloads.routing import reach

DEEPSEEK_V3 = Gate(experts=256, top_k=8, groups=8, top_groups=4)


def test_deepseek_v3_on_64_gpus_reaches_four_nodes_and_seven_and_a_half_gpus() -> None:
    """3.97 nodes and 7.49 GPUs a token through the group-limited gate."""
    far = reach(DEEPSEEK_V3, 64, 8, seed=0)
    assert far.nodes == pytest.approx(3.97, abs=0.02)
    assert far.gpus == pytest.approx(7.49, abs=0.03)
    assert far.other_nodes == pytest.approx(far.nodes * 7 / 8)
    assert far.hops == pytest.approx(far.gpus * 7 / 8)


def test_an_unlimited_gate_spreads_as_combinatorics_say() -> None:
    """Choosing 8 of 256 evenly misses one of 8 nodes with probability C(224, 8) / C(256, 8)."""
    far = reach(Gate(experts=256, top_k=8), 64, 8, seed=0)
    assert far.nodes == pytest.approx(8 * (1 - comb(224, 8) / comb(256, 8)), rel=0.005)
    assert far.gpus == pytest.approx(64 * (1 - comb(252, 8) / comb(256, 8)), rel=0.005)


def test_inside_one_node_nothing_crosses_the_network() -> None:
    """Eight GPUs of one node share all experts."""
    far = reach(DEEPSEEK_V3, 8, 8, seed=0)
    assert (far.nodes, far.other_nodes) == (1, 0)
