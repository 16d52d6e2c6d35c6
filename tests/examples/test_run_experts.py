"""`clustercast run --experts`: loads, waiting, and what balance is worth."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.command import clustercast

CHANGES = ("nodes=8", "layout.pp=4", "dp=16", "ep=16", "job.sequences_per_step=192", "model.layers=9",
           "model.experts.gate.experts=64")  # fmt: skip
SMALL = [word for change in CHANGES for word in ("--with", change)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a small step."""
    made = tmp_path_factory.mktemp("experts")
    ended = clustercast("run", "deepseek-v3-pretrain", *SMALL, "--experts", "--out", str(made))
    assert ended.code == 0, ended.err
    return made


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """A table of the report."""
    with (folder / "tables" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_report_says_what_balance_is_worth(folder: Path) -> None:
    """In percent and USD: nothing for itself, less where loads are even, more where nothing balances."""
    worth = {row["case"]: float(row["change_ratio"]) for row in rows(folder, "balance_worth")}
    assert worth["as the scenario says"] == 0
    assert worth["every expert the same"] < 0
    assert worth["domains prefer experts, no balance"] > worth["no bias balance, experts placed by load (EPLB)"]
    assert all(row["change_usd"] for row in rows(folder, "balance_worth"))
    html = (folder / "report.html").read_text(encoding="utf-8")
    for said in ("What balance is worth", "MaxVio over time", "How much of communication is waiting"):
        assert said in html


def test_more_skew_is_never_faster(folder: Path) -> None:
    steps_s = [float(row["step_s"]) for row in rows(folder, "step_against_skew")]
    assert steps_s == sorted(steps_s) and steps_s[-1] > steps_s[0]


def test_biases_bring_violation_down_and_down_again_after_a_drift(folder: Path) -> None:
    """Steps 0, 69, 70, 119 under the published speed."""
    moved = {int(row["step"]): float(row["violation"]) for row in rows(folder, "bias_balancing")
             if float(row["speed_per_step"]) > 0}  # fmt: skip
    assert moved[69] < 0.5 * moved[0]
    assert moved[70] > moved[69]
    assert moved[119] < moved[70]


def test_without_shared_experts_there_is_nothing_to_look_at() -> None:
    ended = clustercast("run", "llama-3-8b-h100", "--experts")
    assert ended.code == 3
    assert "--experts" in ended.err and "layout.ep: 1" in ended.err
