"""A day of a million requests in a process of its own: `python -m tests.benchmarks.world_sizes` prints figures."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from simulator.serving.world.playing import play
from simulator.serving.world.spec import DecodeUnits, Disaggregated, Kv, PrefillUnits, Transfer, World
from tests.benchmarks.flow_sizes import peak_bytes
from tests.made_worlds import decode_table, prefill_table, requests_of
from workloads.requests import Requests

TRACE = Path(__file__).resolve().parents[3] / "shared" / "traces" / "splitwise_conv.csv"
"""One hour of conversations: Azure LLM inference trace 2023, beside the project where it is there."""
DAY_S = 86_400.0


def hour() -> tuple[str, Requests]:
    """The trace's hour, or one made up like it: as many requests, about as long."""
    if TRACE.exists():
        table = np.loadtxt(TRACE, delimiter=",", skiprows=1)
        return "Azure conversation hour", requests_of(
            table[:, 0] - table[0, 0], table[:, 1], np.maximum(table[:, 2], 1)
        )
    return "made-up hour", made_up(19_366, 3_600.0)


def made_up(count: int, span_s: float) -> Requests:
    """Poisson arrivals, lengths that scatter as widely as conversations' do, means 1,150 in and 210 out."""
    draw = np.random.default_rng(0)
    arrival_s = np.sort(draw.uniform(0, span_s, count))
    inputs = np.minimum(draw.lognormal(np.log(1150) - 0.5, 1.0, count), 14_000).astype(np.int64) + 1
    return requests_of(arrival_s, inputs, np.minimum(draw.lognormal(np.log(210) - 0.32, 0.8, count), 1500) + 1)


def world(prefills: int, decodes: int) -> World:
    """Engines of 4 prefill and 8 decode ranks."""
    prefill = PrefillUnits(prefills, 4, 8192, True, prefill_table())
    decode = DecodeUnits(decodes, 8, Kv(256, 400_000), decode_table())
    return World(Disaggregated(prefill, decode, Transfer(1e-3, 25e9, 70e3)))


def main() -> dict[str, float]:
    """Seconds and memory of the day, above what imports and compiling need."""
    play(made_up(100, 100.0), world(1, 1))
    base_bytes = peak_bytes()
    asked = made_up(1_000_000, DAY_S)
    begin_s = time.perf_counter()
    played = play(asked, world(2, 1))
    return {
        "taken_s": time.perf_counter() - begin_s,
        "peak_bytes": peak_bytes(),
        "above_bytes": peak_bytes() - base_bytes,
        "finished": int(played.finished.sum()),
        "steps": played.steps,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()))
