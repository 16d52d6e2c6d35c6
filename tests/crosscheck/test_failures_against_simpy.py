"""Long runs told a second time: a SimPy process for the job, one for each cause, interrupts; means agree.

Told differently where that is possible: each cause has a clock of its own instead of one for all, and the job does one
step after another instead of going to what is due next.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
import simpy

from simulator.failures.lives import simulate
from simulator.failures.sizes import Saving
from tests.long_runs import long_run, one_cause, recovery, reliability
from workloads.failure_rates import FailureRates

STEPS, STEP_S, EVERY = 400, 10.0, 20
BLOCK_S, WRITE_S, LOAD_S = 4.0, 90.0, 15.0
DETECTION_S, RESTART_S, REPAIR_S, SPARES = 40.0, 60.0, 1500.0, 2
PAUSE_EVERY, PAUSE_S = 50, 33.0
SLOWER, MENDED_S = 1.3, 700.0
BETWEEN_S = {"gpu": 1100.0, "software": 1700.0, "link": 900.0}
RUNS = 600
Events = Generator[simpy.Event, Any, None]


class Told:
    """One run in SimPy."""

    def __init__(self, seed: int) -> None:
        self.env, self.draw = simpy.Environment(), np.random.default_rng(seed)
        self.step = self.saved = self.broken = self.losses = 0
        self.down = self.writing = self.failures = 0
        self.spares = simpy.Container(self.env, init=SPARES)
        self.job = self.env.process(self.train())
        for part in BETWEEN_S:
            self.env.process(self.cause(part))
        self.env.run(self.job)

    def cause(self, part: str) -> Events:
        while True:
            yield self.env.timeout(self.draw.exponential(BETWEEN_S[part]))
            if not self.job.is_alive:
                return
            self.failures += 1
            if part == "link":
                self.env.process(self.mended())
                continue
            self.broken += part == "gpu"
            if not self.down:
                self.job.interrupt()

    def mended(self) -> Events:
        self.losses += 1
        yield self.env.timeout(MENDED_S)
        self.losses -= 1

    def repaired(self) -> Events:
        yield self.env.timeout(REPAIR_S)
        yield self.spares.put(1)

    def written(self, step: int, number: int) -> Events:
        yield self.env.timeout(WRITE_S)
        if number == self.writing:
            self.saved, self.writing = step, 0

    def train(self) -> Events:
        ready = True
        while True:
            try:
                if not ready:
                    yield from self.restart()
                ready = True
                yield from self.work()
                return
            except simpy.Interrupt:
                ready = False

    def restart(self) -> Events:
        self.writing, self.down = 0, 1
        self.step = self.saved
        yield self.env.timeout(DETECTION_S)
        while self.broken:
            self.broken -= 1
            self.env.process(self.repaired())
            yield self.spares.get(1)
        self.down = 0
        yield self.env.timeout(RESTART_S + LOAD_S)

    def work(self) -> Events:
        while self.step < STEPS:
            left_s = STEP_S
            while left_s > 1e-9:
                slow = 1 + self.losses * (SLOWER - 1)
                part_s = min(left_s, 1.0)
                yield self.env.timeout(part_s * slow)
                left_s -= part_s
            self.step += 1
            if self.step % PAUSE_EVERY == 0:
                yield self.env.timeout(PAUSE_S)
            if self.step == STEPS:
                while self.writing:
                    yield self.env.timeout(0.25)
                yield self.env.timeout(BLOCK_S + WRITE_S)
            elif self.step % EVERY == 0:
                while self.writing:
                    yield self.env.timeout(0.25)
                yield self.env.timeout(BLOCK_S)
                self.writing = self.step + 1
                self.env.process(self.written(self.step, self.writing))


def three_causes() -> FailureRates:
    """A GPU that fails, software that fails, a link that is lost."""
    kind = one_cause("gpu", 1.0)
    causes = {part: {"part": part, "failures": 1.0 / between_s} for part, between_s in BETWEEN_S.items()}
    return kind.with_changes({"causes": causes})


@pytest.mark.slow
def test_two_tellings_of_the_same_run_have_the_same_means() -> None:
    back = recovery(detection_s=DETECTION_S, restart_s=RESTART_S, spare_nodes=SPARES, repair_s=REPAIR_S, fails="always")
    found = reliability(
        three_causes(),
        recovery=back,
        network_loss={"slowdown_ratio": SLOWER, "repair_s": MENDED_S},
        pauses={"evaluation": {"interval_s": PAUSE_EVERY * STEP_S, "length_s": PAUSE_S}},
    )
    ours = simulate(long_run(found, STEPS, STEP_S, saving=Saving(EVERY, BLOCK_S, WRITE_S, LOAD_S)), 20 * RUNS)
    told = [Told(seed) for seed in range(RUNS)]
    for mine, theirs in (
        (ours.wall_s, [one.env.now for one in told]),
        (ours.failures.sum(axis=1), [one.failures for one in told]),
    ):
        error = math.hypot(np.std(theirs) / math.sqrt(RUNS), np.std(mine) / math.sqrt(len(mine)))
        assert abs(np.mean(theirs) - mine.mean()) < 3.3 * error, (np.mean(theirs), mine.mean(), error)
