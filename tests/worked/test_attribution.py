"""Why B differs from A: lines in a stated order that add up to the whole, each of them two runs apart."""

from __future__ import annotations

import math

import pytest

import clustercast
from simulator.comparing.comparison import Comparison
from simulator.comparing.differences import THINGS, differences, leaves, thing_of, turned
from workloads.scenario import SCENARIOS, Scenario, changed, load_scenario

SMALL = {"job.sequences_per_step": 4096}
"""32 micro-batches a pipeline, the fewest with which the published schedule runs on 16 ranks."""
FIGURES = ("step_s", "cost_usd", "network_usd")


@pytest.fixture(scope="module")
def base() -> Scenario:
    return changed(load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml"), SMALL)


@pytest.fixture(scope="module")
def comparison(base: Scenario) -> Comparison:
    many = {"schedule.kind": "1f1b", "gpu": "h100", "price": "h100-rental", "nodes": 128, "dp": 64, "layers": 3}
    many["topology.layers"] = many.pop("layers")
    return clustercast.compare(
        [base], [{"gpu": "h100"}, {"topology.kind": "fat-tree", "topology.layers": 3}, {"schedule.kind": "1f1b"}, many]
    )


def test_the_lines_add_up_to_the_whole_difference(comparison: Comparison) -> None:
    lines = comparison.tables["attribution"]
    network = comparison.tables["network"].set_index("scenario")["network_usd"]
    for other in comparison.others:
        own = lines[lines["scenario"] == other.label]
        whole = [
            other.result.headline[name].value - comparison.base.result.headline[name].value for name in FIGURES[:2]
        ]
        whole.append(network[other.label] - network[comparison.base.label])
        for name, difference in zip(FIGURES, whole, strict=True):
            assert math.fsum(own[name]) == pytest.approx(difference, rel=1e-9, abs=1e-9)


def test_the_things_come_in_the_stated_order(comparison: Comparison) -> None:
    things = list(THINGS)
    for other in comparison.others:
        frame = comparison.tables["attribution"]
        said = [part for cell in frame.loc[frame["scenario"] == other.label, "thing"] for part in cell.split(", ")]
        assert said == sorted(said, key=things.index)
        assert said == [one.thing for one in differences(comparison.base.scenario, other.scenario)]


def test_a_line_is_what_two_runs_differ_by(base: Scenario, comparison: Comparison) -> None:
    """GPU and kernels first, then the schedule: the schedule's line is run(both) less run(GPU)."""
    frame = comparison.tables["attribution"].set_index(["scenario", "thing"])
    gpu = clustercast.run(base, {"cluster.node.gpu": "h100"}).headline["step_s"].value
    both = {"cluster.node.gpu": "h100", "layout.schedule.kind": "1f1b"}
    with_schedule = clustercast.compare([base], [{"gpu": "h100", "schedule.kind": "1f1b"}])
    own = with_schedule.tables["attribution"].set_index("thing")["step_s"]
    assert own["schedule"] == pytest.approx(clustercast.run(base, both).headline["step_s"].value - gpu, rel=1e-9)
    assert own["kernels"] == frame.loc[("gpu=h100", "kernels"), "step_s"]


def test_nodes_and_axes_go_together_and_say_why(comparison: Comparison) -> None:
    frame = comparison.tables["attribution"]
    (row,) = frame[frame["thing"] == "number of nodes, parallel axes"].to_dict("records")
    assert row["note"] == "with number of nodes alone the scenario is not valid"


def test_what_does_not_fit_on_the_way_goes_with_the_next(base: Scenario) -> None:
    """32 ranks an expert group hold twice the experts each, which fits with 1F1B's single copy only."""
    found = clustercast.compare([base], [{"layout.ep": 32, "layout.schedule.kind": "1f1b"}])
    (row,) = found.tables["attribution"].to_dict("records")
    assert row["thing"] == "parallel axes, schedule"
    assert row["note"].startswith("with parallel axes alone the scenario cannot run (pipeline rank")
    assert "usable" in row["note"]


def test_the_parts_of_the_step_add_up_too(comparison: Comparison) -> None:
    parts = comparison.tables["parts"].groupby("scenario")["difference_s"].sum()
    for other in comparison.others:
        step = other.result.headline["step_s"].value - comparison.base.result.headline["step_s"].value
        assert parts[other.label] == pytest.approx(step, rel=1e-9, abs=1e-8)


def test_all_things_turned_make_the_other_scenario(base: Scenario) -> None:
    other = changed(base, {"cluster.node.gpu": "h100", "cluster.topology.kind": "dragonfly", "job.recompute": "full"})
    whole = turned(base, other, THINGS)
    assert whole is not None
    assert leaves(whole) == leaves(other)
    assert not differences(other, whole)
    assert not differences(base, base)


def test_what_no_figure_depends_on_is_turned_with_the_first_thing(base: Scenario) -> None:
    """A node that differs in its name and its GPU only: the name comes along, and adds nothing by itself."""
    other = changed(base, {"cluster.node": "h100-node"})
    nothing = turned(base, other, ())
    assert nothing is not None
    assert nothing.cluster.node.name == "h100-node"
    assert nothing.cluster.node.gpu == base.cluster.node.gpu
    assert not differences(base, nothing)


def test_names_and_sources_alone_are_no_difference(base: Scenario) -> None:
    """A GPU under another name, with other notes, is the same GPU."""
    gpu = base.cluster.node.gpu.model_copy(update={"name": "mine", "notes": "bought in spring"})
    node = base.cluster.node.model_copy(update={"gpu": gpu})
    other = base.model_copy(update={"cluster": base.cluster.model_copy(update={"node": node}), "title": "other"})
    assert not differences(base, other)
    assert clustercast.compare([base, other]).tables["attribution"].empty


def test_every_field_of_a_scenario_belongs_to_a_thing(base: Scenario) -> None:
    """Or a difference could be left out of the lines."""
    assert {path[0] for path in leaves(base)} <= {prefix.split(".")[0] for names in THINGS.values() for prefix in names}
    base = load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")
    made = changed(base, {"cluster.nodes": 512, "layout.dp": 256, "layout.zero_stage": 2, "seed": 5})
    assert [one.thing for one in differences(base, made)] == [
        "number of nodes",
        "parallel axes",
        "sharding and exchange",
        "random seed",
    ]
    assert thing_of(("cluster", "cooling")) == "network"
    assert thing_of(("weather", "rain")) == "anything else"


def test_a_lost_plane_is_a_thing_of_its_own() -> None:
    """Seven of eight planes: the step is a few percent longer, and the network costs what it did."""
    base = load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")
    found = clustercast.compare([base], [{"faults": [{"part": "plane", "number": 3}]}])
    (row,) = found.tables["attribution"].to_dict("records")
    assert row["thing"] == "network faults"
    assert 0 < float(row["step_s"]) < 0.05 * found.base.result.headline["step_s"].value
    assert row["network_usd"] == 0
