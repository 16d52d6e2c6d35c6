"""What a what-if must do: count where it should, be refused where it cannot, and be told in the result."""

from __future__ import annotations

import re

import pytest

import clustercast
from simulator.admission import TooLarge
from simulator.memory import DoesNotFit
from topologies.problems import InvalidInput
from workloads.scenario import SCENARIOS, Scenario, load_scenario


@pytest.fixture(scope="module")
def base() -> Scenario:
    """The shipped scenario."""
    return load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")


def test_a_slower_switch_port_slows_the_step(base: Scenario) -> None:
    """200 Gb/s at the switch and 400 at the NIC: the slower end counts."""
    slower = clustercast.run(base, {"cluster.topology.switch.port_bytes_per_s": "200 Gb/s"})
    nic = clustercast.run(base, {"cluster.node.nic.bytes_per_s": "200 Gb/s"})
    assert slower.headline["step_s"].value == nic.headline["step_s"].value
    assert slower.headline["step_s"].value > clustercast.run(base).headline["step_s"].value


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cluster.topology.planes": 1_000_000_000}, "could not reach each other; write planes: 8"),
        ({"cluster.node": "h20-node"}, "8 planes, but a h20-node has 4 NICs"),
        ({"cluster.node": "a100-node"}, "the GPU a100 has no FP8 rate; write linear_format: bf16"),
    ],
)
def test_what_cannot_be_is_refused_at_the_door(base: Scenario, change: dict[str, object], said: str) -> None:
    """Planes that no two nodes share; a format that the GPU does not have."""
    with pytest.raises(InvalidInput, match=said):
        clustercast.run(base, change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"job.sequences_per_step": 12_800_000_000}, "job.sequences_per_step: 12,800,000,000"),
        ({"model.layers": 1_000_000}, "model.layers: 1,000,000"),
        ({"model.experts.gate.experts": 1_048_576}, "model.experts.gate.experts: 1,048,576"),
    ],
)
def test_what_would_take_for_ever_is_refused_for_its_size(base: Scenario, change: dict[str, object], said: str) -> None:
    """Before anything is built, naming the field."""
    with pytest.raises(TooLarge, match=said):
        clustercast.run(base, change)


def test_a_plan_that_does_not_fit_is_told_the_nearest_change_that_fits(base: Scenario) -> None:
    """The largest terms, and a change that the simulator then accepts."""
    with pytest.raises(DoesNotFit) as refused:
        clustercast.run(base, {"job.recompute": "none"})
    said = str(refused.value)
    assert "largest: activations" in said
    found = re.search(r"job\.recompute: ([\w-]+) would fit, with ([\d.]+) GB", said)
    assert found is not None
    fitting = clustercast.run(base, {"job.recompute": found[1]})
    assert fitting.headline["memory_bytes_per_gpu_max"].value == pytest.approx(float(found[2]) * 1e9, rel=1e-3)


def test_what_is_done_already_is_not_proposed(base: Scenario) -> None:
    """Full recomputation is not advised to those who have it."""
    with pytest.raises(DoesNotFit) as refused:
        clustercast.run(base, {"layout.ep": 1, "job.recompute": "full"})
    assert "recompute" not in str(refused.value)
    assert re.search(r"layout\.[\w:. ]+ would fit", str(refused.value))


def test_changes_and_a_foreign_price_are_told(base: Scenario) -> None:
    """The title names the change; a price for another GPU is only a stand-in."""
    result = clustercast.run(base, {"cluster.node": "h100-node"})
    assert result.title.endswith("cluster.node=h100-node")
    assert result.warnings == (
        "The price h800-rental is for h800, but the cluster has h100: the cost is only a stand-in.",
    )
    assert not clustercast.run(base).warnings


def test_an_empty_pipeline_is_what_binds(base: Scenario) -> None:
    """Four micro-batches on 16 stages wait most of the time."""
    result = clustercast.run(base, {"layout.schedule.kind": "1f1b", "job.sequences_per_step": 512})
    assert result.answer[0].startswith("The pipeline binds")
    assert "Inside the most frequent chunk" in result.answer[2]


def test_rebuilt_activations_take_memory(base: Scenario) -> None:
    """Keeping nothing makes a layer's activations again in backward: workspace rises while activations fall."""
    memory = {}
    for policy in ("deepseek", "full"):
        table = clustercast.run(base, {"job.recompute": policy}).memory.set_index(["rank", "part"])["bytes"]
        memory[policy] = table
    assert memory["full"][1, "activations_fp8"] < memory["deepseek"][1, "activations_fp8"]
    assert memory["full"][1, "workspace"] > memory["deepseek"][1, "workspace"]
