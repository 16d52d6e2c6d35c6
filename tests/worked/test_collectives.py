"""Collectives by hand: bytes over each link and the slower one's time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.collectives import (
    Group,
    Links,
    Spread,
    all_reduce,
    expert_all_to_all,
    reduce_scatter,
    send,
    token_links,
)

LINKS = Links(gpus_per_node=8, nvlink_bytes_per_s=100.0, nvlink_latency_s=0.5, network_bytes_per_s=10.0,
              network_latency_s=2.0, network_small_bytes_per_s=8.0)  # fmt: skip


def test_dispatch_takes_the_network_once_for_each_other_node() -> None:
    """10 tokens of 4 bytes to 3 other nodes: 120 bytes at 8/s, as small messages go; 6 hops over NVLink: 240 bytes."""
    links = token_links(LINKS, sms=24)
    transfer = expert_all_to_all(10, 4.0, Spread(nodes=4, gpus=7, other_nodes=3, nvlink_hops=6), links)
    assert transfer.network_bytes == 120
    assert transfer.nvlink_bytes == 240
    assert transfer.seconds == pytest.approx(15 + 2 + 0.5)
    assert transfer.bound == "network"


def test_fewer_multiprocessors_copy_tokens_slower_and_more_no_faster() -> None:
    """12 of 24 halve both rates; 48 change nothing: the links bind."""
    half, more = token_links(LINKS, sms=12), token_links(LINKS, sms=48)
    assert (half.nvlink_bytes_per_s, half.network_bytes_per_s) == (50, 4)
    assert (more.nvlink_bytes_per_s, more.network_bytes_per_s) == (100, 8)


def test_dispatch_inside_a_node_is_bound_by_nvlink() -> None:
    """No other node: only NVLink's bytes and latency count."""
    transfer = expert_all_to_all(10, 4.0, Spread(nodes=1, gpus=4, other_nodes=0, nvlink_hops=3.5), LINKS)
    assert (transfer.network_bytes, transfer.bound) == (0, "nvlink")
    assert transfer.seconds == pytest.approx(140 / 100 + 0.5)


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
