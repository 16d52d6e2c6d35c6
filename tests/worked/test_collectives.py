"""Collectives by hand: bytes over each link and the slower one's time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.collectives import (
    Group,
    Links,
    all_reduce,
    reduce_scatter,
    send,
)

LINKS = Links(gpus_per_node=8, nvlink_bytes_per_s=100.0, nvlink_latency_s=0.5, network_bytes_per_s=10.0,
              network_latency_s=2.0, port_bytes_per_s=12.5)  # fmt: skip


def test_reduce_scatter_leaves_an_eighth_for_the_network() -> None:
    """8 ranks a node, 4 nodes, 800 bytes: 700 over NVLink, then 100 x 3/4 over the network."""
    transfer = reduce_scatter(800, Group(nodes=4, per_node=8), LINKS)
    assert transfer.nvlink_bytes == 700
    assert transfer.network_bytes == 75
    assert transfer.seconds == pytest.approx(7.5 + 2.5)


def test_all_reduce_is_twice_a_reduce_scatter() -> None:
    """Reduce-scatter, then all-gather of the same size."""
    group = Group(nodes=4, per_node=8)
    assert all_reduce(800, group, LINKS).seconds == 2 * reduce_scatter(800, group, LINKS).seconds


def test_one_rank_alone_sends_nothing() -> None:
    """A group of one has nobody to send to."""
    transfer = reduce_scatter(800, Group(nodes=1, per_node=1), LINKS)
    assert (transfer.seconds, transfer.nvlink_bytes, transfer.network_bytes) == (0, 0, 0)


def test_a_send_takes_the_link_its_receiver_is_on() -> None:
    """NVLink inside a node, the network outside."""
    assert send(50, LINKS, same_node=True).seconds == pytest.approx(0.5 + 0.5)
    assert send(50, LINKS, same_node=False).seconds == pytest.approx(5 + 2)


def test_switches_that_add_up_halve_what_a_sum_sends() -> None:
    """1,600 bytes over 4 nodes of 2: a share of 800 crosses the port once, not 2 x 3/4 of it; NVLink both ways."""
    group = Group(nodes=4, per_node=2)
    ring, summed = all_reduce(1600.0, group, LINKS), all_reduce(1600.0, group, replace(LINKS, network_reduces=True))
    assert ring.network_bytes == pytest.approx(2 * 800 * 3 / 4)
    assert summed.network_bytes == pytest.approx(800)
    assert summed.nvlink_bytes == ring.nvlink_bytes
    assert summed.seconds < ring.seconds


def test_inside_of_a_node_switches_of_the_network_add_up_nothing() -> None:
    group = Group(nodes=1, per_node=8)
    assert all_reduce(1600.0, group, replace(LINKS, network_reduces=True)) == all_reduce(1600.0, group, LINKS)
