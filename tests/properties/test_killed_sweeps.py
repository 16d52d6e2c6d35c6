"""A sweep that is killed at any moment loses no point that it has acknowledged, and goes on where it was."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from simulator.sweep.jobs import Here
from simulator.sweep.processes import NotStarted, processes
from tests.cheap_sweep import answer, follow, key
from tests.command import ROOT

KILLS = 200
POINTS = 20_000
SHARED = 1_000
MOST_WORDS, LIVES_S = 4, 0.02


@contextmanager
def sweeper(store: Path, points: int = POINTS) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """A program that begins the sweep each time that a line is written to it, and says how far it is."""
    words = [sys.executable, "-m", "tests.cheap_sweep", str(store), str(points)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        yield process.stdin, process.stdout
        process.stdin.close()


def begin(asks: IO[bytes]) -> None:
    """Have the sweep begun."""
    asks.write(b"\n")
    asks.flush()


def killed(said: IO[bytes], words: int, after_s: float) -> tuple[int, bool]:
    """Kill the sweep after so many words and some time: how many points it acknowledged, whether it was at work."""
    lines = [said.readline().split()]
    while not any(line[0] == b"began" for line in lines) or sum(line[0].isdigit() for line in lines) < words:
        lines.append(said.readline().split())
    time.sleep(after_s)
    os.kill(next(int(line[1]) for line in lines if line[0] == b"began"), signal.SIGKILL)
    while lines[-1][0] != b"ended":
        lines.append(said.readline().split())
    return max((int(line[0]) for line in lines if line[0].isdigit()), default=0), int(lines[-1][1]) == signal.SIGKILL


def kept(store: Path) -> dict[int, tuple[str, str]]:
    """Number -> key and figures, as another program reads them."""
    with sqlite3.connect(store) as found:
        rows = found.execute("SELECT number, asked.key, figures FROM asked JOIN points ON points.key = asked.key")
        there = {number: (where, figures) for number, where, figures in rows}
    found.close()
    return there


def test_two_hundred_kills_lose_no_acknowledged_point(tmp_path: Path) -> None:
    store, luck, before, kills = tmp_path / "sweep.sqlite", random.Random(1), 0, 0
    with sweeper(store) as (asks, said):
        for _ in range(KILLS):
            begin(asks)
            acknowledged, at_work = killed(said, luck.randrange(MOST_WORDS), luck.uniform(0, LIVES_S))
            kills += at_work
            there = kept(store) if acknowledged else {}
            assert len(there) >= max(acknowledged, before if acknowledged else 0)
            before = max(before, len(there))
    assert kills == KILLS, "the sweep was done before it could be killed: give it more points"
    assert before > KILLS, "hardly a point was acknowledged between the kills"
    follow(store, POINTS, Here(lambda job: answer(b"", job)))
    assert kept(store) == {n: (key(n), json.dumps({"square": n * n}, separators=(",", ":"))) for n in range(POINTS)}


def test_two_sweeps_share_a_store_and_each_point_is_kept_once(tmp_path: Path) -> None:
    store = tmp_path / "sweep.sqlite"
    with sweeper(store, SHARED) as one, sweeper(store, SHARED) as other:
        for asks, _ in (one, other):
            begin(asks)
        for _, said in (one, other):
            assert next(line for line in said if line.startswith(b"ended")) == b"ended 0\n"
    assert len(kept(store)) == SHARED


def test_a_killed_worker_is_replaced_and_its_points_are_worked_out_again(tmp_path: Path) -> None:
    store = tmp_path / "sweep.sqlite"
    with processes(2, b"", "tests.cheap_sweep:answer") as engine:
        for _ in range(5):
            victim = engine._seats[0]._running()
            assert victim is not None
            victim.send_signal(signal.SIGKILL)
        assert not follow(store, 2_000, engine).lost
    assert len(kept(store)) == 2_000


def test_workers_that_cannot_start_end_the_sweep_at_once(tmp_path: Path) -> None:
    with (
        processes(2, b"", "tests.no_such_module:answer") as engine,
        pytest.raises(NotStarted, match="before they are ready"),
    ):
        follow(tmp_path / "sweep.sqlite", 1_000, engine)


def test_a_point_that_ends_its_process_is_given_up_and_costs_no_other_point(tmp_path: Path) -> None:
    store = tmp_path / "sweep.sqlite"
    with processes(2, b"17", "tests.cheap_sweep:answer") as engine:
        assert follow(store, 100, engine).lost == [17]
    assert set(kept(store)) == set(range(100)) - {17}
