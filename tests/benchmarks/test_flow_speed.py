"""How fast flows are played, beside SimGrid, and how large a set fits."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from simulator.flows import closed
from simulator.flows.closed import Port
from simulator.flows.demand import all_to_all
from simulator.flows.routing import Ecmp
from simulator.flows.run import Outcome, Setting, run
from simulator.flows.sharing import Exact, Mode, Windows
from tests.small_fabrics import fat_tree

SIMGRID_S = 133.0
"""SimGrid 3.32 for an all-to-all of 128 hosts with random sizes, on two cores of November 2026; to time it again:
`python -m tests.crosscheck.make_simgrid_fixtures --time`."""


def played(mode: Mode, seed: int) -> tuple[float, Outcome]:
    """Seconds for the all-to-all of 128 hosts, routing and all."""
    tree = fat_tree(128, 8, 3, latency_s=0.0)
    flows = all_to_all(np.random.default_rng(seed).uniform(1e5, 2e6, (128, 128)))
    begin_s = time.perf_counter()
    outcome = run(tree, flows, Setting(Ecmp(0), mode))
    return time.perf_counter() - begin_s, outcome


@pytest.fixture(scope="module")
def exact() -> tuple[float, Outcome]:
    """The exact play; compiled before."""
    run(fat_tree(40, 8, 3), all_to_all(np.ones((40, 40))), Setting(mode=Exact()))
    run(fat_tree(40, 8, 3), all_to_all(np.ones((40, 40))), Setting(mode=Windows(0.01)))
    return played(Exact(), 0)


def test_the_exact_play_is_25_times_faster_than_simgrid(exact: tuple[float, Outcome]) -> None:
    taken_s, outcome = exact
    print(
        f"\nexact: {taken_s:.2f} s, {outcome.solves} solves, {SIMGRID_S / taken_s:.0f} x SimGrid (at least 25, aim 50)"
    )
    assert SIMGRID_S / taken_s > 25


def test_windows_of_one_percent_are_3000_times_faster_and_half_a_percent_off(exact: tuple[float, Outcome]) -> None:
    """The time holds the second play, which tells the error."""
    times_s = []
    for seed in (2, 3, 0):
        taken_s, outcome = played(Windows(0.01), seed)
        times_s.append(taken_s)
    true = np.abs(outcome.finish_s / exact[1].finish_s - 1)
    print(f"\nwindows of 1 %: {min(times_s) * 1e3:.1f} ms, {SIMGRID_S / min(times_s):.0f} x SimGrid (at least 3000)")
    print(f"mean error {true.mean():.3%} (at most 0.5 %), largest {true.max():.1%}; stated {outcome.error}")
    assert SIMGRID_S / min(times_s) > 3000
    assert true.mean() < 0.005


def figures(hosts: int, ports: int) -> dict[str, float]:
    """A large set in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "tests.benchmarks.flow_sizes", str(hosts), str(ports)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    print(f"\n{found['flows']:,.0f} flows: route {found['route_s']:.2f} s, play {found['play_s']:.2f} s")
    print(f"one solve {found['solve_s']:.3f} s, {found['peak_mb']:.0f} MB, error {found['error_mean_ratio']:.2%}")
    return found


def test_a_million_flows_take_4_s_and_300_mb() -> None:
    """1,024 hosts; aim 2.5 s. Routing is not in it."""
    found = figures(1024, 16)
    assert found["play_s"] < 4
    assert found["peak_mb"] < 300


def test_four_million_flows_take_20_s_and_600_mb() -> None:
    """2,048 hosts on three layers; aims 10 s and 0.25 s a solve."""
    found = figures(2048, 32)
    assert found["play_s"] < 20
    assert found["solve_s"] < 0.4
    assert found["peak_mb"] < 600


def test_an_all_to_all_of_2048_by_2048_has_its_port_bound_in_10_ms() -> None:
    size = np.random.default_rng(0).uniform(1e4, 1e6, (2048, 2048))
    taken_s = []
    for _ in range(5):
        begin_s = time.perf_counter()
        closed.all_to_all(size, Port(50e9, 1e-6))
        taken_s.append(time.perf_counter() - begin_s)
    print(f"\nport bound of 2,048 x 2,048: {min(taken_s) * 1e3:.1f} ms (limit 10 ms)")
    assert min(taken_s) < 0.010


def test_a_repeated_pattern_costs_its_digest_only(exact: tuple[float, Outcome]) -> None:
    taken_s, outcome = played(Exact(), 0)
    print(f"\nthe same again: {taken_s * 1e3:.1f} ms instead of {exact[0]:.2f} s")
    assert taken_s < 0.05 * exact[0]
    assert (outcome.finish_s == exact[1].finish_s).all()
