"""Every flow of every case ends when SimGrid says so; times were stored by `make crosscheck`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.flows.run import run
from simulator.flows.sharing import Windows
from tests.crosscheck.simgrid_cases import cases

FIXTURE = Path(__file__).parent / "fixtures" / "flows" / "simgrid.npz"
LIMIT = 1e-5


def theirs(name: str) -> np.ndarray:
    """Stored finish times."""
    with np.load(FIXTURE) as stored:
        return np.asarray(stored[name])


@pytest.mark.parametrize("name", cases())
def test_every_flow_ends_when_simgrid_says(name: str) -> None:
    case = cases()[name]
    ours = run(case.fabric, case.flows, case.setting).finish_s
    assert np.abs(ours / theirs(name) - 1).max() < LIMIT


@pytest.mark.parametrize("name", cases())
def test_windows_of_one_percent_are_within_it_on_average(name: str) -> None:
    case = cases()[name]
    ours = run(case.fabric, case.flows, replace(case.setting, mode=Windows(0.01))).finish_s
    assert np.abs(ours / theirs(name) - 1).mean() < 0.01


def test_the_stored_cases_are_all_cases() -> None:
    assert len(cases()) >= 20
    with np.load(FIXTURE) as stored:
        assert set(stored) == set(cases())
