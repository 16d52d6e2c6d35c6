"""Steps of engines, worked out by hand where a hand can do it."""

from __future__ import annotations

import pytest

from simulator.memory import DoesNotFit
from simulator.serving.engine import decode, prefill
from simulator.serving.engine.decode import Answers
from simulator.serving.engine.fusing import fused
from simulator.serving.engine.layer_times import layer_times
from simulator.serving.engine.memory import cache_bytes_per_token, room
from simulator.serving.engine.orders import half_a_layer_apart, in_turns, sequential
from simulator.serving.engine.prefill import Prompts
from simulator.serving.engine.setting import Setting
from simulator.serving.engine.step import Engine
from simulator.serving.engine.terms import terms
from simulator.serving.planning import plan_service
from tests.engines import decode_engine, prefill_engine, shipped, wide
from workloads.model import serving_block
from workloads.reference.dims import Share, Tokens
from workloads.reference.loads import ranks_reached
from workloads.service import changed_service
from workloads.serving_unit import Speculation


def test_a_token_of_deepseek_v3_takes_70_272_bytes_of_cache_and_one_layer_more_with_a_prediction_module() -> None:
    assert cache_bytes_per_token(decode_engine().setting) == 70_272
    guessing = decode_engine({"decode.speculation": {"acceptance": [0.85]}})
    assert cache_bytes_per_token(guessing.setting) == 70_272 / 61 * 62


def test_an_fp8_cache_takes_half_of_it() -> None:
    assert cache_bytes_per_token(decode_engine({"model.cache_format": "fp8"}).setting) == 35_136


def test_one_guess_that_is_right_85_times_in_100_gives_1_85_tokens_a_step() -> None:
    assert Speculation(acceptance=(0.85,)).tokens_per_step == pytest.approx(1.85)
    assert Speculation(acceptance=(0.9, 0.8)).tokens_per_step == pytest.approx(1 + 0.9 + 0.72)


def test_routed_experts_of_two_a_gpu_weigh_what_their_shapes_say() -> None:
    """58 layers x 2 experts x 3 matrices of 7,168 x 2,048, a byte each and an FP32 scale for 128 x 128."""
    held = room(decode_engine().setting, Tokens(64, 1, 4096)).held
    assert held.experts == pytest.approx(58 * 2 * 3 * 7168 * 2048 * (1 + 4 / 128**2))


def test_replicas_are_held_and_share_the_rows() -> None:
    """288 slots on 144 GPUs are two each; 64 sequences of every GPU choose eight experts, 512 rows a GPU."""
    engine = wide(144, redundant=32)
    share = engine.setting.share
    assert share.slots == 2
    record = serving_block(engine.setting.model, "moe", Tokens(64, 1, 4096), share, True).record
    product = next(op for op in record if op.name == "experts.gate_up")
    assert (product.groups, product.m) == (2, 512)


def test_a_token_reaches_no_more_gpus_than_it_chooses_experts() -> None:
    gate = shipped("deepseek-v3-profile-decode").model.dims().experts
    assert gate is not None
    assert ranks_reached(gate.gate, 320) == 8


def test_fused_kernels_drop_one_quantisation_and_two_sums_of_a_layer() -> None:
    record = serving_block(decode_engine().setting.model, "moe", Tokens(64, 1, 4096), Share(expert=128), True).record
    gone = {op.name for op in record} - {op.name for op in fused(record)}
    assert gone == {"kv_a.quantise", "attention_add", "ffn_add"}
    assert sum(op.flop for op in record) == sum(op.flop for op in fused(record))


def test_prompts_of_a_step_have_the_tokens_and_keys_asked_for() -> None:
    """8,192 new tokens a micro-batch that look at 2,048 earlier ones are two fresh prompts of 4,096."""
    engine = prefill_engine()
    assert prefill.asked_of(engine, Prompts(16384, 2048)).tokens == Tokens(2, 4096, 0)
    assert prefill.asked_of(engine, Prompts(2048, 3584)).tokens == Tokens(1, 1024, 3072)


def test_both_orders_compute_and_send_the_same_and_one_micro_batch_half_of_it() -> None:
    times = layer_times(decode_engine().setting, "moe", Tokens(64, 1, 4096), folded=True)
    for order in (in_turns, half_a_layer_apart):
        both = sum(part.seconds.mean_s for part in order(times, 4))
        assert both == pytest.approx(2 * sum(part.seconds.mean_s for part in sequential(times, 4)))


def test_nothing_of_a_micro_batch_starts_before_what_it_needs() -> None:
    times = layer_times(decode_engine().setting, "moe", Tokens(64, 1, 4096), folded=True)
    for order in (sequential, in_turns, half_a_layer_apart):
        parts = order(times, 3)
        assert all(after < at for at, part in enumerate(parts) for after in part.after)
        experts = [part for part in parts if part.name.startswith("experts")]
        assert all(any(parts[after].name.startswith("dispatch") for after in part.after) for part in experts)


def test_one_micro_batch_waits_for_everything() -> None:
    """Layers in a row take the sum of their parts where GPUs are alike."""
    engine = decode_engine({"decode.overlap": "none", "decode.gpu_speed_variation": 0.0})
    step = decode.decode_step(engine, Answers(64, 4096))
    layer = step.layer
    alone_s = layer.compute_s + layer.dispatch.seconds.mean_s + layer.combine.seconds.mean_s
    assert step.layers_s == pytest.approx(58 * alone_s)


def test_a_perfect_overlap_takes_as_long_as_computing() -> None:
    """Where transfers take no time nothing is left but two micro-batches of computing."""
    engine = decode_engine({"decode.gpu_speed_variation": 0.0})
    step = decode.decode_step(engine, Answers(128, 4096))
    assert 58 * 2 * step.layer.compute_s <= step.layers_s <= 1.1 * 58 * 2 * step.layer.compute_s


@pytest.mark.parametrize("name", ["deepseek-v3-profile-decode", "deepseek-v3-profile-prefill"])
def test_the_lines_of_a_step_add_up_to_it(name: str) -> None:
    for unit in plan_service(shipped(name)).units.values():
        lines = terms(unit.engine, unit.step)
        assert lines["counted_s"].sum() == pytest.approx(unit.step.seconds)
        assert lines["share"].sum() == pytest.approx(1)
        assert (lines["counted_s"] <= lines["seconds"] * 1.0001).all()


def test_the_largest_batch_fits_and_one_more_does_not() -> None:
    engine = wide(144, redundant=32)
    most = decode.largest_batch(engine, 4989)
    block = engine.setting.unit.memory.kv_block_tokens
    assert decode.decode_room(engine, Answers(most, 4989)).sequences(4989, block) >= most
    more = decode.decode_room(engine, Answers(most + 2, 4989)).sequences(4989, block)
    assert more < most + 2


def test_what_does_not_fit_is_refused_with_its_largest_terms() -> None:
    changes = {"decode.gpus": 8, "decode.ep": 8, "cluster.nodes": 1}
    with pytest.raises(DoesNotFit, match=r"decode: a GPU of this unit holds .* usable; largest: experts"):
        plan_service(changed_service(shipped("deepseek-v3-profile-decode"), changes))


def test_more_sequences_than_fit_are_refused_with_the_number_that_does() -> None:
    with pytest.raises(DoesNotFit, match=r"sequences_per_group: 5000 .* do not fit .* do"):
        plan_service(changed_service(shipped("deepseek-v3-profile-decode"), {"decode.sequences_per_group": 5000}))


def test_graphs_spare_the_host_and_short_kernels_wait_for_it_without_them() -> None:
    """The host takes 5 us to launch a kernel; a norm of 64 rows takes about 4."""
    with_graphs, eager = decode_engine(), decode_engine({"decode.cuda_graphs": False})
    assert decode.step_s(eager, Answers(8, 1024)) > 1.05 * decode.step_s(with_graphs, Answers(8, 1024))


def test_gpus_that_split_a_layer_read_fewer_bytes_and_add_up_results() -> None:
    service = changed_service(
        shipped("deepseek-v3-profile-decode"),
        {
            "model": "llama-3-70b", "decode.gpus": 8, "decode.ep": 1, "decode.tp": 8, "decode.overlap": "none",
            "cluster.nodes": 1, "decode.sequences_per_group": 16,
        },
    )  # fmt: skip
    assert service.decode is not None
    engine = Engine(Setting(service, service.decode))
    step = decode.decode_step(engine, Answers(1, 1024))
    assert step.layer.attention_sum.seconds.mean_s > 0
    assert step.layer.mlp_sum.seconds.mean_s > 0
    weights_s = engine.setting.stopwatch.gpu.hbm_bytes_per_s
    read_s = room(engine.setting, Tokens(1, 1, 1024)).held.weights / weights_s
    assert read_s < step.seconds < 3 * read_s
