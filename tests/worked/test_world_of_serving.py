"""Small worlds of serving worked out by hand: a millisecond a prompt token, 10 ms a decode step and 1 ms a sequence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chisquare

from simulator.serving.tables import StepTable
from simulator.serving.world.playing import play
from simulator.serving.world.spec import (
    Admission,
    DecodeUnits,
    Disaggregated,
    FixedShare,
    Kv,
    PrefillUnits,
    PrefixCache,
    Routing,
    Speculation,
    Swap,
    Tier,
    Transfer,
    Window,
    World,
)
from tests.made_worlds import requests_of
from workloads.requests import Requests

KEYS = np.array([0.0, 1e6])
PROMPTS = StepTable(np.array([0.0, 1e4]), KEYS, np.array([[1e-9, 1e-9], [10.0, 10.0]]))
STEPS = StepTable(np.array([0.0, 1000.0]), KEYS, np.array([[0.010, 0.010], [1.010, 1.010]]))
MOVE = Transfer(0.005, 1e6, 100.0)
"""5 ms and 0.1 ms a token."""


ROOMY = Kv(8, 100_000, 1)


def small(kv: Kv = ROOMY, step_tokens: int = 1000, decodes: int = 1, prefills: int = 1) -> World:
    """One prefill rank, one decode rank."""
    prefill = PrefillUnits(prefills, 1, step_tokens, True, PROMPTS)
    return World(Disaggregated(prefill, DecodeUnits(decodes, 1, kv, STEPS), MOVE))


def near(*values_s: float) -> object:
    """The same instants, but for the 1e-9 s of an empty prefill step."""
    return pytest.approx(values_s, abs=1e-7)


def test_one_request_is_computed_moved_and_decoded() -> None:
    """100 ms; 5 + 10 ms; the second and third token 11 ms each."""
    played = play(requests_of([0], [100], [3]), small())
    told = [played.prefill_start_s, played.first_token_s, played.transfer_end_s, played.finish_s]
    assert [float(one[0]) for one in told] == near(0, 0.100, 0.115, 0.137)


def test_its_first_token_may_wait_for_the_transfer() -> None:
    engines = small().engines
    assert isinstance(engines, Disaggregated)
    late = replace(engines, transfer=replace(MOVE, first_token_after_transfer=True))
    played = play(requests_of([0], [100], [3]), replace(small(), engines=late))
    assert [float(played.first_token_s[0]), float(played.finish_s[0])] == near(0.115, 0.137)


def test_a_long_prompt_is_cut_and_the_next_fills_the_step() -> None:
    """64 tokens, then 36 of the first and 20 of the second."""
    played = play(requests_of([0, 0], [100, 20], [1, 1]), small(step_tokens=64))
    assert played.first_token_s.tolist() == near(0.120, 0.120)
    assert played.prefill_start_s.tolist() == near(0, 0.064)


def test_a_port_sends_one_request_after_the_other() -> None:
    """Both computed after 200 ms; 15 ms each."""
    played = play(requests_of([0, 0], [100, 100], [2, 2]), small())
    assert played.transfer_end_s.tolist() == near(0.215, 0.230)


def test_who_comes_between_steps_joins_the_next() -> None:
    """The first decodes from 115 ms in steps of 11; the second is there at 140 ms, while one goes from 137 to 148."""
    played = play(requests_of([0, 0.115], [100, 10], [6, 2]), small())
    assert played.transfer_end_s.tolist() == near(0.115, 0.131)
    assert played.decode_start_s.tolist() == near(0.115, 0.137)
    assert played.finish_s.tolist() == near(0.115 + 2 * 0.011 + 0.012 + 2 * 0.011, 0.137 + 0.012)


def test_a_cached_half_is_not_computed() -> None:
    played = play(requests_of([0], [100], [1]), replace(small(), cache=FixedShare(0.5)))
    assert played.first_token_s.tolist() == near(0.050)
    assert played.cached_tokens.tolist() == [50]


def twins(gap_s: float) -> Requests:
    """Two prompts of 100 tokens of which the first 64, four blocks, are alike."""
    ids = np.array([1, 2, 3, 4, 10, 11, 12, 1, 2, 3, 4, 20, 21, 22])
    return Requests(np.array([0, gap_s]), np.array([100, 100]), np.array([1, 1]), 16, np.array([0, 7, 14]), ids)


def test_what_another_prompt_left_is_loaded_from_where_it_sank_to() -> None:
    """HBM holds the first 2 blocks, host memory the others: 32 tokens in 2 + 32 x 0.1 ms, then 36 to compute."""
    tiers = (Tier("HBM", 2), Tier("host", 100, 1e6, 0.002))
    played = play(twins(1.0), replace(small(), cache=PrefixCache(tiers, 100.0)))
    assert played.cached_tokens.tolist() == [0, 64]
    assert played.first_token_s.tolist() == near(0.100, 1.0 + 0.0052 + 0.036)


def test_prefixes_draw_a_request_to_where_they_are_until_the_queue_is_too_long() -> None:
    """When the twin comes, the engine with its prefix is busy with a prompt of 100 tokens, the other is idle."""
    cached = replace(small(prefills=2), cache=PrefixCache((Tier("HBM", 100),), 100.0))
    first, arrival_s = twins(0.2), np.array([0.0, 0.15, 0.2])
    ids = np.concatenate([first.block_ids[:7], [1, 2], first.block_ids[7:]])
    hundred, one = np.full(3, 100), np.ones(3, np.int64)
    asked = Requests(arrival_s, hundred, one, 16, np.array([0, 7, 9, 16]), ids)
    for extra, unit in ((68, 0), (67, 1)):
        played = play(asked, replace(cached, routing=Routing("prefix_aware", extra_tokens=extra)))
        assert played.cached_tokens.tolist() == [0, 32, 64 if unit == 0 else 0]
        assert played.prefill_unit.tolist() == [0, 0, unit]


def test_a_failed_decode_engine_costs_a_new_prefill_but_no_token() -> None:
    """Tokens at 100, 126 ms; the engine fails at 130; 102 tokens anew (the third at 232 ms), moved by 247.2 ms."""
    world = replace(small(decodes=2), windows=(Window(1, 0.0, 0.130, "fail"),))
    played = play(requests_of([0], [100], [4]), world)
    assert played.decode_unit.tolist() == [2]
    assert played.first_token_s.tolist() == near(0.100)
    assert played.finish_s.tolist() == near(0.130 + 0.102 + 0.0152 + 0.011)
    assert played.gaps.tokens.sum() == 3


def test_a_draining_engine_finishes_what_it_has() -> None:
    world = replace(small(decodes=2), windows=(Window(1, 0.0, 0.116, "drain"),))
    played = play(requests_of([0, 0.2], [100, 100], [4, 2]), world)
    assert played.decode_unit.tolist() == [1, 2]
    assert [float(played.finish_s[0])] == near(0.148)
    assert played.present_s.tolist()[1] == pytest.approx(0.148, abs=1e-6)


TIGHT = requests_of([0, 0], [10, 11], [6, 6])
"""On a rank with room for 24 tokens. Computed at 21 ms, moved by 27 and 33.1; the first steps until 38, both until 50.

Then 13 + 13 tokens would be needed: the second is put back. The first steps at 50, 61, 72 and is done at 83 ms.
"""


def test_the_youngest_goes_to_host_memory_and_comes_back_when_there_is_room() -> None:
    """Back at 83 + 1 + 1.2 ms with 4 tokens to go."""
    played = play(TIGHT, small(Kv(8, 24, 1, when_full=Swap(0.001, 1e6, 100.0))))
    assert played.preemptions.tolist() == [0, 1]
    assert played.finish_s.tolist() == near(0.083, 0.0852 + 4 * 0.011)


def test_or_its_prompt_and_tokens_are_computed_anew() -> None:
    """13 tokens from 50 to 63 ms give the third token; moved by 69.3, it waits until 83 with 3 tokens to go."""
    played = play(TIGHT, small(Kv(8, 24, 1)))
    assert played.preemptions.tolist() == [0, 1]
    assert played.finish_s.tolist() == near(0.083, 0.083 + 3 * 0.011)


def test_a_queue_limit_turns_away_and_patience_ends() -> None:
    asked = requests_of([0, 0.01, 0.02, 0.03], [100] * 4, [1] * 4)
    one = play(asked, replace(small(step_tokens=100), admission=Admission(most_waiting=2)))
    assert one.counts()["turned away"] == 1
    two = play(asked, replace(small(step_tokens=100), admission=Admission(give_up_s=0.15)))
    assert two.counts() == {"finished": 2, "turned away": 0, "gave up": 2, "no engine left": 0, "preemptions": 0}


def steps_distribution(tokens: int, accepted: tuple[float, float]) -> np.ndarray:
    """[steps - 1]  Exact probability that the tokens take so many steps, by recursion over tokens."""
    per_step = [1 - accepted[0], accepted[0] * (1 - accepted[1]), accepted[0] * accepted[1]]
    left = np.zeros((tokens + 1, tokens + 1))
    left[0, 0] = 1.0
    for step in range(1, tokens + 1):
        for todo in range(1, tokens + 1):
            left[step, todo] = sum(p * left[step - 1, max(todo - n, 0)] for n, p in enumerate(per_step, 1))
    return np.array([left[step, tokens] for step in range(1, tokens + 1)])


def test_speculation_takes_as_many_steps_as_its_draws_one_by_one() -> None:
    """Frequencies of 20,000 requests of 9 tokens against the recursion (chi-square); one seed, so no luck involved."""
    accepted, count = (0.8, 0.6), 20_000
    level = StepTable(np.array([0.0, 1e5]), KEYS, np.full((2, 2), 0.01))
    engines = Disaggregated(PrefillUnits(1, 1, 1000, True, PROMPTS), DecodeUnits(1, 1, Kv(50_000, 10**7), level), MOVE)
    played = play(
        requests_of(np.arange(count) * 0.01, np.ones(count), np.full(count, 10)),
        World(engines, speculation=Speculation(accepted)),
        seed=5,
    )
    steps = np.rint((played.finish_s - played.decode_start_s) / 0.01).astype(int)
    expected = steps_distribution(9, accepted) * count
    found = np.bincount(steps, minlength=10)[1:]
    assert found[expected < 1e-9].sum() == 0
    many = expected > 5
    rare = [found[~many].sum()], [expected[~many].sum()]
    seen, meant = np.concatenate([found[many], rare[0]]), np.concatenate([expected[many], rare[1]])
    assert chisquare(seen[meant > 0], meant[meant > 0]).pvalue > 0.001
