"""The simulator's own error from published targets, worked by hand on made-up rows."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.uncertainty.propagation import Propagation
from simulator.uncertainty.residuals import PART, WHOLE, coverage, residuals, with_residual
from simulator.validate import Row, validate

T_90 = {1: 6.3138, 2: 2.9200, 3: 2.3534}
"""Student's t at 95 %, one-sided, by degrees of freedom (any printed table)."""


def row(scenario: str, metric: str, error_ratio: float, role: str = "target") -> Row:
    return Row(
        file=scenario, what=metric, observed=1.0, simulated=1 + error_ratio, unit="s", error_ratio=error_ratio,
        tolerance_ratio=0.1, role=role, status="met", source="a paper, Table 1", reason="", ok=True, as_declared=True,
        metric=metric, scenario=scenario,
    )  # fmt: skip


def error(log: float) -> float:
    """Relative error whose logarithm is this."""
    return math.expm1(log)


ROWS = (
    row("a", "headline.step_s", error(0.03)),
    row("a", "headline.tokens_per_day", error(-0.03)),
    row("b", "headline.tokens_per_s_per_gpu", error(0.04)),
    row("c", "headline.step_s", error(0.12)),
    row("a", "headline.step_bubble_s", error(0.2)),
    row("a", "model.parameters", 0.0),
    row("a", "headline.step_s", error(0.9), role="input"),
)


def test_figures_that_say_the_same_of_one_system_are_one_fact() -> None:
    """Squares 9, 16 and 144 of ten thousand, one a system; counts and inputs are no evidence."""
    found = residuals(ROWS)
    assert found[WHOLE].facts == 3
    assert found[WHOLE].scale_ratio == pytest.approx(math.sqrt((9 + 16 + 144) / 3) / 100)
    assert found[PART].facts == 1
    assert found[PART].scale_ratio == pytest.approx(0.2)


def test_few_facts_make_a_wider_interval_than_many() -> None:
    found = residuals(ROWS)[WHOLE]
    assert math.log(found.high_ratio) == pytest.approx(T_90[3] * found.scale_ratio, rel=1e-4)


def test_a_target_is_held_against_the_others_only() -> None:
    """c: others 3 and 4 %, root mean square 3.54 %, t of two facts: 10.3 %; an error of 12 % lies outside."""
    held = {(one.row.scenario, one.row.metric): one for one in coverage(ROWS).held}
    of_c = held["c", "headline.step_s"]
    half = T_90[2] * math.sqrt((9 + 16) / 2) / 100
    assert math.log1p(of_c.high_ratio) == pytest.approx(half, rel=1e-4)
    assert math.log1p(of_c.low_ratio) == pytest.approx(-half, rel=1e-4)
    assert not of_c.inside
    assert held["a", "headline.tokens_per_day"].facts == 2
    assert held["a", "headline.tokens_per_day"].inside


def test_a_target_without_others_of_its_sort_cannot_be_held_against_any() -> None:
    found = coverage(ROWS)
    assert "headline.step_bubble_s" not in [one.row.metric for one in found.held]
    assert math.isnan(found.inside_share(PART))
    assert found.inside_share(WHOLE) == pytest.approx(3 / 4)
    assert len(found.table()) == 4


def propagation(values: np.ndarray) -> Propagation:
    metrics = ("step_s", "tokens_per_day", "step_bubble_s", "memory_bytes_per_gpu_max")
    return Propagation((), metrics, np.empty((len(values), 0)), values, values[0], seed=0)


def test_the_simulators_own_error_widens_what_did_not_vary() -> None:
    """A step of 20 s with three facts: up to t x scale above and below; tokens a day mirror it; memory stays."""
    still = propagation(np.tile([20.0, 50.0, 2.0, 7.0], (4096, 1)))
    found = residuals(ROWS)
    bands = with_residual(still, found).bands()
    wide = found[WHOLE].high_ratio
    assert bands["step_s"] == pytest.approx((20 / wide, 20, 20 * wide), rel=0.01)
    assert bands["tokens_per_day"] == pytest.approx((50 / wide, 50, 50 * wide), rel=0.01)
    assert bands["step_bubble_s"].high == pytest.approx(2 * found[PART].high_ratio, rel=0.02)
    assert bands["memory_bytes_per_gpu_max"] == (7, 7, 7)


def test_step_and_tokens_share_the_error() -> None:
    """Their product stays what it is in every sample."""
    still = propagation(np.tile([20.0, 50.0, 2.0, 7.0], (64, 1)))
    values = with_residual(still, residuals(ROWS)).values
    assert values[:, 0] * values[:, 1] == pytest.approx(np.full(len(values), 1000.0))


def test_without_targets_nothing_is_added() -> None:
    still = propagation(np.tile([20.0, 50.0, 2.0, 7.0], (64, 1)))
    inputs_only = tuple(replace(one, role="input") for one in ROWS)
    assert (with_residual(still, residuals(inputs_only)).values == still.values[0]).all()
    assert not coverage(inputs_only).held


def test_about_nine_of_ten_shipped_targets_lie_in_their_interval() -> None:
    """Of 30 and more, between 80 and 100 %: two standard deviations of a share of 0.9 is 11 %."""
    found = coverage(validate())
    assert len(found.held) >= 30
    assert 0.8 <= found.inside_share() <= 1.0
