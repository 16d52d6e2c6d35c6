"""What a comparison says of scenarios: verdicts, ranking, networks and their price, limits, who is left out."""

from __future__ import annotations

import math

import pytest

import clustercast
from simulator.comparing.comparison import Comparison
from simulator.comparing.deltas import LESS, MORE, NO_CHANGE, verdict
from simulator.comparing.labels import labels
from simulator.refusal import Refused
from simulator.result import Figure
from topologies.problems import InvalidInput
from workloads.scenario import SCENARIOS, Scenario, changed, load_scenario


@pytest.fixture(scope="module")
def base() -> Scenario:
    return changed(load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml"), {"job.sequences_per_step": 4096})


@pytest.fixture(scope="module")
def comparison(base: Scenario) -> Comparison:
    tree = {"topology.kind": "fat-tree", "topology.layers": 3}
    return clustercast.compare([base], [tree, {"schedule.kind": "1f1b"}, {"job.recompute": "none"}, {"pp": 7}])


@pytest.mark.parametrize(
    ("figure", "value", "said"),
    [
        (Figure(20.0, "s", "."), 20.09, NO_CHANGE),
        (Figure(20.0, "s", "."), 20.11, MORE),
        (Figure(20.0, "s", "."), 19.89, LESS),
        (Figure(20.0, "s", ".", 19.0, 22.0), 21.9, NO_CHANGE),
        (Figure(20.0, "s", ".", 19.0, 22.0), 18.9, LESS),
        (Figure(20.0, "s", ".", 19.99, 20.01), 20.02, MORE),
    ],
)
def test_half_a_percent_or_the_interval_decides_what_is_material(figure: Figure, value: float, said: str) -> None:
    assert verdict(figure, value, figure.value) == said


def test_a_part_of_the_step_is_judged_by_the_step() -> None:
    """Gradients in BF16 take a third off the optimiser's part, 0.07 s of 19: less than half a percent of the step."""
    base = load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")
    found = clustercast.compare([base], [{"job.precision.gradients": "bf16"}])
    judged = {str(row["figure"]): row for row in found.tables["figures"].to_dict("records")}
    assert float(judged["step_optimizer_s"]["difference_ratio"]) < -0.3
    assert judged["step_optimizer_s"]["verdict"] == NO_CHANGE
    assert judged["memory_bytes_per_gpu_max"]["verdict"] == LESS


def test_three_layers_instead_of_planes_change_the_network_bill_and_nothing_else(comparison: Comparison) -> None:
    """By hand: 64 + 64 + 32 switches and 2 x 2,048 cables instead of 8 x (8 + 4) and 2,048."""
    label = "topology.kind=fat-tree, topology.layers=3"
    figures = comparison.tables["figures"]
    assert set(figures.loc[figures["scenario"] == label, "verdict"]) == {NO_CHANGE}
    network = comparison.tables["network"].set_index("scenario")
    ends = 2_048 * 1_170
    assert network.loc[comparison.base.label, "network_usd"] == 96 * 10_800 + 2_048 * 2_730 + ends
    assert network.loc[label, "network_usd"] == 160 * 10_800 + 4_096 * 2_730 + ends
    assert network.loc[label, "network_usd_per_endpoint"] == (160 * 10_800 + 4_096 * 2_730 + ends) / 2_048


def test_the_ranking_puts_the_cheapest_run_first(comparison: Comparison) -> None:
    ranking = comparison.tables["ranking"]
    assert ranking["place"].tolist() == [1, 2, 3]
    assert ranking["cost_usd"].is_monotonic_increasing
    assert ranking["scenario"].iloc[-1] == "schedule.kind=1f1b"


def test_what_does_not_fit_or_is_not_valid_is_left_out_with_its_reason(comparison: Comparison) -> None:
    assert set(comparison.refused) == {"job.recompute=none", "pp=7"}
    assert "are usable" in comparison.refused["job.recompute=none"]
    assert "use pp = 6 or 8" in comparison.refused["pp=7"]


def test_fewer_than_two_scenarios_are_no_comparison(base: Scenario) -> None:
    with pytest.raises(Refused, match=r"two scenarios that can be simulated, and 1 can\npp=7: "):
        clustercast.compare([base], [{"pp": 7}])


def test_if_the_first_cannot_run_the_next_is_the_base(base: Scenario) -> None:
    full = changed(base, {"job.recompute": "none"})
    found = clustercast.compare([full, base], [{"job.recompute": "full"}])
    assert found.base.scenario == base
    assert len(found.others) == 1


def test_an_unknown_path_is_an_error_not_a_refusal(base: Scenario) -> None:
    with pytest.raises(InvalidInput, match="did you mean `topology`"):
        clustercast.compare([base], [{"toplogy.planes": 4}, {"gpu": "h100"}])


def test_the_nearest_limit_is_the_fullest(comparison: Comparison) -> None:
    limits = comparison.tables["limits"].set_index("scenario")
    assert set(limits["nearest"]) == {"memory"}
    memory = comparison.base.result.headline["memory_bytes_per_gpu_max"].value
    usable = comparison.base.result.memory_usable_bytes
    assert limits.loc[comparison.base.label, "memory_share"] == memory / usable


def test_nvlink_alone_has_no_bill() -> None:
    """Its switches are part of the nodes; nothing is bought beside them."""
    llama = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")
    found = clustercast.compare([llama], [{"topology": {"kind": "nvlink", "switch": "nvswitch-3"}}])
    row = found.tables["network"].iloc[1]
    assert math.isnan(row["network_usd"])
    assert "NVLink" in found.others[0].network.why
    assert set(found.tables["network_bill"]["scenario"]) == {found.base.label}


def test_labels_differ() -> None:
    """Files of one name are told apart by their path, and what is still the same by a number."""
    read = [("a", "x/a.yaml"), ("a", "y/a.yaml"), ("b", "b.yaml"), ("a", "x/a.yaml")]
    assert labels(read, ["gpu=h100", "gpu=h100"]) == [
        "a (x/a.yaml)",
        "a (y/a.yaml)",
        "b",
        "a (x/a.yaml) (2)",
        "gpu=h100",
        "gpu=h100 (2)",
    ]
