"""A sweep gives the same bytes whatever engine works it out, with however many workers, killed ones among them."""

from __future__ import annotations

import signal
from contextlib import nullcontext
from pathlib import Path

import pytest

from simulator.sweep.cluster import cluster
from simulator.sweep.course import Progress
from simulator.sweep.export import export
from simulator.sweep.jobs import Here
from simulator.sweep.processes import processes
from simulator.sweep.question import Question
from simulator.sweep.run import Opened, run_sweep
from simulator.sweep.table import table
from simulator.sweep.work import answer
from tests.cheap_sweep import follow
from tests.dask_cluster import dask_cluster
from tests.properties.test_killed_sweeps import kept
from workloads.sweep import load_sweep, names_of

SWEEP = """
name: engines
scenario: deepseek-v3-pretrain
detail: {detail}
overrides: {{one-f-one-b: {{schedule.kind: 1f1b}}, wrong: {{pp: 7}}}}
scenarios: [[], [one-f-one-b], [wrong]]
design: {{kind: grid, axes: {{sequences_per_step: [7680, 15360], communication_sms: [20, 24]}}}}
"""
POINTS = 3_000


def question(folder: Path, detail: str) -> Question:
    """A sweep of a dozen points, some of which are not valid."""
    file = folder / "engines.yaml"
    file.write_text(SWEEP.format(detail=detail))
    return Question(load_sweep(file), names_of(file, ()))


def exported(asked: Question, store: Path, engine: Opened) -> bytes:
    """The sweep's points as a CSV file."""
    run_sweep(asked, store, engine)
    export(table(store).table, store.with_suffix(".csv"))
    return store.with_suffix(".csv").read_bytes()


@pytest.mark.slow
def test_processes_and_a_cluster_give_the_same_bytes(tmp_path: Path) -> None:
    asked = question(tmp_path, "estimate")
    one = exported(asked, tmp_path / "one.sqlite", lambda packed: nullcontext(Here(lambda job: answer(packed, job))))
    assert one.count(b",done,") == 8
    assert one.count(b",invalid,") == 4
    assert exported(asked, tmp_path / "two.sqlite", lambda packed: processes(2, packed)) == one
    with dask_cluster(tmp_path, 1) as started:
        assert exported(asked, tmp_path / "dask.sqlite", lambda packed: cluster(started.address, packed)) == one


@pytest.mark.slow
def test_a_cluster_whose_workers_are_killed_loses_nothing(tmp_path: Path) -> None:
    store = tmp_path / "dask.sqlite"

    with dask_cluster(tmp_path, 3) as started:

        def kill(progress: Progress) -> None:
            for worker, after in zip(started.workers[:2], (50, 500), strict=True):
                if progress.done > after:
                    worker.send_signal(signal.SIGKILL)

        with cluster(started.address, b"", "tests.cheap_sweep:answer") as engine:
            assert not follow(store, POINTS, engine, kill).lost
        assert [worker.poll() is None for worker in started.workers] == [False, False, True]
    assert set(kept(store)) == set(range(POINTS))
