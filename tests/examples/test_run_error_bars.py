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
