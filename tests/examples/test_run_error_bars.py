"""`clustercast run` of a whole run: times and rents with low, mid and high."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command import clustercast


def test_times_and_rents_of_a_run_have_error_bars(tmp_path: Path) -> None:
    """The rent is less known than the time, for the price may be off too; without draws there is none."""
    ended = clustercast("run", "deepseek-v3", "--intervals", "64", "--out", str(tmp_path))
    assert ended.code == 0, ended.err
    headline = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["headline"]
    hours, rent = headline["gpu_hours"], headline["cost_usd"]
    for figure in (hours, rent, headline["days"]):
        assert figure["low"] < figure["mid"] < figure["high"]
        assert figure["low"] < figure["value"] < figure["high"]
    assert rent["high"] / rent["low"] >= hours["high"] / hours["low"]
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "How far these figures may be off" in html
    bare = clustercast("run", "deepseek-v3", "--intervals", "0", "--json", "--out", str(tmp_path / "bare"))
    assert "low" not in json.loads(bare.out)["headline"]["gpu_hours"]


def test_a_handful_of_draws_is_no_interval(tmp_path: Path) -> None:
    ended = clustercast("run", "deepseek-v3", "--intervals", "4", "--out", str(tmp_path))
    assert ended.code == 2
    assert "give 32 or more" in ended.err


def test_a_date_before_the_run_could_end_is_refused_at_once(tmp_path: Path) -> None:
    early = ("--with", "promise.by_s=10 days", "--intervals", "0", "--out", str(tmp_path))
    ended = clustercast("run", "deepseek-v3-with-failures", *early)
    assert ended.code == 3
    assert "10 days is too early" in ended.err


def test_failures_faster_than_restarts_are_refused_soon(tmp_path: Path) -> None:
    many = ("--with", "reliability.rate_ratio=1000", "--intervals", "0", "--out", str(tmp_path))
    ended = clustercast("run", "deepseek-v3-with-failures", *many)
    assert ended.code == 3
    assert "not one of 3 runs was done" in ended.err
