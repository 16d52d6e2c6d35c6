"""What holds of every whole run: its bill adds up, weeks hold its tokens, more failures never make it cheaper."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.headline import HOUR_S
from simulator.long_run import bill, weeks
from simulator.long_run.interruptions import interrupted
from simulator.long_run.phases import PhaseTime, phase_times
from tests.runs_of_weeks import FAILING, SMALL
from topologies.spec import loads
from workloads.long_run import Run, changed_run
from workloads.scenario import catalogue

Changes = dict[str, object]
FAILURES: st.SearchStrategy[Changes] = st.fixed_dictionaries(
    {
        "reliability.rate_ratio": st.sampled_from([0.01, 1.0, 100.0, 400.0]),
        "reliability.recovery.spare_nodes": st.integers(0, 3),
        "checkpoints.mode": st.sampled_from(["synchronous", "asynchronous"]),
        "scenario.seed": st.integers(0, 3),
        "lives": st.just(5),
    }
)


@cache
def small() -> Run:
    return loads(SMALL + FAILING, Run, catalogue())


@cache
def times() -> tuple[PhaseTime, ...]:
    return phase_times(small(), lambda _: None)


@settings(max_examples=8, deadline=None)
@given(changes=FAILURES)
def test_the_bill_adds_up_to_the_gpus_that_are_paid_over_the_wall_time(changes: Changes) -> None:
    run = changed_run(small(), changes)
    found = interrupted(run, times(), bill.stated_s(times()))
    lines = bill.bill(run, times(), found)
    paid_hours = bill.paid_gpus(run) * bill.wall_s(times(), found) / HOUR_S
    assert sum(line.gpu_hours for line in lines) == pytest.approx(paid_hours, rel=1e-9)
    assert all(line.gpu_hours > 0 for line in lines)
    assert sum(line.usd for line in lines) == pytest.approx(paid_hours * run.scenario.price.gpu_usd_per_s * HOUR_S)


@settings(max_examples=8, deadline=None)
@given(changes=FAILURES)
def test_weeks_hold_all_tokens_whatever_fails(changes: Changes) -> None:
    run = changed_run(small(), changes)
    found = interrupted(run, times(), bill.stated_s(times()))
    told = weeks.table(weeks.progress(times(), found, run.scenario.seed))
    assert told["tokens"].sum() == pytest.approx(sum(phase.tokens for phase in times()))
    assert (told["failures"] >= 0).all()


@settings(max_examples=8, deadline=None)
@given(changes=FAILURES)
def test_failures_never_make_a_run_shorter(changes: Changes) -> None:
    run = changed_run(small(), changes)
    found = interrupted(run, times(), bill.stated_s(times()))
    assert bill.wall_s(times(), found) >= bill.wall_s(times(), None)
