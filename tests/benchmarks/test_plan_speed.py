"""How long it takes to search all layouts of DeepSeek-V3 on 2,048 GPUs; printed, and held against a minute."""

from __future__ import annotations

import resource
import time

from simulator.planner.cluster import Cluster, clusters
from simulator.planner.exhaustive import Space, exhaustive
from simulator.planner.found import ESTIMATED
from workloads.plan_question import QUESTIONS, TrainingQuestion
from workloads.question_file import load_question

PROMISED_S, FEWEST = 60.0, 100_000
WORKERS = 2


def processors_s() -> float:
    """Seconds that processors have worked for this process and those that it has ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def test_all_layouts_of_deepseek_v3_within_a_minute() -> None:
    question = load_question(QUESTIONS / "deepseek-v3-layouts.yaml")
    assert isinstance(question, TrainingQuestion)
    (cluster,) = clusters(question, None)
    assert isinstance(cluster, Cluster)
    began, before_s = time.perf_counter(), processors_s()
    space = Space([cluster], question.layouts, question.search.keep)
    found = exhaustive(space, WORKERS, lambda what, done, whole: None)
    took_s = time.perf_counter() - began
    estimated = found.left_out[ESTIMATED]
    print(
        f"\n{found.valid:,} valid layouts in {took_s:.1f} s with {WORKERS} processes: {found.valid - estimated:,} left "
        f"out by bounds, {estimated:,} estimated; the promise is {FEWEST:,} in {PROMISED_S:.0f} s, "
        f"{PROMISED_S / took_s:.2f} times as long; {processors_s() - before_s:.0f} s of processors"
    )
    assert found.valid >= FEWEST
