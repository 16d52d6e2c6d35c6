"""How fast steps of engines are estimated and fleets of them searched; printed, never a bar."""

from __future__ import annotations

import time

from simulator.serving.asked import asked_of
from simulator.serving.engine import decode, prefill
from simulator.serving.engine.decode import Answers
from simulator.serving.engine.prefill import Prompts
from simulator.serving.fleet.search import Question, search
from simulator.serving.fleet_found import options_of
from tests.engines import decode_engine, prefill_engine, shipped
from workloads.service import changed_service

STEP_PROMISED_S, SEARCH_PROMISED_S = 0.005, 10.0
PEER_STEP_S = 5.0
"""aiconfigurator 0.12, a point (measured in November 2026)."""


def test_a_step_is_estimated_within_five_milliseconds() -> None:
    answers, prompts = decode_engine(), prefill_engine()
    decode.step_s(answers, Answers(64, 4096))
    prefill.prefill_step(prompts, Prompts(8192, 2048))
    begin = time.process_time()
    for sequences in range(2, 130, 2):
        decode.step_s(answers, Answers(sequences, 3000 + sequences))
    for tokens in range(1024, 16_384, 512):
        prefill.prefill_step(prompts, Prompts(tokens, 2048))
    each_s = (time.process_time() - begin) / (64 + 30)
    print(f"\n{each_s:.4f} s: {STEP_PROMISED_S / each_s:.1f} x the promise, {PEER_STEP_S / each_s:,.0f} x a peer")


def test_a_fleet_of_deepseek_v3_on_2048_gpus_is_found_within_ten_seconds() -> None:
    """Three widths of prefill in three sizes of step, three of decode in five sizes of batch."""
    wanted = {
        "most_gpus": 2048,
        "prefill": {"ep": [16, 32, 64], "tokens_per_group": [4096, 8192, 16384]},
        "decode": {"ep": [72, 96, 144], "sequences_per_group": [48, 64, 80, 96, 128]},
    }
    service = changed_service(shipped("deepseek-production"), {"traffic": None, "search": wanted})
    assert service.search is not None
    assert service.promises is not None
    begin = time.process_time()
    asked = asked_of(service, None)
    options = options_of(service, service.search, asked)
    found = search(options.made.options, Question(asked.offered, service.promises, 2048))
    spent_s = time.process_time() - begin
    best = found.answers[0].fleet
    print(f"\n{len(options.made.options)} units in {spent_s:.1f} s of {SEARCH_PROMISED_S:g}: {best.name}")
