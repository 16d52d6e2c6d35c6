"""What is ranked differs, includes the scenario's own layout, and is held against every cluster's own prices."""

from __future__ import annotations

from pathlib import Path

import pytest

import clustercast as library
from simulator.planner.alike import alike, merged
from simulator.planner.cluster import Cluster, clusters
from simulator.planner.compromises import compromises
from simulator.planner.exhaustive import own_candidate
from simulator.planner.found import Candidate, best
from simulator.planner.sampled import sampled
from simulator.planner.ways import Ways
from simulator.planner.worth import Bar
from simulator.refusal import Refused
from topologies.problems import InvalidInput
from workloads.plan_question import TrainingQuestion
from workloads.question_file import load_question

FEW = """
layouts: {tp: [1], cp: [1], pp: [1, 2], schedules: [1f1b], sequences_per_micro_batch: [1], recompute: [none],
          zero_stage: [3], zero_overlap: [true]}
"""


def asked(folder: Path, text: str) -> Path:
    """A question's file."""
    file = folder / "asked.yaml"
    file.write_text(f"name: asked\nscenario: {{base: llama-3-8b-h100, job: {{tokens: 1 T tokens}}}}\n{text}")
    return file


def question_of(file: Path) -> TrainingQuestion:
    """The question of a file."""
    question = load_question(file)
    assert isinstance(question, TrainingQuestion)
    return question


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Candidate, Cluster]:
    """The own layout of a scenario and its cluster."""
    (cluster,) = clusters(question_of(asked(tmp_path_factory.mktemp("own"), FEW)), None)
    assert isinstance(cluster, Cluster)
    found = own_candidate(cluster)
    assert found is not None
    return found, cluster


def test_draws_are_ranked_beside_the_scenarios_own_layout(tmp_path: Path) -> None:
    question = question_of(asked(tmp_path, "objective: [cost]\nvary: {nodes: [1, 2]}\nsearch: {tries: 50}\n"))
    able = [one for one in clusters(question, None) if isinstance(one, Cluster)]
    found = sampled(question, able, Ways())
    assert found.own is not None
    assert found.own.key in {one.key for one in found.candidates if one.cluster == found.own.cluster}
    assert found.candidates[0].values <= found.own.values
    assert found.valid < 50


def test_another_gpus_own_price_is_varied_and_may_change_the_choice(tmp_path: Path) -> None:
    nodes = "[{base: h100-node, gpu: {base: h100, kernels: hopper-fused}}, {base: h800-node, gpu: {base: h800, "
    text = f"{FEW}objective: [cost]\nprices: [h800-rental]\nvary:\n  node: {nodes}kernels: hopper-fused}}}}]\n"
    result = library.choose(asked(tmp_path, text), {"layouts.pp": [1]})
    turned = result.tables["sensitivity"].set_index("input")
    (price,) = [name for name in turned.index if "h100" in name and name.endswith("price.gpu_usd_per_s")]
    assert turned.loc[price, "changes_choice"]
    assert any("It would change with" in said and price in said for said in result.answer)
    assert any("agree within 0.01 %" in said for said in result.answer)


def test_equal_layouts_of_a_cluster_have_one_row_and_the_plainest_stands_for_them(
    own: tuple[Candidate, Cluster],
) -> None:
    plain = own[0]
    twin = plain._replace(key=(2, *plain.key[1:]), step_s=plain.step_s * (1 - 5e-5))
    leaner = plain._replace(key=(3, *plain.key[1:]), memory_bytes=plain.memory_bytes * 0.9)
    elsewhere = plain._replace(cluster=7)
    assert alike(plain, twin)
    assert not any(alike(plain, other) for other in (leaner, elsewhere))
    found = merged([twin, plain, leaner, elsewhere], 10)
    assert ({one.key for one in found.candidates}, found.equal) == ({plain.key, leaner.key}, 1)
    assert [one.cluster for one in found.candidates] == [0, 0, 7]


def test_compromises_are_placed_by_the_first_objective_and_the_others_told_with_both_figures(
    own: tuple[Candidate, Cluster],
) -> None:
    cheap, middle, beaten, fast = (
        own[0]._replace(values=values, key=(number, *own[0].key[1:]))
        for number, values in enumerate([(100.0, 50.0), (110.0, 40.0), (105.0, 60.0), (150.0, 20.0)], start=1)
    )
    assert best([fast, beaten, middle, cheap], 2) == [cheap, beaten, middle, fast]
    said = compromises(cheap, [cheap, beaten, middle, fast], {0: own[1]}, ("cost", "time"))
    assert "least cost" in said
    assert "3 candidates are beaten by no other" in said
    assert "20 s (60.0 % less) for 150 USD (50.0 % dearer)" in said


def test_by_several_objectives_the_best_of_the_first_are_looked_for_although_others_beat_them() -> None:
    bar = Bar(2).with_found([(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)])
    assert bar.found == ((1.0, 1.0),)
    assert not bar.excludes((2.0, 9.0))
    assert bar.excludes((2.5, 9.0))
    assert not bar.counts_own


def test_a_budget_that_nothing_keeps_is_refused_with_what_the_cheapest_costs(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"the cheapest, DP 8, .*, costs 49\.\d+ kUSD"):
        library.choose(asked(tmp_path, f"{FEW}limits: {{budget_usd: 1 USD}}\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vary: {price: [h100-rental]}\n", "`prices`"),
        ("vary: {price.gpu_usd_per_s: [1 USD/h]}\n", "`prices`"),
        ("vary: {layout.schedule.overlap: [true]}\n", "layouts.schedules"),
        ("vary: {node: [{base: h100-node}], node.gpu: [{base: h100}]}\n", "`node` is varied too"),
        ("vary: {nodes: [1], cluster.nodes: [2]}\n", "`nodes` is varied too"),
        ("limits: {budget_usd: 1 kUSD}\nfind: {what: fewest-gpus, nodes: [1, 4]}\nvary: {cluster: [a]}\n", "`find`"),
        ("design: {kind: grid, values: {nodes: [1, 2]}}\n", "give it to `clustercast sweep`"),
    ],
)
def test_what_would_be_overridden_and_a_sweep_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_question(asked(tmp_path, text))
    assert said in refused.value.problems[0].message
