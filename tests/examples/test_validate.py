"""`clustercast validate` prints published beside simulated figures and ends with 1 while a target is missed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import simulator.validate
from simulator.uncertainty.residuals import KERNELS, fact_of
from simulator.validate import Row
from tests.command import Ended, clustercast

KEYS = {"what", "observed", "simulated", "error_ratio", "tolerance_ratio", "role", "status", "source", "ok"}
ROW = Row(
    file="some-system",
    what="Step",
    observed=20.0,
    simulated=20.2,
    unit="s",
    error_ratio=0.01,
    tolerance_ratio=0.03,
    role="target",
    status="met",
    source="a paper, Table 1",
    reason="",
    ok=True,
    as_declared=True,
)
MISS = replace(ROW, what="Bubble", error_ratio=0.2, status="missed", ok=False, reason="waits are not simulated")


def validated(monkeypatch: pytest.MonkeyPatch, rows: tuple[Row, ...], *words: str) -> Ended:
    """Run the command on rows made up."""
    monkeypatch.setattr(simulator.validate, "validate", lambda only: rows)
    return clustercast("validate", *words)


def test_it_ends_with_0_when_every_target_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = validated(monkeypatch, (ROW,))
    assert ended.code == 0
    assert "1 of 1 targets met" in ended.out


def test_it_ends_with_1_while_a_target_is_missed_even_if_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = validated(monkeypatch, (ROW, MISS))
    assert ended.code == 1
    assert "1 of 2 targets met" in ended.out
    assert "waits are not simulated" in ended.out


def test_a_missed_input_is_no_missed_target(monkeypatch: pytest.MonkeyPatch) -> None:
    assert validated(monkeypatch, (ROW, replace(MISS, role="input"))).code == 0


def test_a_figure_that_is_only_reported_is_off_without_being_a_missed_target(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = validated(monkeypatch, (ROW, replace(MISS, role="report")))
    assert ended.code == 0
    assert "1 of 1 targets met; 1 more figures reported with their error" in ended.out
    assert "waits are not simulated" in ended.out
    assert "missed" not in ended.out


def test_a_figure_that_is_not_as_its_file_says_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = validated(monkeypatch, (replace(MISS, status="met", as_declared=False),))
    assert "missed, declared met" in ended.out


def test_json_is_the_rows_with_their_stable_names() -> None:
    rows: list[dict[str, Any]] = json.loads(clustercast("validate", "--json", "--only", "deepseek-v3-model").out)
    assert rows
    assert all(set(row) >= KEYS for row in rows)
    for row in rows:
        assert row["error_ratio"] == pytest.approx(row["simulated"] / row["observed"] - 1)
        assert row["ok"] == (abs(row["error_ratio"]) <= row["tolerance_ratio"])


def test_an_unknown_file_is_refused_with_the_nearest_one() -> None:
    ended = clustercast("validate", "--only", "deepseek-v3-modle")
    assert ended.code == 3
    assert "deepseek-v3-model" in ended.err


def test_the_last_lines_say_how_many_targets_lie_in_an_interval_from_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three errors of 1 % make an interval of 2.4 % (t of three facts: 2.35), in which 20 % does not lie."""
    close = [replace(ROW, metric="headline.step_s", scenario=name, file=name, error_ratio=0.01) for name in "abc"]
    far = replace(ROW, metric="headline.step_s", scenario="d", file="d", error_ratio=0.2)
    ended = validated(monkeypatch, (*close, far))
    assert "3 of 4 targets, 75%, lie in the 90 % interval" in ended.out
    assert "about 90 % are expected" in ended.out
    assert "Outside: Step (d)" in ended.out


def test_json_says_of_each_target_which_interval_the_others_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    both = tuple(replace(ROW, metric="headline.step_s", scenario=name, file=name) for name in "ab")
    told = json.loads(validated(monkeypatch, (*both, replace(ROW, role="report")), "--json").out)
    assert told[0]["interval"]["facts"] == 1
    assert told[0]["interval"]["inside"] is True
    assert told[2]["interval"] is None


def test_kernels_alone_are_a_sort_of_their_own_and_reported_figures_are_of_none() -> None:
    kernels = replace(ROW, metric="all_to_all.normal.ep32.dispatch.seconds", scenario="a")
    assert fact_of(kernels) == (KERNELS, ROW.file, kernels.metric)
    assert fact_of(replace(ROW, metric="headline.step_s", role="report")) is None
