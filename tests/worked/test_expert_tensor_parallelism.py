"""Expert tensor parallelism by hand: who holds what, who sends where, what is refused."""

from __future__ import annotations

import pytest

from simulator.blocks import block_plans
from simulator.network import links_of, replicas, spread_of
from simulator.plan import formats_of, groups_of, planned
from simulator.sharding import Sharding
from topologies.problems import InvalidInput
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario


@pytest.fixture(scope="module")
def base() -> Scenario:
    """DeepSeek-V3 on 2,048 GPUs."""
    return load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")


def changed(base: Scenario, **changes: object) -> Scenario:
    return base.with_changes({path.replace("__", "."): value for path, value in changes.items()}, catalogue())


def test_two_ranks_split_an_expert_and_compute_each_others_tokens(base: Scenario) -> None:
    """Half the columns for twice the rows: as many FLOP, half the weights a GPU for as many experts."""
    plans = {}
    for etp in (1, 2):
        one = changed(base, layout__ep=32, layout__etp=etp)
        links = links_of(one.cluster.node, one.cluster.nodes, one.cluster.topology)
        plans[etp] = block_plans(one, links, Sharding(groups_of(one.layout, links), formats_of(one, links)))["moe"]
    assert plans[2].parameters.routed == plans[1].parameters.routed / 2
    up = {etp: next(op for op in plan.record if op.name == "experts.gate_up") for etp, plan in plans.items()}
    assert (up[2].m, up[2].n) == (2 * up[1].m, up[1].n // 2)
    assert up[2].flop == up[1].flop


def test_a_token_goes_to_every_rank_that_splits_one_of_its_experts(base: Scenario) -> None:
    """32 experts' groups on 8 nodes of 4 groups: twice the GPUs of 32 ranks alone; one GPU a node needs no hop."""
    gate = base.model.experts.gate.dims() if base.model.experts else None
    assert gate is not None
    alone, split = spread_of(gate, 32, 1, 4, 0), spread_of(gate, 32, 2, 8, 0)
    assert split.nodes == alone.nodes
    assert split.gpus == 2 * alone.gpus
    assert split.nvlink_hops == pytest.approx(2 * alone.gpus - alone.gpus / 4)


def test_copies_of_an_expert_are_a_group_of_ep_x_etp_apart(base: Scenario) -> None:
    """128 ranks a stage, experts over 32 x 2: two copies, and two more of DualPipe's second stage."""
    layout = changed(base, layout__ep=32, layout__etp=2).layout
    assert list(layout.group(5, "ep")) == list(range(1, 64, 2))
    assert list(layout.group(5, "etp")) == [4, 5]
    assert list(layout.group(5, "edp")) == [5, 69]
    assert replicas(layout, 2, 8).routed.size == 4


def test_it_runs(base: Scenario) -> None:
    assert planned(changed(base, layout__ep=32, layout__etp=2)).memory


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"layout.etp": 3}, "read `64`, with etp = 3; it must divide .* = 128, .*: use etp = 2 or 4"),
        ({"layout.etp": 4, "layout.ep": 64}, "with etp = 4; it must divide tp x cp x dp = 1 x 1 x 128 = 128"),
        (
            {"layout.etp": 16, "layout.ep": 8},
            "etp = 16 ranks do not share out the 8 GPUs that NVLink joins: use etp = 8",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_work(base: Scenario, changes: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        base.with_changes(changes, catalogue())


def test_a_dense_model_has_no_experts_to_split() -> None:
    dense = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")
    with pytest.raises(InvalidInput, match="etp = 2, but the model has no routed experts: use etp = 1"):
        dense.with_changes({"layout.etp": 2}, catalogue())
