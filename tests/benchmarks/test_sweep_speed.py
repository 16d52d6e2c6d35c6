"""How fast a sweep is: points a second by detail, what the store adds to each, how soon what is too large is refused.

Times are of the processor where other work on the machine would blur those of the clock.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulator.sweep.course import Course, Progress
from simulator.sweep.jobs import DONE, Answer, Here, Job, Outcome
from simulator.sweep.question import Question
from simulator.sweep.store import Heading, open_store
from simulator.sweep.work import answer
from tests.command import ROOT
from workloads.sweep import SWEEPS, load_sweep, names_of

KILO = 1024
"""Bytes of what the system counts memory in."""
MEASURE = """
import resource, subprocess, sys, time
began_s = time.perf_counter()
code = subprocess.run(sys.argv[1:], stderr=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, time.perf_counter() - began_s, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
HUGE = "name: huge\nscenario: deepseek-v3-pretrain\ndesign: {{kind: grid, axes: {{seed: {axis}, tokens: {axis}}}}}\n"


@pytest.mark.parametrize(("detail", "most_s"), [("estimate", 0.1), ("events", 2.0)])
def test_points_a_second_on_one_core(detail: str, most_s: float) -> None:
    file = SWEEPS / "batch-and-nics.yaml"
    question = Question(load_sweep(file, changes={"detail": detail}), names_of(file))
    packed = question.packed()
    answer(packed, Job("points", (0,)))
    began_s = time.process_time()
    found = answer(packed, Job("points", tuple(range(24))))
    spent_s = time.process_time() - began_s
    done = sum(one.status == DONE for one in found.outcomes)
    print(f"{detail}: {24 / spent_s:.1f} points/s on one core, {1e3 * spent_s / 24:.1f} ms a point, {done} of 24 done")
    assert spent_s / 24 < most_s


def test_what_the_store_adds_to_a_point(tmp_path: Path) -> None:
    points, said = 20_000, list[Progress]()
    figures = '{"step_s":12.985560762723667,' + ",".join(f'"figure_{at}":{at / 7!r}' for at in range(18)) + "}"

    def work(job: Job) -> Answer:
        outcomes = tuple(Outcome(number, f"{number:064x}", DONE, "", figures) for number in job.numbers)
        return Answer(job, (), outcomes, 0.0025 * len(job.numbers))

    heading = Heading("id", "name", "", "estimate", "1", points, "")
    began_s = time.perf_counter()
    with open_store(tmp_path / "store", heading) as store:
        Course(store, Here(work), lambda number: (f"n={number}", f'{{"n":{number}}}'), said.append).follow(
            range(points)
        )
    spent_s = time.perf_counter() - began_s
    size = (tmp_path / "store").stat().st_size
    told = f"{len(said)} commits, {size / points:.0f} bytes each"
    print(f"the store adds {1e6 * spent_s / points:.0f} us to a point in {told}")
    assert spent_s / points < 2e-3


@pytest.mark.parametrize("asked", ["points", "gpus"])
def test_what_is_too_large_is_refused_within_a_second_and_200_mb(asked: str, tmp_path: Path) -> None:
    file = tmp_path / "huge.yaml"
    file.write_text(HUGE.format(axis="{low: 1, high: 1000000, steps: 1000000}"))
    many = ["sweep", str(file)] if asked == "points" else ["run", "deepseek-v3-pretrain", "--with", "nodes=125000000"]
    words = [sys.executable, "-m", "cli.main", *many]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = []
    for _ in range(3):
        # A process of its own in between: a child begins with the memory of the one that starts it.
        measured = subprocess.run(
            [sys.executable, "-c", MEASURE, *words], cwd=tmp_path, env=environment, capture_output=True
        )
        runs.append([float(word) for word in measured.stdout.split()])
    codes, clock_s, work_s, kilobytes = zip(*runs, strict=True)
    assert set(codes) == {4}
    most_bytes = max(kilobytes) * KILO
    what = "10^12 points" if asked == "points" else "10^9 GPUs"
    told = f"{min(clock_s):.2f} s, of them {min(work_s):.2f} s of work, and {most_bytes / 1e6:.0f} MB"
    print(f"{what}: refused in {told}")
    assert min(work_s) < 1.0
    assert most_bytes < 200e6
