"""The compiled world plays exactly as the slow one, whatever its engines, routers, caches, failures."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.serving.world import state as at
from simulator.serving.world.playing import play
from tests.crosscheck.slow_steps import SlowPlay
from tests.made_worlds import random_requests, random_world

TIMES = {
    "prefill_start_s": "started",
    "first_token_s": "first",
    "transfer_end_s": "moved",
    "decode_start_s": "decoding",
    "left_s": "left",
}
ENDS = {"finished": at.FINISHED, "turned away": at.TURNED_AWAY, "gave up": at.GAVE_UP}


def compare(seed: int) -> None:
    """Play one random case both ways; a failure names the case's seed."""
    draw = np.random.default_rng(seed)
    requests = random_requests(draw, int(draw.integers(1, 60)))
    world = random_world(draw, requests)
    fast, slow = play(requests, world, seed), SlowPlay(requests, world, seed).run()
    case = f"seed {seed}: {world}"
    ends = [ENDS.get(job.where, at.STRANDED) for job in slow.jobs]
    assert fast.end.tolist() == ends, case
    for name, key in TIMES.items():
        told = np.array([job.times.get(key, slow.now_s if key == "left" else np.nan) for job in slow.jobs])
        np.testing.assert_allclose(getattr(fast, name), told, rtol=1e-9, atol=1e-9, err_msg=f"{name}, {case}")
    assert fast.cached_tokens.tolist() == [job.hit for job in slow.jobs], case
    assert fast.preemptions.tolist() == [job.preempted for job in slow.jobs], case
    assert fast.prefill_unit.tolist() == [job.prefilled_by for job in slow.jobs], case
    assert fast.decode_unit.tolist() == [job.decoded_by for job in slow.jobs], case
    assert fast.busy_s == pytest.approx([unit.busy_s for unit in slow.units], abs=1e-9), case
    assert fast.gaps.tokens.sum() == len(slow.gaps), case
    assert fast.gaps.sum_s == pytest.approx(sum(slow.gaps), abs=1e-9), case
    assert fast.present_requests_s == pytest.approx(slow.present_s, abs=1e-9), case


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_sixty_random_worlds_play_alike_both_ways(first: int) -> None:
    for seed in range(first, first + 10):
        compare(seed)
