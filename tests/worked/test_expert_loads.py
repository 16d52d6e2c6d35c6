"""Loads of ranks that share experts, by hand: placement, age of statistics, what moves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import clustercast
from simulator.offloading import MASTER_BYTES
from simulator.plan import formats_of, planned, sharing_of
from topologies.problems import InvalidInput
from workloads.eplb import Eplb
from workloads.expert_loads import Sharing, draw, moved_ratio, placement, pool
from workloads.load_statistics import max_violation
from workloads.reference.dims import Gate
from workloads.routers.affinity import Affinity, drift_over
from workloads.routers.balanced import Balanced
from workloads.routers.file import File
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario

GATE = Gate(experts=4, top_k=1)


@pytest.fixture
def measured(tmp_path: Path) -> Sharing:
    """Two ranks with experts 0, 1 and 2, 3 that get 6, 2, 0, 0 of 8 tokens in the one layer."""
    rows = "layer,expert,tokens\n" + "".join(f"0,{expert},{n}\n" for expert, n in enumerate((6, 2, 0, 0)))
    file = tmp_path / "loads.csv"
    file.write_text(rows, encoding="utf-8")
    return Sharing(GATE, 1, 2, 1, tokens=8, sequence_tokens=8, router=File(path=str(file)))


def test_experts_in_order_load_the_first_rank_alone(measured: Sharing) -> None:
    """8 tokens on rank 0, none on rank 1: twice the mean."""
    assert pool(measured, 0).rank[0].tolist() == [[2.0, 0.0]]


def test_experts_placed_by_load_put_the_busy_ones_apart(measured: Sharing) -> None:
    """6 and 0 against 2 and 0: 1.5 and 0.5 of the mean; a replica of the busiest halves it: 3 + 2 and 3 at best."""
    placed = pool(replace(measured, eplb=Eplb()), 0).rank[0]
    assert sorted(placed[0].tolist()) == [0.5, 1.5]
    spare = pool(replace(measured, eplb=Eplb(redundant_experts=2)), 0).rank[0]
    assert sorted(spare[0].tolist()) == [0.75, 1.25] or spare.max() < 1.25


def test_what_does_not_change_does_not_move(measured: Sharing) -> None:
    """The file says the same in every step."""
    assert moved_ratio(replace(measured, eplb=Eplb(every_steps=5)), 0) == 0


def test_a_cap_drops_what_is_above_it(measured: Sharing) -> None:
    """A cap of 1.5 x 2 tokens leaves 3 of 6: 3 + 2 of 8 tokens, on a rank whose mean is 4."""
    capped = replace(measured, router=measured.router.model_copy(update={"capacity_factor": 1.5}))
    assert pool(capped, 0).rank[0].tolist() == [[1.25, 0.0]]


def test_statistics_grow_stale() -> None:
    """Preferences drift by a tenth each step: after 100 steps the placement knows nothing of them."""
    router = Affinity(domain_strength=1.0, correlation=0.8, drift_share=0.1)
    base = Sharing(Gate(32, 4), 2, 8, 8, tokens=4096, sequence_tokens=64, router=router)
    violation = [
        float(max_violation(pool(replace(base, eplb=eplb), 1).rank).mean())
        for eplb in (None, Eplb(), Eplb(age_steps=100))
    ]
    assert violation[1] < 0.7 * violation[0]
    assert violation[2] > 1.3 * violation[1]
    assert 0 < moved_ratio(replace(base, eplb=Eplb(every_steps=20)), 1) <= 1


def test_any_age_of_statistics_takes_no_longer() -> None:
    """A random walk over many steps is one large one: 0.1 and 0.1 leave 0.99 of the squared likeness."""
    assert drift_over(0.1, 1) == pytest.approx(0.1)
    assert drift_over(0.1, 2) == pytest.approx((1 - 0.99**2) ** 0.5)
    assert drift_over(0.1, 10**9) == 1.0


def test_every_expert_has_a_place_and_replicas_add_up() -> None:
    sharing = Sharing(Gate(16, 2), 3, 8, 4, tokens=512, sequence_tokens=64,
                      router=Affinity(), eplb=Eplb(redundant_experts=8))  # fmt: skip
    copies = placement(sharing, 0).copies(16)
    assert copies.min() >= 1
    assert copies.sum(axis=1).tolist() == [24, 24, 24]


def test_draws_from_a_gate_repeat_and_differ_by_seed() -> None:
    sharing = Sharing(Gate(16, 2), 3, 8, 4, tokens=512, sequence_tokens=64, router=Affinity())
    again = draw(sharing, 4, 5, (3, 1, 2))
    assert np.array_equal(again.rank, draw(sharing, 4, 5, (3, 1, 2)).rank)
    assert not np.array_equal(again.rank, draw(sharing, 4, 5, (3, 1, 3)).rank)
    assert again.rank.mean(axis=-1) == pytest.approx(np.ones((4, 5)))
    assert draw(replace(sharing, router=Balanced()), 1, 2, 0).rank.tolist() == [[[1.0] * 8] * 2]


@pytest.fixture(scope="module")
def base() -> Scenario:
    return load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")


def changed(base: Scenario, **changes: object) -> Scenario:
    return base.with_changes({path.replace("__", "."): value for path, value in changes.items()}, catalogue())


def test_replicas_are_held_and_summed_as_experts(base: Scenario) -> None:
    """64 for 256 are a quarter more."""
    plain, spare = (planned(changed(base, layout__eplb=eplb)) for eplb in (None, {"redundant_experts": 64}))
    assert spare.blocks["moe"].parameters.routed == pytest.approx(1.25 * plain.blocks["moe"].parameters.routed)
    assert max(memory.total for memory in spare.memory) > max(memory.total for memory in plain.memory)


def test_what_moves_is_paid_for_in_every_step(base: Scenario) -> None:
    """The share of slots that change hands x (BF16 weight, FP32 master, two BF16 moments), over the period."""
    often = changed(base, layout__eplb={"every_steps": 10}, job__router={"kind": "affinity", "drift_share": 0.05})
    decided = planned(often)
    sharing = sharing_of(often, decided.links)
    assert sharing is not None
    share = moved_ratio(sharing, often.seed)
    moving_s = share * (2 + MASTER_BYTES + 2 * 2) / decided.links.network_bytes_per_s / 10
    assert formats_of(often, decided.links).moving_s == pytest.approx(moving_s)
    assert share > 0


def test_replicas_that_do_not_divide_are_refused_with_a_number_that_does(base: Scenario) -> None:
    with pytest.raises(InvalidInput, match="256 experts and 32 replicas do not divide by ep = 64: use 64"):
        changed(base, layout__eplb={"redundant_experts": 32})
    dense = load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")
    with pytest.raises(InvalidInput, match="nobody shares experts"):
        changed(dense, layout__eplb={})


@pytest.mark.parametrize(
    ("changes", "least", "most"),
    [
        ({"model.experts.gate.top_groups": 8}, 0.01, 0.06),
        ({"job.precision.dispatch": "bf16"}, 0.01, 0.08),
        ({"cluster.node.gpu.kernels.all_to_all.normal.copies": "gpu"}, 0.10, 0.30),
        ({"layout.schedule.overlap": False}, 0.08, 0.30),
        ({"job.router": {"kind": "balanced"}}, -0.05, 0.0),
    ],
    ids=str,
)
def test_each_choice_of_the_design_is_worth_something(
    base: Scenario, changes: dict[str, object], least: float, most: float
) -> None:
    """Node limit, FP8 dispatch, forwarding over NVLink, overlap: without each the step is longer."""
    step_s = clustercast.run(base).headline["step_s"].value
    other_s = clustercast.run(base.with_changes(changes, catalogue())).headline["step_s"].value
    assert least < other_s / step_s - 1 < most
