"""What holds for steps of every engine."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.serving.engine import decode, prefill
from simulator.serving.engine.decode import Answers
from simulator.serving.engine.memory import weights_of
from simulator.serving.engine.prefill import Prompts
from simulator.serving.engine.setting import Setting
from simulator.serving.engine.step import Engine
from simulator.serving.engine.tabulated import decode_table, mixed_table, prefill_table
from simulator.serving.planning import plan_service
from tests.engines import BALANCED, decode_engine, prefill_engine, shipped, wide
from workloads.service import changed_service

DECODE, PREFILL = decode_engine(), prefill_engine()
SLACK = 0.02
"""A batch rounded up to whole tiles may take a little less than one just below it."""


@given(st.integers(1, 256), st.integers(0, 128), st.integers(64, 32_768))
@settings(max_examples=40)
def test_more_sequences_never_take_less(sequences: int, more: int, kv_tokens: int) -> None:
    first, second = (decode.step_s(DECODE, Answers(one, kv_tokens)) for one in (sequences, sequences + more))
    assert second >= first * (1 - SLACK)


@given(st.integers(1, 128), st.integers(64, 32_768), st.integers(0, 32_768))
@settings(max_examples=40)
def test_longer_caches_never_take_less(sequences: int, kv_tokens: int, more: int) -> None:
    first, second = (decode.step_s(DECODE, Answers(sequences, kv)) for kv in (kv_tokens, kv_tokens + more))
    assert second >= first * (1 - SLACK)


@given(st.integers(1, 128), st.integers(64, 8_192))
@settings(max_examples=30)
def test_a_step_takes_no_less_than_reading_its_weights_once(sequences: int, kv_tokens: int) -> None:
    held = weights_of(DECODE.setting)
    read_s = held["weights"] / DECODE.setting.gpu.hbm_bytes_per_s
    assert decode.step_s(DECODE, Answers(sequences, kv_tokens)) > read_s


@given(st.integers(256, 16_384), st.integers(256, 8_192))
@settings(max_examples=25)
def test_prompts_in_one_step_take_no_more_than_in_two(tokens: int, keys: int) -> None:
    whole = prefill.prefill_step(PREFILL, Prompts(tokens, keys)).seconds
    half = prefill.prefill_step(PREFILL, Prompts(tokens / 2, keys)).seconds
    assert whole <= 2 * half * (1 + SLACK)


@given(st.integers(2, 12))
@settings(max_examples=8)
def test_what_stays_even_under_a_skewed_router_is_never_slower(seed: int) -> None:
    changes = {"seed": seed, "decode.router": {"kind": "affinity", "domain_strength": 1.2, "correlation": 0.5}}
    skewed, even = decode_engine(changes), decode_engine({"decode.router": BALANCED})
    answers = Answers(128, 4096)
    assert decode.step_s(skewed, answers) >= decode.step_s(even, answers)


def test_every_width_of_expert_parallelism_runs_and_none_is_as_fast_as_another() -> None:
    """Peers give one number for EP128, EP144 and EP320, or refuse them."""
    engines = {72: wide(72, 32), 128: wide(128), 144: wide(144, 32), 320: wide(320, 64)}
    took = {ep: decode.step_s(engine, Answers(96, 4989)) for ep, engine in engines.items()}
    assert len({round(one, 6) for one in took.values()}) == len(took)
    fits = {ep: decode.largest_batch(engine, 4989) for ep, engine in engines.items()}
    assert fits[320] > fits[144] > fits[72]


def test_overlap_loses_with_few_sequences_and_gains_with_many() -> None:
    two, one = DECODE, decode_engine({"decode.overlap": "none"})
    gain = [decode.step_s(one, Answers(b, 4096)) / decode.step_s(two, Answers(b, 4096)) for b in (4, 16, 64, 128)]
    assert gain == sorted(gain)
    assert gain[0] < 1 < gain[-1]


def test_a_guess_speeds_a_user_up_most_where_few_share_the_gpu() -> None:
    """1.8 times at most with 1.85 tokens a step; many sequences pay for what they check."""
    guessing = decode_engine({"decode.speculation": {"acceptance": [0.85]}})
    ratios = [
        1.85 * decode.step_s(DECODE, Answers(b, 4096)) / decode.step_s(guessing, Answers(b, 4096)) for b in (8, 32, 128)
    ]
    assert 1.85 > ratios[0] > ratios[1] > ratios[2] > 1


def test_cached_prompts_take_less_than_new_ones_and_more_than_none() -> None:
    """Half of a prompt cached: half of the tokens, that look at more of what came before."""
    whole = prefill.prefill_step(PREFILL, Prompts(16_384, 2_048)).seconds
    half = prefill.prefill_step(PREFILL, Prompts(8_192, 3_072)).seconds
    assert 0.5 * whole < half < whole


@pytest.mark.parametrize("sequences", [3, 37, 90])
def test_a_table_says_what_the_engine_says_within_five_percent(sequences: int) -> None:
    table = decode_table(DECODE, 128, 16_384)
    for kv_tokens in (100, 1_500, 9_000):
        row = [np.interp(kv_tokens, table.keys, line) for line in table.seconds]
        read = float(np.interp(sequences, table.rows, row))
        assert read == pytest.approx(decode.step_s(DECODE, Answers(sequences, kv_tokens)), rel=0.05)


def test_a_prefill_table_says_what_the_engine_says() -> None:
    table = prefill_table(PREFILL, 16_384, 16_384)
    row = [np.interp(2_048, table.keys, line) for line in table.seconds]
    at = prefill.prefill_step(PREFILL, Prompts(16_384, 2_048)).seconds
    assert float(np.interp(16_384, table.rows, row)) == pytest.approx(at, rel=0.03)


def test_a_mixed_step_without_prompts_is_a_step_of_answers() -> None:
    service = changed_service(shipped("h200-node"), {"whole.router": BALANCED})
    assert service.whole is not None
    engine = Engine(Setting(service, service.whole))
    table = mixed_table(engine, 512, 128, 8_192)
    core = float(np.interp(2_048, table.decode.keys, table.decode.seconds[-1]))
    rest = float(np.interp(table.decode.rows[-1], table.tokens, table.rest_s))
    asked = Answers(float(table.decode.rows[-1]), 2_048)
    assert rest + core == pytest.approx(decode.decode_step(engine, asked).seconds, rel=0.03)


def test_shipped_services_plan_within_their_memory() -> None:
    for name in ("deepseek-v3-profile-decode", "deepseek-v3-profile-prefill", "sglang-96-h100"):
        for unit in plan_service(shipped(name)).units.values():
            assert unit.room.held.total < unit.room.usable_bytes
            assert unit.rows <= max(unit.most_sequences, unit.rows * (unit.most_sequences == 0))
