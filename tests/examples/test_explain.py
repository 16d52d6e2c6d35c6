"""`clustercast explain` prints a formula, what is put in and where it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import clustercast


def test_it_prints_formula_inputs_with_source_and_the_numbers_put_in() -> None:
    ended = clustercast("explain", "cost_usd", "llama-3-8b-h100")
    assert ended.code == 0, ended
    assert "cost_usd = gpu_hours x hour_s x gpu_usd_per_s" in ended.out
    assert "h100-rental: " in ended.out
    assert " x 1 h x " in ended.out


def test_a_change_is_put_in() -> None:
    ended = clustercast("explain", "model.parameters", "llama-3-8b-h100", "--with", "model=llama-3-70b")
    assert "70.55 billion" in ended.out


@pytest.mark.parametrize("metric", ["step_sec", "model.paramters"])
def test_an_unknown_figure_ends_with_3_and_the_nearest_name(metric: str) -> None:
    ended = clustercast("explain", metric, "llama-3-8b-h100")
    assert ended.code == 3
    assert "did you mean" in ended.err


def test_intervals_of_a_run_are_printed_and_can_be_left_out(tmp_path: Path) -> None:
    small = ("run", "llama-3-8b-h100", "--out", str(tmp_path))
    with_ends, without = (clustercast(*small, *words) for words in (("--intervals", "32"), ("--intervals", "0")))
    assert "at 90 %" in with_ends.out
    assert "at 90 %" not in without.out
    assert "--intervals 256" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert clustercast(*small, "--intervals", "0", "--sobol").code == 2


def test_a_list_of_what_ifs_is_compared_change_by_change(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "title: Mine\nwhat_ifs:\n"
        "  - {title: Checked products, changes: {cluster.node.gpu.error_check_ratio: 0.1}, moves: step_s, "
        "assumed: all}\n"
    )
    words = ("compare", "llama-3-8b-h100", "--what-ifs", str(mine), "--intervals", "--out", str(tmp_path / "out"))
    ended = clustercast(*words)
    assert ended.code == 0, ended
    assert "Checked products" in ended.out
    assert " to +" in ended.out
