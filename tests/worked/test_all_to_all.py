"""Dispatch and combine by hand: bytes on each link, what binds, who posts, and the published limits of decode."""

from __future__ import annotations

from typing import TypeVar

import pytest

from simulator.all_to_all import low_latency, normal
from simulator.all_to_all.limits import decode_limit
from simulator.all_to_all.low_latency import Batch
from simulator.collectives import Links, Spread
from topologies.all_to_all import LowLatencyKernels, NormalKernels, Posting

Kernels = TypeVar("Kernels", NormalKernels, LowLatencyKernels, Posting)
LINKS = Links(gpus_per_node=8, nvlink_bytes_per_s=100.0, nvlink_latency_s=0.5, network_bytes_per_s=9.0,
              network_latency_s=2.0, port_bytes_per_s=10.0)  # fmt: skip
GPU = Posting(by="gpu", latency_s=0.25, message_s=0.01, queue_pairs=1)
NORMAL = NormalKernels(sms_per_channel=2, channel_bytes_per_s=20.0, staged_ratio=0.5, network_ratio=0.8,
                       message_tokens=5, posting=GPU, layout_s=3.0, notify_s=1.0)  # fmt: skip
LOW = LowLatencyKernels(nvlink=True, network_ratio=0.8, posting=GPU, header_bytes=1, dispatch_start_s=4.0,
                        combine_start_s=6.0, hook_sms=0)  # fmt: skip
FAR = Spread(nodes=4, gpus=7, other_nodes=3, nvlink_hops=6, experts=14)
NEAR = Spread(nodes=1, gpus=4, other_nodes=0, nvlink_hops=3.5, experts=8)


def test_a_token_takes_the_network_once_for_each_other_node() -> None:
    """10 tokens of 4 bytes to 3 nodes: 120 bytes at 8/s; 6 hops are 240 at 100/s; copied are 40 x (7 + 4/2)."""
    on = normal.carrier(NORMAL, LINKS, sms=24)
    moved = on.carry(normal.load(10, 4.0, FAR, NORMAL))
    assert (moved.network_bytes, moved.nvlink_bytes, moved.bound) == (120, 240, "network")
    assert moved.seconds == pytest.approx(15 + 2 + 0.25 + 0.5)


def test_without_forwarding_it_takes_the_network_once_for_each_gpu_elsewhere() -> None:
    """7 GPUs, of which 3/4 are on other nodes: 5.25 x 40 bytes; the own node keeps a quarter of the hops."""
    straight = replace_spec(NORMAL, copies="gpu")
    asked = normal.load(10, 4.0, FAR, straight)
    assert (asked.network_bytes, asked.nvlink_bytes) == (210, 60)
    twice = normal.load(10, 4.0, FAR, replace_spec(NORMAL, copies="expert"))
    assert (twice.network_bytes, twice.nvlink_bytes) == (420, 120)
    moved = normal.carrier(straight, LINKS, sms=24).carry(asked)
    assert moved.seconds == pytest.approx(210 / 8 + 2.25)


def test_few_multiprocessors_bind() -> None:
    """Two are one channel: 40 x 9 bytes at 20/s. Inside a node nothing is laid out: 40 x 4."""
    on = normal.carrier(NORMAL, LINKS, sms=2)
    assert on.carry(normal.load(10, 4.0, FAR, NORMAL)).bound == "sms"
    assert on.carry(normal.load(10, 4.0, FAR, NORMAL)).seconds == pytest.approx(360 / 20 + 2.75)
    assert on.carry(normal.load(10, 4.0, NEAR, NORMAL)).seconds == pytest.approx(160 / 20 + 0.5)


def test_only_a_new_routing_is_counted_first() -> None:
    """Telling takes 1 s each time, counting 3 s before a forward dispatch."""
    on = normal.carrier(NORMAL, LINKS, sms=24)
    asked = normal.load(10, 4.0, FAR, NORMAL)
    bare_s = on.carry(asked).seconds
    assert normal.dispatch(asked, on, NORMAL).seconds == pytest.approx(bare_s + 4)
    assert normal.dispatch(asked, on, NORMAL, counted=False).seconds == pytest.approx(bare_s + 1)
    assert normal.combine(asked, on, NORMAL).seconds == pytest.approx(bare_s + 1)


def test_a_slow_poster_binds() -> None:
    """10 tokens to 3 nodes, 5 a message: 6 messages of 4 s each."""
    slow = replace_spec(NORMAL, posting=replace_spec(GPU, by="cpu-proxy", message_s=4.0))
    moved = normal.carrier(slow, LINKS, sms=24).carry(normal.load(10, 4.0, FAR, slow))
    assert moved.bound == "messages"
    assert moved.seconds == pytest.approx(24 + 2.75)


def test_low_latency_sends_each_choice_by_itself() -> None:
    """10 tokens x 2 experts on 16 GPUs: 7/16 of 20 rows inside the node, 8/16 outside, one stays."""
    batch = Batch(tokens=10, copies=2, ranks=16)
    moved = low_latency.dispatch(batch, 3.0, LOW, LINKS)
    assert (moved.nvlink_bytes, moved.network_bytes) == (35, 40)
    assert moved.seconds == pytest.approx(4 + 40 / 8 + 2.25)
    assert low_latency.combine(batch, 3.0, LOW, LINKS).seconds == pytest.approx(6 + 30 / 8 + 2.25)


def test_low_latency_without_nvlink_sends_all_but_its_own_over_the_network() -> None:
    """15/16 of 20 rows of 4 bytes."""
    moved = low_latency.dispatch(Batch(10, 2, 16), 3.0, replace_spec(LOW, nvlink=False), LINKS)
    assert (moved.nvlink_bytes, moved.network_bytes) == (0, 75)


def test_a_gpu_alone_sends_nothing() -> None:
    """Both rows stay."""
    assert low_latency.dispatch(Batch(1, 2, 1), 3.0, LOW, LINKS).network_bytes == 0


@pytest.mark.parametrize(
    ("hidden", "exchange_s", "layer_s", "tpot_s"),
    [(7000, 120.96e-6, 241.92e-6, 14.76e-3), (7168, 123.86e-6, 247.73e-6, 15.11e-3)],
)
def test_the_limit_of_an_infiniband_port(hidden: int, exchange_s: float, layer_s: float, tpot_s: float) -> None:
    """arXiv 2505.09343, 2.3.2: 32 tokens, 9 experts, 61 layers, 50 GB/s; 67 tokens a second with 7,000 elements."""
    limit = decode_limit(tokens=32, experts=9, hidden=hidden, layers=61, link_bytes_per_s=50e9)
    assert limit.exchange_s == pytest.approx(exchange_s, rel=1e-4)
    assert limit.layer_s == pytest.approx(layer_s, rel=1e-4)
    assert limit.tpot_s == pytest.approx(tpot_s, rel=5e-4)
    if hidden == 7000:
        assert int(limit.tokens_per_s) == 67


@pytest.mark.parametrize(("hidden", "exchange_s", "tpot_s"), [(7000, 6.72e-6, 0.82e-3), (7168, 6.88e-6, 0.84e-3)])
def test_the_limit_of_an_nvl72_rack(hidden: int, exchange_s: float, tpot_s: float) -> None:
    """The same over 900 GB/s."""
    limit = decode_limit(tokens=32, experts=9, hidden=hidden, layers=61, link_bytes_per_s=900e9)
    assert limit.exchange_s == pytest.approx(exchange_s, rel=1e-3)
    assert limit.tpot_s == pytest.approx(tpot_s, rel=1e-2)


def replace_spec(spec: Kernels, **changes: object) -> Kernels:
    """The same value with fields changed."""
    return spec.model_copy(update=changes)
