"""How long a search over hundreds of options takes; printed, never a bar."""

from __future__ import annotations

import time

import numpy as np

from simulator.serving.fleet.decode import DecodeOption, Guessing
from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.option import Option
from simulator.serving.fleet.prefill import PrefillOption
from simulator.serving.fleet.search import Question, search
from simulator.serving.tables import StepTable
from workloads.service import Promises

KEYS = np.array([0.0, 4096.0, 65536.0])
PRICE_USD_PER_S = 2 / 3600


def reader(gpus: int, most: float) -> PrefillOption:
    """Steps in the size of a 671-billion-parameter model's on H800s."""
    rows = np.array([256.0, 1024.0, 4096.0, 16384.0])
    seconds = (0.05 + rows / 8000 * (1 + 3.2 / gpus))[:, None] * (1 + KEYS / 40000)
    return PrefillOption(f"P{gpus}-{most}", gpus, gpus, StepTable(rows, KEYS, seconds), most, True, PRICE_USD_PER_S)


def writer(gpus: int, most: float) -> DecodeOption:
    """The same for decoding, with one token guessed ahead."""
    rows = np.array([1.0, 16.0, 64.0, 256.0])
    seconds = (0.02 + 0.3 / gpus + rows * 3e-4)[:, None] + rows[:, None] * KEYS * 2e-8
    table, places = StepTable(rows, KEYS, seconds), 570_000 * (1 - 8 / gpus)
    return DecodeOption(f"D{gpus}-{most}", gpus, gpus, table, most, places, PRICE_USD_PER_S, Guessing(1.85, 0.36))


def test_a_search_over_hundreds_of_options() -> None:
    draw = np.random.default_rng(1)
    new, cached, answers = (draw.lognormal(mean, 1, 4000) for mean in (6.9, 7.0, 5.8))
    offered = Offered(3000.0, new + 1, cached, np.ceil(answers) + 1, 1.5)
    options: list[Option] = [reader(gpus, most) for gpus in (8, 16, 24, 32, 64, 96) for most in (2048, 4096, 8192)]
    options += [writer(gpus, most) for gpus in range(16, 321, 8) for most in (32, 64, 96, 128, 192, 256)]
    for promised in (Promises(ttft_s=3.0, tpot_s=0.05), Promises(ttft_s=1.5, tpot_s=0.04, share=0.99)):
        begin = time.perf_counter()
        found = search(options, Question(offered, promised, 2048))
        seconds = time.perf_counter() - begin
        best = found.answers[0].fleet.name if found.answers else "none"
        print(f"\n{len(options)} options in {seconds:.2f} s, {found.skipped} not looked at: {best}")
