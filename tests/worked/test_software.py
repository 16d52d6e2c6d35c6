"""CUDA graphs, kernel fusion and what a framework recomputes, by hand."""

from __future__ import annotations

import pytest

import clustercast
from simulator.collectives import NOTHING
from simulator.plan import planned
from simulator.refusal import Refused
from simulator.software import driven_gpu
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario


@pytest.fixture(scope="module")
def base() -> Scenario:
    """DeepSeek-V3 on 2,048 GPUs."""
    return load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")


def test_a_graph_shortens_the_gap_before_every_kernel(base: Scenario) -> None:
    """1.06 us instead of 1.9 us."""
    gpu = driven_gpu(base.with_changes({"job.cuda_graphs": True}, catalogue()))
    assert (base.cluster.node.gpu.kernels.launch_s, gpu.kernels.launch_s) == (1.9e-6, 1.06e-6)


def test_fused_kernels_are_one_for_each_operation(base: Scenario) -> None:
    """Seven rotary kernels become one that moves each operand once; a gate takes two."""
    gpu = driven_gpu(base.with_changes({"job.kernel_fusion": "on"}, catalogue()))
    sweeps = gpu.kernels.sweeps
    assert (sweeps["rotate"].kernels, sweeps["rotate"].traffic_ratio) == (1, 1.0)
    assert sweeps["gate"].kernels == 2
    assert base.cluster.node.gpu.kernels.sweeps["rotate"].kernels == 7


def test_each_makes_the_step_shorter(base: Scenario) -> None:
    steps = [
        clustercast.run(base, changes).headline["step_s"].value
        for changes in ({}, {"job.cuda_graphs": True}, {"job.cuda_graphs": True, "job.kernel_fusion": "on"})
    ]
    assert steps[0] > steps[1] > steps[2]


def test_fusion_cannot_be_switched_off_where_only_fused_kernels_are_listed() -> None:
    dense = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")
    with pytest.raises(Refused, match="the kernel set hopper-fused lists fused kernels only"):
        clustercast.plan(dense.with_changes({"job.kernel_fusion": "off"}, catalogue()))


def test_kernels_as_listed_are_those_that_fusion_off_names(base: Scenario) -> None:
    assert driven_gpu(base.with_changes({"job.kernel_fusion": "off"}, catalogue())) is base.cluster.node.gpu or (
        driven_gpu(base) == driven_gpu(base.with_changes({"job.kernel_fusion": "off"}, catalogue()))
    )


def test_running_a_block_again_sends_its_tokens_again(base: Scenario) -> None:
    """The dispatch in FP8 and the combine in BF16 once more, to where they went; nothing under the other policies."""
    again = {
        policy: planned(base.with_changes({"job.recompute": policy}, catalogue())).blocks["moe"].block.exchange
        for policy in ("full", "deepseek", "mla-norms", "swiglu", "selective", "none")
    }
    full = again.pop("full")
    assert full.again.network_bytes == full.dispatch.network_bytes + full.combine.network_bytes
    counting_s = base.cluster.node.gpu.kernels.all_to_all.normal.layout_s
    assert full.again.seconds == pytest.approx(full.dispatch.seconds + full.combine.seconds - counting_s)
    assert all(exchange.again == NOTHING for exchange in again.values())


def test_each_policy_keeps_less_and_takes_longer_than_those_it_includes(base: Scenario) -> None:
    """deepseek is mla-norms and swiglu together; full is everything."""
    kept, step_s = {}, {}
    for policy in ("none", "mla-norms", "swiglu", "deepseek", "full"):
        plan = planned(base.with_changes({"job.recompute": policy}, catalogue()))
        kept[policy] = plan.blocks["moe"].kept.total
        step_s[policy] = plan.blocks["moe"].block.cost_s
    for less, more in (("mla-norms", "none"), ("swiglu", "none"), ("deepseek", "mla-norms"), ("full", "deepseek")):
        assert kept[less] < kept[more]
        assert step_s[less] > step_s[more]


def test_a_server_without_room_for_the_average_refuses(base: Scenario) -> None:
    """Eight processes of 1.44 GB each."""
    roomy, tight = ({"cluster.node.host_memory_bytes": size} for size in ("2 TB", "10 GB"))
    source = {"cluster.node.sources": {
        "gpus": {"basis": "assumed", "source": "test"}, "nics": {"basis": "assumed", "source": "test"},
        "host_memory_bytes": {"basis": "assumed", "source": "test"},
    }}  # fmt: skip
    clustercast.plan(base.with_changes({**source, **roomy}, catalogue()))
    with pytest.raises(Refused, match=r"needs 11.5\d* GB of a server's memory, 10 GB are there"):
        clustercast.plan(base.with_changes({**source, **tight}, catalogue()))
