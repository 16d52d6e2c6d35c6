"""One rank's share of a Llama 3.1 405B layer by hand: TP 8 with sequence parallelism, CP 2, 8,192 tokens, FP8."""

from __future__ import annotations

import pytest

from simulator.memory import DoesNotFit
from simulator.plan import plan
from tests.small_models import shipped
from workloads.model import read_block
from workloads.reference.dims import Share, Tokens
from workloads.reference.reading import Block
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario

HIDDEN, ROWS, OWN_ROWS = 16384, 4096, 512
"""8,192 tokens over CP 2, and of these an eighth between the products."""
FP8 = 1 + 4 / 128
"""Bytes of an element with its share of the scales."""
MB = 1e6


@pytest.fixture(scope="module")
def layer() -> Block:
    """The dense layer, nothing recomputed."""
    model = shipped("llama-3.1-405b").model_copy(update={"linear_format": "fp8"})
    return read_block(model, "dense", Tokens(1, 8192), Share(tensor=8, context=2), "none")


def sent(layer: Block, kind: str, phase: str) -> list[float]:
    """Bytes that one rank holds of each message."""
    return [m.tokens * m.bytes_per_token for m in layer.messages if (m.kind, m.phase) == (kind, phase)]


def test_forward_gathers_twice_in_fp8_and_scatters_twice_in_bf16(layer: Block) -> None:
    """Before QKV and gate-up; after the output projection and down."""
    assert sent(layer, "gather", "forward") == pytest.approx([OWN_ROWS * HIDDEN * FP8] * 2)
    assert sent(layer, "scatter", "forward") == pytest.approx([OWN_ROWS * HIDDEN * 2] * 2)


def test_backward_does_the_same_turned_round_and_gathers_the_inputs_again(layer: Block) -> None:
    """A scatter's gradient is a gather, of FP8; a gather's a scatter, of BF16 (arXiv 2205.05198, section 4.2.2)."""
    assert sent(layer, "scatter", "input_grad") == pytest.approx([OWN_ROWS * HIDDEN * FP8] * 2)
    assert sent(layer, "gather", "input_grad") == pytest.approx([OWN_ROWS * HIDDEN * 2] * 2)
    assert sent(layer, "gather", "recompute") == sent(layer, "gather", "forward")


def test_keys_and_values_of_one_head_travel_forward_and_with_their_gradients_backward(layer: Block) -> None:
    """One key-value head a rank, 128 wide, BF16."""
    assert sent(layer, "context", "forward") == [ROWS * 2 * 128 * 2]
    assert sent(layer, "context", "input_grad") == [2 * ROWS * 2 * 128 * 2]


def test_the_ring_scores_own_keys_with_the_mask_and_half_of_the_others_without(layer: Block) -> None:
    """16 heads, 2 x 2 x 128 FLOP a pair; both parts score 4096^2 / 2 pairs, a quarter of 8192^2 / 2 each."""
    core = [op for op in layer.record if op.name == "core" and op.phase == "forward"]
    assert [(op.m, op.n, op.flop / op.flop_full) for op in core] == [(4096, 4096, 0.5), (4096, 2048, 1.0)]
    assert [op.flop for op in core] == [4096**2 / 2 * 16 * 512] * 2


def test_a_layer_keeps_250_mb(layer: Block) -> None:
    """Inputs of both norms and of QKV and gate-up as own rows; the rest as all rows, an eighth as wide."""
    norms = 2 * OWN_ROWS * HIDDEN * (2 + FP8)
    attention = ROWS * (2304 + 2048 + 128) * 2 + ROWS * 2048 * (2 + FP8) + ROWS * 16 * 4
    mlp = ROWS * (13312 * 2 + 6656 * FP8)
    assert layer.kept_bytes == pytest.approx(norms + attention + mlp)
    assert layer.kept_bytes == pytest.approx(250.4 * MB, rel=1e-3)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """1,024 H100: TP 8, PP 8 with 8 stages a rank, CP 2, DP 8."""
    return load_scenario(SCENARIOS / "llama-3.1-405b-h100.yaml")


def test_126_layers_on_64_stages_leave_one_for_either_end(scenario: Scenario) -> None:
    """62 stages of 2; the embedding and the output head each with 1."""
    stages = plan(scenario).stages
    assert [stage.text for stage in (stages[0], stages[1], stages[-1])] == [
        "embedding, layer 0", "layers 1 to 2", "layer 125, head"
    ]  # fmt: skip


def test_the_second_rank_is_the_fullest_with_69_gb(scenario: Scenario) -> None:
    """16 layers of 398.5 M parameters: FP8 along both dimensions, gradients of 2 bytes, 12 of states over 16 replicas.

    69 chunks of 2 layers in flight; 3 % of it all and 1.5 GiB in reserve.
    """
    parameters = 16 * (HIDDEN * (2304 + 2048 + 2 * 6656 + 6656) + 2 * HIDDEN)
    memory = plan(scenario).memory
    fullest = max(memory, key=lambda rank: rank.total)
    assert fullest is memory[1]
    norms = 16 * 2 * HIDDEN
    assert fullest.weights == 2 * norms
    assert fullest.fp8_weights == pytest.approx(2 * (parameters - norms), rel=1e-3)
    assert fullest.gradients == 2 * parameters
    assert fullest.masters + fullest.moments == 12 * parameters / 16
    assert fullest.activations + fullest.activations_fp8 == pytest.approx(69 * 2 * 250.4 * MB, rel=1e-3)
    used = 4 * parameters + 12 * parameters / 16 + 69 * 2 * 250.4 * MB + 4096 * 2 * 13_312
    assert fullest.total == pytest.approx(used / 0.97 + 1.5 * 2**30, rel=0.01)


def test_without_sharded_states_it_does_not_fit_and_says_why(scenario: Scenario) -> None:
    """12 bytes of states for each of 6.4 billion parameters."""
    with pytest.raises(DoesNotFit, match=r"84.94 GB are usable; largest: moments 51.0\d* GB"):
        plan(scenario.with_changes({"layout.zero_stage": 0}, catalogue()))
