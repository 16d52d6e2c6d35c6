"""The two-layer example of EPLB's README (github.com/deepseek-ai/EPLB, commit d52c72d), number by number."""

from __future__ import annotations

import numpy as np
import pytest

from workloads.balance import balanced, eplb
from workloads.placement import Slots, busiest_over_mean, unreplicated_tokens

TOKENS = np.array(
    [
        [90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86],
        [20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27],
    ],
    dtype=float,
)
SLOTS = Slots(replicas=16, gpus=8, groups=4, nodes=2)
PLACED = [
    [5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1],
    [7, 10, 6, 8, 6, 11, 8, 9, 2, 4, 5, 1, 5, 0, 3, 1],
]


def test_every_slot_holds_the_published_expert() -> None:
    assert eplb(TOKENS, SLOTS).expert.tolist() == PLACED


def test_the_never_worse_placement_is_the_published_one() -> None:
    assert balanced(TOKENS, SLOTS).expert.tolist() == PLACED


def test_four_experts_of_each_layer_get_a_second_replica() -> None:
    assert [np.flatnonzero(row == 2).tolist() for row in eplb(TOKENS, SLOTS).copies(12)] == [
        [1, 4, 5, 10],
        [1, 5, 6, 8],
    ]


def test_the_busiest_gpu_by_hand() -> None:
    """Layer 0: GPU 6 holds experts 0 and 1, 90 + 132/2 = 156; in order GPU 6 holds experts 9 and 10, 56 + 183."""
    after = busiest_over_mean(balanced(TOKENS, SLOTS).gpu_tokens(TOKENS))
    assert after == pytest.approx([156 * 8 / 1033, 179.5 * 8 / 1156])
    before = busiest_over_mean(unreplicated_tokens(TOKENS, 8))
    assert before == pytest.approx([239 * 8 / 1033, 344 * 8 / 1156])
