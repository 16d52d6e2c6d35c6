"""`--fail-if` makes a gate of any command that answers with figures: 1 where a condition is met, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import clustercast

BASE = "llama-3-8b-h100"
QUICK = ("--intervals", "0")


def test_a_comparison_that_meets_a_condition_ends_with_1_and_says_which_and_the_value(tmp_path: Path) -> None:
    words = ("compare", BASE, "--with", "job.sequences_per_step=256", "--fail-if", "step_s > 10", "--json")
    ended = clustercast(*words, "--fail-if", "memory_bytes_per_gpu_max > 900 GB", "--out", str(tmp_path))
    assert ended.code == 1
    assert ended.err.startswith("clustercast: missed: `step_s > 10` is met by job.sequences_per_step=256: step_s is ")
    assert ended.err.count("missed") == 1
    told = json.loads(ended.out)
    assert [(one["condition"], one["met"]) for one in told["conditions"]] == [
        ("step_s > 10", True), ("memory_bytes_per_gpu_max > 900 GB", False),
    ]  # fmt: skip
    results = told["conditions"][0]["results"]
    assert {one["name"]: one["met"] for one in results} == {BASE: False, "job.sequences_per_step=256": True}
    assert results[1]["figures"]["step_s"]["unit"] == "s"
    assert results[1]["figures"]["step_s"]["value"] > 10
    page = (tmp_path / "compare.html").read_text(encoding="utf-8")
    assert "step_s &gt; 10" in page and '<section id="conditions"' in page
    read = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert read["conditions"] == told["conditions"]
    assert read["reproduction"]["command"].endswith(
        "--fail-if 'step_s > 10' --fail-if 'memory_bytes_per_gpu_max > 900 GB'"
    )


def test_conditions_that_nothing_meets_end_with_0(tmp_path: Path) -> None:
    words = ("compare", BASE, "--with", "seed=1", "--fail-if", "step_s > 60 or network_usd > 1e9", "--quiet")
    ended = clustercast(*words, "--out", str(tmp_path))
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_a_figure_that_is_not_there_is_refused_before_anything_is_simulated(tmp_path: Path) -> None:
    words = ("compare", BASE, "--with", "seed=1", "--fail-if", "steps_s > 6")
    ended = clustercast(*words, "--out", str(tmp_path / "out"))
    assert ended.code == 3
    assert "no figure `steps_s` (did you mean `step_s`?)" in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("condition", ["step_s >", "step_s > 6 W", "> 6", "step_s"])
def test_what_is_no_condition_is_refused(tmp_path: Path, condition: str) -> None:
    ended = clustercast("compare", BASE, "--with", "seed=1", "--fail-if", condition, "--out", str(tmp_path))
    assert ended.code == 3
    assert "condition" in ended.err


def test_a_step_a_run_and_a_service_have_the_gate_too(tmp_path: Path) -> None:
    for number, (words, met) in enumerate(
        (
            ((BASE, *QUICK, "--fail-if", "mfu_ratio_causal < 99 %"), "`mfu_ratio_causal < 99 %` is met by " + BASE),
            (("deepseek-v3-profile-decode", "--fail-if", "tpot_s > 1 ms"), "`tpot_s > 1 ms` is met by deepseek-v3"),
        )
    ):
        out = tmp_path / str(number)
        ended = clustercast("run", *words, "--out", str(out))
        assert ended.code == 1, ended
        assert met in ended.err
        assert "What was asked of the figures" in (out / "report.html").read_text(encoding="utf-8")
        read = json.loads((out / "result.json").read_text(encoding="utf-8"))
        assert read["tables"]["conditions"][0]["met"] is True


def test_a_whole_run_has_the_gate(tmp_path: Path) -> None:
    words = ("run", "deepseek-v3", *QUICK, "--fail-if", "days > 1", "--json", "--out", str(tmp_path))
    ended = clustercast(*words)
    assert ended.code == 1
    assert json.loads(ended.out)["conditions"][0]["met"] is True
    assert "`days > 1` is met by deepseek-v3: days is " in ended.err


def test_a_scenario_without_figures_does_not_pass_the_gate(tmp_path: Path) -> None:
    words = ("compare", BASE, "--with", "seed=1", "--with", "zero_stage=0", "--quiet", "--out", str(tmp_path))
    assert clustercast(*words).code == 0, "without a gate it is told on the page and left out"
    ended = clustercast(*words, "--fail-if", "step_s > 900")
    assert ended.code == 1
    assert ended.err.startswith("clustercast: missed: zero_stage=0 has no figures to ask about: ")
