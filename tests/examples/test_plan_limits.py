"""Limits of `clustercast plan` are kept by the answer, and a question that has an answer gets it."""

from __future__ import annotations

from pathlib import Path

import pytest

import clustercast as library
from simulator.planner.result import PlanResult
from simulator.refusal import Refused

FEW = """
name: few
scenario: {base: llama-3-8b-h100, job: {tokens: 1 T tokens}}
layouts:
  {tp: [1], cp: [1], pp: [1, 2], schedules: [1f1b], sequences_per_micro_batch: [1], recompute: [none], zero_stage: [3],
   zero_overlap: [true]}
search: {keep: 2, confirm: 1}
"""


def chosen(folder: Path, more: str) -> PlanResult:
    """The answer to a question about few layouts, with more asked."""
    file = folder / "few.yaml"
    file.write_text(FEW + more, encoding="utf-8")
    return library.choose(file)


def test_slower_clusters_that_survive_a_lost_switch_are_found_behind_fast_ones_that_do_not(tmp_path: Path) -> None:
    more = "vary: {nodes: [1, 4]}\nlimits: {survives: {part: switch, most_slower_share: 10 %}}\n"
    result = chosen(tmp_path, more)
    ranked, pruned = result.tables["candidates"], result.tables["pruned"]
    # four nodes are faster, but hang on one switch: one node, which needs none, is all that is left
    assert set(ranked["nodes"]) == {"1"}
    assert not ranked["lost"].str.startswith("-").any()
    rows = result.tables["binds"].set_index("limit")
    assert (rows.loc["lost switch", "used"], rows.loc["lost switch", "allowed"]) == (0.0, 0.1)
    reasons = " / ".join(pruned["reason"])
    assert "nodes are cut off" in reasons and "more than 10 % slower with a lost switch" in reasons
    assert any("With switch 0 lost its step is 0 % slower" in said for said in result.answer)


def test_a_network_without_its_only_plane_is_said_to_connect_nothing(tmp_path: Path) -> None:
    more = "vary: {nodes: [2]}\nlimits: {survives: {part: plane, most_slower_share: 50 %}}\n"
    with pytest.raises(Refused, match="nodes 2: with a lost plane nodes are cut off") as refused:
        chosen(tmp_path, more)
    assert "inf" not in str(refused.value)
