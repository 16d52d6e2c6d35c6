"""DeepSeek-V3's layout on 2,048 GPUs: which rank is where, and what is said of layouts that do not fit."""

from __future__ import annotations

from typing import Any

import pytest

from topologies.spec import InvalidInput, dump, loads
from workloads.fit import Demands, micro_batches, misfits
from workloads.layout import Coordinates, Layout, node, nodes
from workloads.schedules.dualpipe import DualPipe
from workloads.schedules.one_f_one_b import OneFOneB

V3 = Layout(pp=16, ep=64, dp=128, schedule=DualPipe())
DEMANDS = Demands(gpus=2048, layers=61, heads=128, experts=256, sequence_tokens=4096, global_batch_sequences=15360)


def said(changes: dict[str, Any], demands: Demands = DEMANDS) -> dict[str, str]:
    """Message by field for V3's layout with changes."""
    layout = Layout(**{"pp": 16, "ep": 64, "dp": 128, "schedule": DualPipe(), **changes})
    return {misfit.field: misfit.message for misfit in misfits(layout, demands)}


def test_deepseek_v3_fits_2048_gpus_with_120_micro_batches() -> None:
    assert misfits(V3, DEMANDS) == ()
    assert micro_batches(V3, DEMANDS) == 120


def test_the_experts_of_a_rank_lie_on_8_neighbouring_nodes_and_its_pipeline_on_16() -> None:
    assert V3.group(200, "ep") == range(192, 256)
    assert nodes(V3.group(200, "ep"), gpus_per_node=8) == 8
    assert nodes(V3.group(200, "pp"), gpus_per_node=8) == 16
    assert node(200, gpus_per_node=8) == 25


def test_two_ranks_of_a_stage_hold_the_same_experts_and_128_the_same_rest() -> None:
    assert list(V3.group(200, "edp")) == [136, 200]
    assert V3.group(200, "dp x cp") == range(128, 256)


def test_tp_is_fastest_then_cp_then_dp_then_pp() -> None:
    layout = Layout(tp=2, cp=3, dp=5, pp=4, ep=10, schedule=OneFOneB())
    assert [layout.coordinates(rank) for rank in (1, 2, 6, 30)] == [
        Coordinates(1, 0, 0, 0),
        Coordinates(0, 1, 0, 0),
        Coordinates(0, 0, 1, 0),
        Coordinates(0, 0, 0, 1),
    ]


@pytest.mark.parametrize("rank", [-1, 2048])
def test_a_rank_outside_the_layout_has_no_place(rank: int) -> None:
    with pytest.raises(ValueError, match="not one of 0 to 2047"):
        V3.coordinates(rank)


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("dp", {"dp": 64}, "1 x 16 x 1 x 64 = 1024, but the cluster has 2048 GPUs: use dp = 128, or 1024 GPUs"),
        ("dp", {"pp": 24}, "does not divide 2048 whatever dp is: use 2040 or 2064 GPUs"),
        ("tp", {"tp": 12, "dp": 16}, "128 attention heads do not divide by tp = 12: use tp = 8 or 16"),
        ("cp", {"cp": 3}, "4096 tokens of a sequence do not divide by cp = 3: use cp = 2 or 4"),
        ("ep", {"dp": 129, "ep": 43}, "256 experts do not divide by ep = 43: use ep = 32 or 64"),
        ("pp", {"pp": 64, "dp": 32, "ep": 32}, "but the model has 61 layers: use pp = 61 or less"),
        ("schedule", {"pp": 128, "dp": 128}, "at least 2 x pp = 256 micro-batches a step, not 120"),
        ("layers_per_stage", {"layers_per_stage": (4,) * 16}, "adds up to 64, but the model has 61 layers: give 3"),
        ("layers_per_stage", {"layers_per_stage": (3,) * 16}, "give 13 more"),
    ],
)  # fmt: skip
def test_a_layout_that_does_not_fit_is_told_the_fix(field: str, changes: dict[str, Any], words: str) -> None:
    assert words in said(changes)[field]


def test_a_batch_that_does_not_divide_is_told_its_neighbours() -> None:
    message = said({}, DEMANDS._replace(global_batch_sequences=15400))["dp"]
    assert message.endswith("dp x micro-batch = 128 x 1 = 128: use 15360 or 15488 sequences")


def test_a_dense_model_takes_ep_1() -> None:
    assert said({}, DEMANDS._replace(experts=0)) == {"ep": "ep = 64, but the model has no routed experts: use ep = 1"}
    assert not said({"ep": 1}, DEMANDS._replace(experts=0))


def test_all_that_does_not_fit_is_said_at_once() -> None:
    assert set(said({"cp": 3, "tp": 3})) == {"dp", "cp", "tp"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ("ep: 48", "ep: read `48`; it must divide tp x cp x dp = 1 x 1 x 128 = 128, the ranks"),
        ("layers_per_stage: [61]", "layers_per_stage: read 1 number, but dualpipe on pp = 16 has 16 stages"),
        ("layers_per_stage: [1, 0, 59, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]", "stage 1 would have no work"),
        ("zero_stage: 4", "4"),
        ("ep: 96", "the ranks that share a stage: use 64 or 128"),
        ("ep: 9000000000000000000", "the ranks that share a stage: use 128"),
    ],
)  # fmt: skip
def test_a_layout_that_cannot_be_is_refused_at_the_door(changes: str, words: str) -> None:
    text = f"{{pp: 16, dp: 128, schedule: {{kind: dualpipe}}, {changes}}}"
    with pytest.raises(InvalidInput) as refusal:
        loads(text, Layout)
    assert words in str(refusal.value)


def test_a_layout_survives_being_written_and_read() -> None:
    layout = Layout(tp=2, pp=2, ep=4, dp=4, schedule=OneFOneB(), layers_per_stage=(30, 31))
    assert loads(dump(layout), Layout) == layout
