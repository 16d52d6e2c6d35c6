"""Other ways to experts by hand (arXiv 2201.05596, section 5): bytes, messages and what a table saves."""

from __future__ import annotations

import pytest

from simulator.all_to_all.alternatives import Exchange, findings, ways
from simulator.collectives import Group, Links, Spread
from topologies.all_to_all import NormalKernels, Posting

LINKS = Links(gpus_per_node=4, nvlink_bytes_per_s=100.0, nvlink_latency_s=0.0, network_bytes_per_s=10.0,
              network_latency_s=0.0, port_bytes_per_s=10.0)  # fmt: skip
KERNELS = NormalKernels(sms_per_channel=1, channel_bytes_per_s=1e9, staged_ratio=0.0, network_ratio=1.0,
                        message_tokens=1, posting=Posting(by="gpu", latency_s=0.0, message_s=0.0, queue_pairs=1),
                        layout_s=0.0, notify_s=0.0)  # fmt: skip
ASKED = Exchange(tokens=10, token_bytes=2.0, group=Group(nodes=2, per_node=4), tensor=2,
                 spread=Spread(nodes=2, gpus=3, other_nodes=1, nvlink_hops=2, experts=6))  # fmt: skip


def test_each_way_sends_what_it_should() -> None:
    """20 bytes: 6 experts halved between nodes, 3 GPUs, 1 other node; two levels move 6 copies inside first."""
    found = {
        way.name: (way.transfer.network_bytes, way.transfer.nvlink_bytes) for way in ways(ASKED, KERNELS, LINKS, 1)
    }
    assert found == {
        "one copy for each expert": (60, 40),
        "one copy for each GPU": (30, 20),
        "one copy for each node": (20, 40),
        "in two levels, a copy for each expert": (60, 90),
        "each tensor rank its share, then a gather": (10, 20 + 120 / 2),
    }


def test_two_levels_send_fewer_messages_and_tensor_ranks_fewer_still() -> None:
    """8 GPUs: 7 others; 3 in the node and 1 node; 3 of the same tensor rank and 1 to gather from."""
    messages = [way.messages for way in ways(ASKED, KERNELS, LINKS, 1)]
    assert messages == [7, 7, 4, 4, 4]


def test_a_table_moves_rows_where_masks_multiply_with_nothing() -> None:
    """4 tokens of 8 numbers, 2 of 4 experts each, room for 3: masks take 2 x 4 x 12 x 8 FLOP, tables none."""
    masked, table = findings(tokens=4, hidden=8, experts=4, chosen=2, capacity=3)
    assert masked.flop == pytest.approx(768)
    assert (table.flop, table.moved_bytes) == (0, (4 + 8) * 16)
    assert masked.moved_bytes == 4 * 12 * 2 + (4 + 12) * 16
    assert masked.kernels > table.kernels
