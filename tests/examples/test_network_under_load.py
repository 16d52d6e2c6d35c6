"""`run --network` and `compare --network`: every flow followed, from the command to the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import clustercast

SMALL = (
    "--with", "cluster.nodes=16", "--with", "layout.pp=2", "--with", "layout.dp=64", "--with", "layout.ep=64",
    "--with", "job.sequences_per_step=512", "--with", "model.layers=12", "--with", "layout.schedule.kind=1f1b",
)  # fmt: skip


def test_a_run_says_where_flows_meet_and_what_a_fault_would_cost(tmp_path: Path) -> None:
    """Hashed flows on small switches collide; the report names the links and prices one fault of each kind."""
    hashed = ("--with", "cluster.topology.routing=ecmp", "--with", "cluster.topology.switch.ports=8")
    ended = clustercast("run", "deepseek-v3-pretrain", *SMALL, *hashed, "--network", "--out", str(tmp_path))
    assert ended.code == 0, ended.err
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in ("The network under load", "The fullest links between switches", "What one fault would cost"):
        assert words in page
    hottest = (tmp_path / "tables/network_hottest.csv").read_text(encoding="utf-8")
    assert "leaf " in hottest
    assert "(plane " in hottest


def test_a_comparison_shows_each_network_under_its_own_traffic(tmp_path: Path) -> None:
    """One map and one set of rows a scenario."""
    ended = clustercast(
        "compare", "deepseek-v3-pretrain", "--with", "routing=ecmp", "--network", "--quiet", "--out", str(tmp_path)
    )
    assert ended.code == 0, ended.err
    page = (tmp_path / "compare.html").read_text(encoding="utf-8")
    assert page.count("Uplinks of the leaves: ") >= 2
    faults = (tmp_path / "tables/network_faults.csv").read_text(encoding="utf-8").splitlines()
    assert faults[0].startswith("scenario,fault")
    assert {line.split(",")[0] for line in faults[1:]} == {"deepseek-v3-pretrain", "routing=ecmp"}


@pytest.mark.parametrize("part", ["plane", "switch", "nic"])
def test_a_fault_with_another_end_is_refused_in_words(part: str, tmp_path: Path) -> None:
    """Only a cable has two ends."""
    fault = f"cluster.faults=[{{part: {part}, number: 0, to: 1}}]"
    ended = clustercast("run", "deepseek-v3-pretrain", "--with", fault, "--out", str(tmp_path))
    assert ended.code == 3
    assert f"a {part} has no other end: leave it out" in ended.err


def test_a_cable_without_its_other_end_is_refused_in_words(tmp_path: Path) -> None:
    fault = "cluster.faults=[{part: cable, number: 0}]"
    ended = clustercast("run", "deepseek-v3-pretrain", "--with", fault, "--out", str(tmp_path))
    assert ended.code == 3
    assert "a cable needs the number of the switch at its other end" in ended.err
