"""`clustercast show` tells what exists, what it is worth, and who says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import Ended, clustercast

OWN_GPU = """
base: h800
title: a GPU of my own
memory_usable_bytes: 70 GiB
"""


def lines_with(ended: Ended, *words: str) -> list[str]:
    """Lines of the output that hold all the words."""
    return [line for line in ended.out.splitlines() if all(word in line for word in words)]


def test_show_lists_every_shipped_entry_and_every_plug_in() -> None:
    ended = clustercast("show")
    assert ended.code == 0
    for group, name in (
        ("gpus", "h800"),
        ("models", "deepseek-v3"),
        ("nodes", "h800-node"),
        ("prices", "h800-rental"),
        ("storage", "3fs-roce"),
    ):
        assert lines_with(ended, group, name, "built-in")
    for group, name in (("schedules", "dualpipe"), ("topologies", "mpft")):
        assert lines_with(ended, group, name, ".py")


def test_shipped_scenarios_are_listed_and_shown() -> None:
    assert lines_with(clustercast("show", "scenarios"), "deepseek-v3-pretrain", "2,048 H800")
    assert lines_with(clustercast("show", "scenario", "deepseek-v3-pretrain"), "model: deepseek-v3")


def test_show_of_a_group_lists_that_group_only() -> None:
    rows = clustercast("show", "gpu").out.splitlines()[2:]
    assert len(rows) >= 7
    assert all(row.startswith("gpus ") for row in rows)


def test_show_of_a_gpu_gives_unit_basis_and_source_of_each_value() -> None:
    ended = clustercast("show", "gpu", "h800")
    assert lines_with(ended, "memory_usable_bytes", "84943110144 B", "measured")
    assert lines_with(ended, "nvlink_links", "8", "derived")
    assert lines_with(ended, "from", "h800.yaml", "built-in")


def test_show_of_a_model_counts_parameters_cache_and_flop() -> None:
    ended = clustercast("show", "model", "deepseek-v3")
    assert lines_with(ended, "all but MTP", "671,026,419,200", "70.272 kB", "250.4 GFLOP", "281.2 GFLOP")
    assert lines_with(ended, "all ", "260.6 GFLOP")


def test_show_of_topologies_compares_the_published_networks() -> None:
    ended = clustercast("show", "topology")
    assert ended.code == 0
    assert lines_with(ended, "topologies", "slim-fly", "topologies/kinds/slim_fly.py")
    for name, *figures in (
        ("FT2", "2,048", "96", "2,048", "9 MUSD", "+0.27%"),
        ("MPFT", "16,384", "768", "16,384", "4.41 kUSD", "4.39 kUSD"),
        ("FT3", "65,536", "5,120", "131,072", "7.47 kUSD", "7.5 kUSD"),
        ("SF", "32,928", "1,568", "32,928", " - "),
        ("DF", "261,632", "16,352", "384,272", "5.85 kUSD", "50%"),
    ):
        assert lines_with(ended, f"{name} ", *figures), name
    assert "FT2 < MPFT < SF < DF < FT3" in ended.out
    assert "MPFT costs 41.0% less an endpoint than three layers (FT3); published costs give 41.5%." in ended.out


def test_show_of_a_topology_says_what_its_fields_mean() -> None:
    ended = clustercast("show", "topology", "slim-fly")
    assert lines_with(ended, "q ", "Left out: the largest that the switch's ports allow.")
    assert lines_with(clustercast("show", "topology", "drawn"), "{between: [leaf0, spine], count: 16}")


def test_show_as_json_is_the_entry_with_its_sources() -> None:
    told = json.loads(clustercast("show", "model", "deepseek-v3", "--json").out)
    assert told["entry"]["hidden"] == 7168
    assert told["entry"]["sources"]["hidden"]["basis"] == "published"
    assert sum(part["parameters"] for part in told["counts"] if part["part"] != "MTP") == 671_026_419_200


def test_an_entry_of_ones_own_hides_the_shipped_one_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "gpus").mkdir()
    (tmp_path / "gpus" / "h800.yaml").write_text(OWN_GPU)
    ended = clustercast("show", "gpu", "h800", "--catalog", str(tmp_path))
    assert lines_with(ended, "a GPU of my own")
    assert lines_with(ended, "memory_usable_bytes", "70 GiB")
    assert lines_with(ended, "hides", "topologies/catalog/gpus/h800.yaml")


def test_one_broken_entry_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "gpus").mkdir()
    (tmp_path / "gpus" / "mine.yaml").write_text("sms: minus one\n")
    ended = clustercast("show", "gpus", "--catalog", str(tmp_path))
    assert ended.code == 0
    assert lines_with(ended, "mine", "cannot be read")
    assert lines_with(ended, "h800", "built-in")


def test_a_schedule_is_shown_as_the_order_of_each_rank() -> None:
    ended = clustercast("show", "schedule", "dualpipe", "--ranks", "4", "--micro-batches", "8")
    rows = [line.split() for line in ended.out.splitlines() if line[:1].isdigit()]
    assert [row[:2] for row in rows] == [["0", "0,3"], ["1", "1,2"], ["2", "2,1"], ["3", "3,0"]]
    assert rows[0][3:6] == ["F0", "F1", "F2"]
    assert "F3&B5" in rows[0]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("gpu", "h8000"), 3, "did you mean `h800`?"),
        (("gpuu",), 2, "did you mean `gpus`?"),
        (("schedule", "dualpip"), 2, "did you mean `dualpipe`?"),
        (("schedule", "dualpipe", "--ranks", "3", "--micro-batches", "8"), 3, "use pp = 2 or 4"),
        (("schedule", "dualpipe", "--ranks", "4"), 2, "go together"),
        (("gpu", "h800", "--ranks", "4"), 2, "go with `show schedule NAME`"),
        (("topology", "torus"), 2, "there are:"),
        (("--json",), 2, "one entry"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_what_can(words: tuple[str, ...], code: int, said: str) -> None:
    ended = clustercast("show", *words)
    assert ended.code == code
    assert said in " ".join(ended.err.replace("\u2502", " ").split())


def test_show_all_to_all_says_what_kernels_reach_and_the_limits_of_decode() -> None:
    """Rates by numbers of GPUs, other ways, and the published 120.96 us, 241.92 us and 67 tokens a second."""
    told = clustercast("show", "all-to-all")
    assert told.code == 0
    for text in ("deepep-2025-06-05", "one copy for each node", "120.96 us", "241.92 us", "67.8", "6.72 us"):
        assert text in told.out
