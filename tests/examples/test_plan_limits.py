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


def test_where_one_node_keeps_the_budget_and_many_do_not_the_fewest_are_found(tmp_path: Path) -> None:
    # 49.3 kUSD on one node, more with every further one: 50.5 kUSD on 16
    result = chosen(tmp_path, "limits: {budget_usd: 49.4 kUSD}\nfind: {what: fewest-gpus, nodes: [1, 16]}\n")
    assert result.headline["gpus"].value == 8
    assert result.headline["cost_usd"].value <= 49_400


def test_where_no_number_of_nodes_keeps_all_limits_both_ends_say_what_they_break(tmp_path: Path) -> None:
    more = "limits: {budget_usd: 49.4 kUSD, within_s: 30 days}\nfind: {what: fewest-gpus, nodes: [1, 16]}\n"
    with pytest.raises(Refused, match=r"1 node breaks the date by 7\d\.\d+ days, 16 nodes break the budget by \d"):
        chosen(tmp_path, more)


def test_figures_of_the_most_tokens_are_for_these_tokens_on_the_cluster_that_has_room_for_the_most(
    tmp_path: Path,
) -> None:
    more = "vary: {nodes: [1, 4]}\nlimits: {budget_usd: 10 kUSD, within_s: 10 days}\nfind: {what: most-tokens}\n"
    result = chosen(tmp_path, more)
    figures, rows = result.headline, result.tables["binds"].set_index("limit")
    tokens, step = figures["tokens"].value, 128 * 8192
    assert tokens % step == 0
    # one node would take 10.4 days for 200 bn tokens of 10 kUSD, so four: the budget binds, one step more breaks it
    assert figures["time_s"].value == pytest.approx(tokens / step * figures["step_s"].value)
    assert figures["cost_usd"].value <= 10_000 < figures["cost_usd"].value * (1 + step / tokens)
    assert (figures["gpus"].value, rows.loc["budget", "used"]) == (32, figures["cost_usd"].value)
    assert bool(rows.loc["budget", "binding"]) and rows.loc["date", "used"] == figures["time_s"].value
    assert result.tables["candidates"]["cost_usd"].iloc[0] == pytest.approx(figures["cost_usd"].value)
    assert not result.tables["candidates"]["lost"].str.startswith("-").any()


def test_limits_without_room_for_one_step_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"do not allow one step .* takes 9\.3\d+ s of 5 s"):
        chosen(tmp_path, "limits: {within_s: 5 s}\nfind: {what: most-tokens}\n")


def test_the_fewest_that_survive_a_lost_switch_are_found_though_larger_numbers_do_not(tmp_path: Path) -> None:
    more = "limits: {within_s: 200 days, survives: {part: switch, most_slower_share: 10 %}}\n"
    result = chosen(tmp_path, more + "find: {what: fewest-gpus, nodes: [1, 16]}\n")
    assert result.headline["gpus"].value == 8
    assert "lost switch" in set(result.tables["binds"]["limit"])
    more = more.replace("200", "30") + "find: {what: fewest-gpus, nodes: [1, 16]}\n"
    with pytest.raises(Refused, match=r"1 node breaks the date by .*, on nodes 16: with a lost switch nodes are cut"):
        chosen(tmp_path, more)


def test_a_cluster_that_survives_but_is_slower_is_not_said_to_be_given_up(tmp_path: Path) -> None:
    more = "vary: {nodes: [1, 4]}\nlimits: {survives: {part: nic, most_slower_share: 10 %}}\n"
    result = chosen(tmp_path, more)
    assert set(result.tables["candidates"]["nodes"].iloc[:2]) == {"4"}
    assert not [said for said in result.warnings if "left out" in said]
    assert any("The scenario's own layout" in said and "% more" in said for said in result.answer)
