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
    ("sure", "value", "said"),
    [
        (None, 20.09, NO_CHANGE),
        (None, 20.11, MORE),
        (None, 19.89, LESS),
        ((-0.01, 0.1), 21.0, NO_CHANGE),
        ((0.02, 0.1), 21.0, MORE),
        ((-0.1, -0.02), 18.9, LESS),
        ((0.0009, 0.0011), 20.02, NO_CHANGE),
    ],
)
def test_half_a_percent_or_an_interval_that_holds_none_is_no_material_change(
    sure: tuple[float, float] | None, value: float, said: str
) -> None:
    figure = Figure(20.0, "s", ".")
    assert verdict(figure, value, figure.value, sure) == said


def test_what_both_sides_have_in_common_cancels_in_their_difference() -> None:
    """Twice the batch is about twice the step, whatever kernels reach."""
    base = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")
    found = clustercast.compare([base], [{"job.sequences_per_step": 256}], intervals=True).tables["figures"]
    row = {str(one["figure"]): one for one in found.to_dict("records")}["step_s"]
    width = row["high_ratio"] - row["low_ratio"]
    assert row["low_ratio"] <= row["difference_ratio"] <= row["high_ratio"]
    assert width < 0.05


def test_an_input_that_only_one_side_has_makes_the_difference_unsure() -> None:
    """The same GPU at another price with a source of its own: the step does not move, the cost moves by both prices."""
    base = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")
    found = clustercast.compare([base], [{"price": "h800-rental"}], intervals=True).tables["figures"]
    rows = {str(one["figure"]): one for one in found.to_dict("records")}
    assert rows["step_s"]["low_ratio"] == rows["step_s"]["high_ratio"] == 0
    assert rows["cost_usd"]["high_ratio"] - rows["cost_usd"]["low_ratio"] > 0.01


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
