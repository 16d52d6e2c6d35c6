"""What holds for every long run: its time is accounted for, luck comes from the seed, without failures it is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.failures.lives import simulate
from simulator.failures.longrun import LongRun, failure_free_s
from simulator.failures.outcomes import PARTS
from simulator.failures.sizes import Saving
from tests.long_runs import H100, NONE, llama_rates, long_run, reliability
from workloads.failure_rates import Components

seconds = st.floats(0, 2000)
slower = st.floats(1, 2)
pause = st.fixed_dictionaries({"interval_s": st.floats(100, 50_000), "length_s": seconds})
PARTS_OF_RUN: dict[str, Any] = {
    "rate_ratio": st.sampled_from([1.0, 30.0, 200.0]),
    "recovery": st.fixed_dictionaries(
        {
            "detection_s": seconds,
            "restart_s": seconds,
            "spare_nodes": st.integers(0, 5),
            "repair_s": st.floats(1, 100_000),
            "fails": st.sampled_from(["always", "while-running"]),
        }
    ),
    "silent": st.fixed_dictionaries({"found_s": st.floats(0, 100_000), "detected_share": st.floats(0, 1)}),
    "stragglers": st.none()
    | st.fixed_dictionaries(
        {"node_between_s": st.floats(1e6, 1e9), "slowdown_ratio": slower, "found_s": st.floats(1, 1e5)}
    ),
    "network_loss": st.none() | st.fixed_dictionaries({"slowdown_ratio": slower, "repair_s": st.floats(1, 1e6)}),
    "planned": st.none() | pause,
    "pauses": st.dictionaries(st.sampled_from(["evaluation", "data"]), pause),
}
savings = st.builds(Saving, st.integers(1, 50), seconds, seconds | st.just(0.0), seconds)


@st.composite
def long_runs(draw: st.DrawFn, components: Components) -> LongRun:
    """A run of a few hundred steps with anything that may interrupt one."""
    found = reliability(llama_rates(), **draw(st.fixed_dictionaries(PARTS_OF_RUN)))
    return long_run(found, draw(st.integers(1, 400)), draw(st.floats(1, 60)), components, draw(savings))


@settings(max_examples=150)
@given(run=long_runs(H100), seed=st.integers(0, 1000))
def test_every_second_is_productive_or_has_a_reason(run: LongRun, seed: int) -> None:
    """Time is also up where a run would never end; what is kept then is less than all."""
    played = simulate(run, 3, seed, until_s=20 * failure_free_s(run))
    assert played.parts_s.sum(axis=1) == pytest.approx(played.wall_s, rel=1e-9)
    assert (played.parts_s >= 0).all()
    productive = played.part_s("productive")
    assert (productive[played.finished] == pytest.approx(run.work_s, rel=1e-12)) or not played.finished.any()
    assert (productive <= run.work_s * (1 + 1e-12)).all()
    assert (played.goodput_ratio <= played.effective_ratio).all()


@settings(max_examples=150)
@given(run=long_runs(NONE))
def test_without_failures_the_wall_time_is_the_closed_form(run: LongRun) -> None:
    played = simulate(run, 1)
    assert played.wall_s[0] == pytest.approx(failure_free_s(run), rel=1e-9)
    idle = [name for name in PARTS if name not in ("productive", "checkpoint", "pause", "planned", "restart")]
    assert not any(played.part_s(name).any() for name in idle)


@settings(max_examples=20)
@given(run=long_runs(H100), seed=st.integers(0, 1000))
def test_the_same_seed_gives_the_same_runs_and_a_run_does_not_depend_on_how_many_are_played(
    run: LongRun, seed: int
) -> None:
    few, many = (simulate(run, runs, seed, until_s=20 * failure_free_s(run)) for runs in (2, 4))
    assert np.array_equal(few.parts_s, many.parts_s[:2])
    assert np.array_equal(few.failures, many.failures[:2])


@settings(max_examples=20)
@given(run=long_runs(H100))
def test_percentiles_stand_in_order(run: LongRun) -> None:
    table = simulate(run, 10, until_s=20 * failure_free_s(run)).percentiles()
    assert (table["p5"] <= table["p50"]).all()
    assert (table["p50"] <= table["p95"]).all()
    assert {"wall_s", "goodput_ratio", "effective_ratio", "lost_s", "waiting_s", "interruptions"} <= set(table.index)
