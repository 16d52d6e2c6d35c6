"""Low, mid and high on a result: put around the simulated value, wide by inputs and by the simulator's own error."""

from __future__ import annotations

from dataclasses import replace

import pytest

import clustercast
from simulator.result import Result
from simulator.uncertainty.input_text import ends
from simulator.uncertainty.inputs import Input
from simulator.uncertainty.intervals import Asked, with_intervals
from simulator.uncertainty.known import KNOWN, stale
from simulator.uncertainty.residuals import PART, WHOLE, residuals
from simulator.uncertainty.tables import INPUTS, INTERVALS, NOTES, SOBOL, TORNADO
from simulator.validate import validate
from workloads.scenario import SCENARIOS, Scenario, load_scenario


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """A small training step, of which samples cost little."""
    return load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")


@pytest.fixture(scope="module")
def plain(scenario: Scenario) -> Result:
    """Its result without intervals."""
    return clustercast.run(scenario)


@pytest.fixture(scope="module")
def banded(plain: Result, scenario: Scenario) -> Result:
    """The same with intervals."""
    return with_intervals(plain, scenario, Asked(64))


def test_every_headline_figure_gets_low_mid_and_high_around_its_value(plain: Result, banded: Result) -> None:
    assert set(banded.headline) == set(plain.headline)
    for name, figure in banded.headline.items():
        assert figure.value == plain.headline[name].value
        assert figure.low is not None and figure.mid is not None and figure.high is not None
        assert figure.low <= figure.mid <= figure.high
        assert figure.low <= figure.value * (1 + 1e-12) and figure.value <= figure.high * (1 + 1e-12)


def test_a_run_without_intervals_stays_as_it_was(plain: Result) -> None:
    assert all(figure.low is None and figure.mid is None for figure in plain.headline.values())
    assert not {INTERVALS, TORNADO} & set(plain.tables)


def test_the_simulators_own_error_makes_the_step_wider_than_its_inputs_do(banded: Result) -> None:
    rows = banded.tables[INTERVALS].set_index("figure").loc["step_s"]
    assert rows["low"] < rows["inputs_low"] < rows["value"] < rows["inputs_high"] < rows["high"]


def test_memory_has_an_interval_of_no_width_because_sizes_are_exact(banded: Result) -> None:
    figure = banded.headline["memory_bytes_per_gpu_max"]
    assert figure.low == pytest.approx(figure.value) and figure.high == pytest.approx(figure.value)


def test_the_tornado_is_widest_on_top_and_says_ends_with_their_unit(banded: Result) -> None:
    table = banded.tables[TORNADO]
    swings = (table["step_at_high_s"] - table["step_at_low_s"]).abs().tolist()
    assert len(table) == 12
    assert swings == sorted(swings, reverse=True)
    assert set(table["basis"]) <= {"published", "measured", "derived", "assumed"}


def test_inputs_are_listed_with_interval_basis_and_source(banded: Result) -> None:
    table = banded.tables[INPUTS]
    assert (table["source"].str.len() > 0).all()
    assert (table["low"] != table["high"]).all()
    assert "9.91" not in table["input"].tolist()


def test_an_input_in_bytes_a_second_is_told_in_bytes_a_second() -> None:
    """Regression: `bytes_per_s` alone, without a word before it, ended in `_s` and was told in years."""
    one = Input("cluster.node.nic.bytes_per_s", 50e9, 0.25, "lognormal", "published", "a datasheet")
    assert ends(one) == ("50 GB/s", "40 GB/s", "62.5 GB/s")


def test_sobol_indices_come_only_if_asked_for(plain: Result, banded: Result, scenario: Scenario) -> None:
    asked = with_intervals(plain, scenario, Asked(16, sobol=True))
    assert SOBOL not in banded.tables
    assert len(asked.tables[SOBOL]) == 13
    assert asked.tables[SOBOL]["total"].max() > 0.1


def test_it_tells_how_far_it_is(plain: Result, scenario: Scenario) -> None:
    told: list[tuple[str, int, int]] = []
    with_intervals(plain, scenario, Asked(64), lambda *how_far: told.append(how_far))
    assert ("Drawing inputs from their intervals", 32, 64) in told


def test_the_step_of_every_gpu_has_the_relative_interval_of_the_step(plain: Result, scenario: Scenario) -> None:
    step = plain.headline["step_s"]
    named = replace(plain, headline={**plain.headline, "step_every_gpu_s": replace(step, value=2 * step.value)})
    found = with_intervals(named, scenario, Asked(16)).headline
    low, low_of_all = found["step_s"].low, found["step_every_gpu_s"].low
    assert low is not None and low_of_all == pytest.approx(2 * low)


def test_the_error_that_runs_use_is_that_which_validate_finds() -> None:
    """Run `clustercast validate` and put its last table into simulator/uncertainty/known.py where this fails."""
    found = residuals(validate())
    assert stale(found) == ()


def test_a_residual_that_has_grown_or_stands_on_other_facts_is_stale() -> None:
    grown = {**KNOWN, WHOLE: replace(KNOWN[WHOLE], scale_ratio=1.2 * KNOWN[WHOLE].scale_ratio)}
    fewer = {**KNOWN, PART: replace(KNOWN[PART], facts=1)}
    assert stale(grown) == (WHOLE,)
    assert stale(fewer) == (PART,)
    assert stale(KNOWN) == ()


def test_notes_say_what_was_varied_and_what_not(banded: Result) -> None:
    notes = " ".join(banded.tables[NOTES]["note"])
    assert "inputs vary" in notes and "are not varied" in notes and "own error" in notes
