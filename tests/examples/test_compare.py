"""`clustercast compare` goes from files and what-ifs to one page, and says what it left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import ROOT, Ended, clustercast

BASE = "llama-3-8b-h100"
FILE = ROOT / "workloads" / "scenarios" / f"{BASE}.yaml"


def compare(*words: str, out: Path) -> Ended:
    """Run the command."""
    return clustercast("compare", *words, "--out", str(out))


def test_a_comparison_leaves_page_json_tables_and_scenarios(tmp_path: Path) -> None:
    ended = compare(BASE, "--with", "gpu=h200", out=tmp_path / "out")
    assert ended.code == 0, ended
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "compare.html", "comparison.json", "tables", "scenarios",
    }  # fmt: skip
    assert f"report: {tmp_path / 'out' / 'compare.html'}" in ended.out
    assert ended.err == ""


def test_each_with_is_a_scenario_and_commas_join_changes(tmp_path: Path) -> None:
    words = ("--with", "nodes=2,dp=16,node.nic.notes=a,b", "--with", "seed=1", "--json")
    told = json.loads(compare(BASE, *words, out=tmp_path).out)
    assert [one["label"] for one in told["scenarios"]] == [BASE, "nodes=2, dp=16, node.nic.notes=a,b", "seed=1"]
    (row,) = (row for row in told["tables"]["attribution"] if row["scenario"] != "seed=1")
    assert row["thing"] == "number of nodes, parallel axes"


def test_files_and_what_ifs_together_are_held_against_the_first_file(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(FILE.read_text(encoding="utf-8").replace("nodes: 1\n", "nodes: 2\n").replace("dp: 8", "dp: 16"))
    ended = compare(BASE, str(other), "--with", "price=h800-rental", "--json", out=tmp_path / "out")
    told = json.loads(ended.out)
    labels = [one["label"] for one in told["scenarios"]]
    assert labels == [f"{BASE} ({BASE})", f"{BASE} ({other})", "price=h800-rental"]
    assert told["tables"]["parts"][0]["scenario"] == labels[0]


def test_the_command_on_the_page_makes_it_again(tmp_path: Path) -> None:
    compare(BASE, "--with", "gpu=h200", "--with", "nodes=2,dp=16", out=tmp_path)
    read = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    said = f"clustercast compare {BASE} --with gpu=h200 --with nodes=2,dp=16"
    assert read["reproduction"]["command"] == said


def test_what_does_not_fit_is_listed_and_the_others_run(tmp_path: Path) -> None:
    small = "node.gpu.memory_usable_bytes=20 GiB"
    ended = compare(BASE, "--with", small, "--with", "tp=3", "--with", "gpu=h200", out=tmp_path)
    assert ended.code == 0
    assert f"left out: {small}: pipeline rank 0 needs" in ended.out
    assert "left out: tp=3: layout" in ended.out
    assert "2 scenarios could not be simulated" in (tmp_path / "compare.html").read_text(encoding="utf-8")


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    assert compare(BASE, "--with", "gpu=h200", "--quiet", out=tmp_path) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((BASE,), 2, "name two scenarios, or one and a change"),
        ((BASE, "--with", "gpu"), 2, "write `path=value`"),
        ((BASE, "--with", "nodes=1,nodes=2"), 2, "given twice"),
        ((BASE, "--with", "nodes=1,cluster.nodes=2"), 3, "`cluster.nodes` is given twice"),
        ((BASE, "--with", "gpux=h100"), 3, "unknown field `gpux` (did you mean `gpu`?)"),
        ((BASE, "--with", "kind=1f1b"), 3, "`kind` may mean `job.kind` or `cluster.topology.kind` or"),
        ((BASE, "no/such.yaml"), 3, "no/such.yaml: no such file"),
        ((BASE, "--with", "gpu=h2000"), 3, "needs two scenarios that can be simulated, and 1 can gpu=h2000: "),
        ((BASE, "--with", "tp=3"), 3, "and 1 can tp=3: layout"),
    ],
)
def test_what_cannot_be_compared_is_refused(words: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    ended = compare(*words, out=tmp_path / "out")
    assert ended.code == code, ended
    assert said in " ".join(ended.err.replace("│", " ").split())
    assert ended.out == ""
    assert not (tmp_path / "out").exists()


def test_run_takes_short_paths_too(tmp_path: Path) -> None:
    ended = clustercast("run", BASE, "--with", "gpu=h200", "--json", "--out", str(tmp_path))
    assert ended.code == 0
    assert "gpu: h200" not in (tmp_path / "scenario.yaml").read_text(encoding="utf-8")
    assert "cluster.node.gpu=h200" in (tmp_path / "scenario.yaml").read_text(encoding="utf-8")


def test_the_report_of_a_run_says_what_its_network_costs(tmp_path: Path) -> None:
    """One leaf switch and eight endpoints: 10,800 + 8 x 1,170 USD."""
    assert clustercast("run", BASE, "--quiet", "--out", str(tmp_path)).code == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What the network costs to buy" in page
    assert "All together 20.16 thousand USD. A capital expense" in page
    read = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert sum(line["total_usd"] for line in read["tables"]["network_bill"]) == 10_800 + 8 * 1_170
