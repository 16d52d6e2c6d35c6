"""How fast requests are played, beside the promises: 20,000 a second; a day of a million within 60 s and 2 GB."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from simulator.serving.world.playing import play
from tests.benchmarks.world_sizes import hour, world

PROMISED_PER_S = 20_000
OTHERS_PER_S = {"vidur": 272, "Frontier": 24}
"""Requests a second of other simulators of serving, as the task of this module named them; not measured here."""
DAY_LIMIT_S, DAY_LIMIT_BYTES = 60.0, 2e9


def test_an_hour_of_conversations_is_played_at_twenty_thousand_requests_a_second() -> None:
    name, asked = hour()
    play(asked, world(1, 1))
    best_s = float("inf")
    for _ in range(5):
        begin_s = time.perf_counter()
        played = play(asked, world(1, 1))
        best_s = min(best_s, time.perf_counter() - begin_s)
    speed = asked.count / best_s
    beside = ", ".join(f"{speed / one:,.0f} x {who}'s {one}" for who, one in OTHERS_PER_S.items())
    print(f"\n{name}: {asked.count:,} requests, {played.steps:,} steps in {best_s:.2f} s: {speed:,.0f} requests/s,")
    print(f"{speed / PROMISED_PER_S:.1f} x the promised {PROMISED_PER_S:,}; {beside}")
    assert played.finished.all()
    assert speed > PROMISED_PER_S


def test_a_day_of_a_million_requests_takes_less_than_a_minute_and_two_gigabytes() -> None:
    run = [sys.executable, "-m", "tests.benchmarks.world_sizes"]
    found = json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
    print(
        f"\n1,000,000 requests, {found['steps']:,} steps: {found['taken_s']:.1f} s, "
        f"peak {found['peak_bytes'] / 1e9:.2f} GB "
        f"({found['taken_s'] / DAY_LIMIT_S:.2f} and {found['peak_bytes'] / DAY_LIMIT_BYTES:.2f} of what is promised)"
    )
    assert found["finished"] == 1_000_000
    assert found["taken_s"] < DAY_LIMIT_S
    assert found["peak_bytes"] < DAY_LIMIT_BYTES
