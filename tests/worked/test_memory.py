"""Memory of a rank by hand."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.activations import NONE, Activations, activations
from simulator.collectives import Group
from simulator.finish import Formats, Parameters, Replicas, update_bytes
from simulator.memory import (
    FP8_WEIGHT_BYTES,
    DoesNotFit,
    States,
    held_over,
    host_bytes,
    rank_memory,
    require_fit,
    reserve_bytes,
    states,
)
from simulator.stages import Stage, held_parameters
from workloads.jobs.training import Memory
from workloads.reference.record import Kept
from workloads.schedule import Work

GROUPS = Replicas(dense=Group(nodes=2, per_node=4), routed=Group(nodes=2, per_node=1), zero_stage=1)
WHOLE = Replicas(GROUPS.dense, GROUPS.routed, zero_stage=0)
SHARDED = Replicas(GROUPS.dense, GROUPS.routed, zero_stage=3)
FORMATS = Formats(gradient_bytes=4, moment_bytes=2, weight_bytes=2)
LEAN = Memory(runtime_bytes=1e-3, fragmentation=0.0)
SOME = Parameters(100.0, 10.0)


def stage(
    parameters: Parameters = SOME,
    shared: dict[str, int] | None = None,
    kept: Activations = NONE,
    for_weights: Activations = NONE,
) -> Stage:
    """A stage of which only what it holds matters."""
    return Stage("", (), parameters, shared or {}, kept, for_weights, 3.0, 5.0)


def test_states_are_sharded_over_those_who_hold_the_same_parameters() -> None:
    """800 dense over 8 replicas, 40 routed over 2: 120 owned, of 4 + 2 + 2 bytes each."""
    held = states([stage(Parameters(800, 40))], GROUPS, FORMATS, LEAN)
    assert (held.weights, held.experts, held.gradients) == (1600, 80, 3360)
    assert (held.masters, held.moments) == (480, 480)


def test_without_sharding_every_rank_keeps_all_states() -> None:
    """840 parameters of 8 bytes."""
    held = states([stage(Parameters(800, 40))], WHOLE, FORMATS, LEAN)
    assert held.masters + held.moments == 840 * 8


def test_fp8_products_read_copies_along_both_dimensions() -> None:
    """Of 800 + 40 parameters 600 + 40 are multiplied in FP8: two bytes and two shares of a scale each, beside BF16."""
    held = states([stage(Parameters(800, 40, 600, 40))], GROUPS, FORMATS, LEAN)
    assert held.weights == 1600
    assert held.fp8_weights == 640 * FP8_WEIGHT_BYTES == pytest.approx(640 * 2 * (1 + 4 / 128**2))


def test_weights_kept_in_fp8_have_no_bf16_copy() -> None:
    """Only what is not multiplied in FP8 stays in BF16."""
    in_fp8 = Formats(gradient_bytes=4, moment_bytes=2, weight_bytes=1)
    held = states([stage(Parameters(800, 40, 600, 40))], GROUPS, in_fp8, LEAN)
    assert (held.weights, held.experts) == (400, 0)
    assert held.fp8_weights == 640 * FP8_WEIGHT_BYTES


def test_spread_parameters_have_fp8_copies_only_while_they_run() -> None:
    """A share of BF16 parameters and no copies."""
    held = states([stage(Parameters(800, 40, 600, 40))], SHARDED, FORMATS, LEAN)
    assert (held.weights, held.experts, held.fp8_weights) == (200, 40, 0)


def test_the_average_of_the_weights_lies_on_the_gpu_or_on_its_host() -> None:
    """120 owned, 4 bytes each, in one place or nowhere."""
    own = [stage(Parameters(800, 40))]
    told = {}
    for place in ("none", "gpu", "host"):
        memory = Memory(weight_average=place)
        told[place] = (states(own, GROUPS, FORMATS, memory).average, host_bytes(own, GROUPS, FORMATS, memory))
    assert told == {"none": (0, 0), "gpu": (480, 0), "host": (0, 480)}


def test_the_optimizer_moves_what_adam_needs() -> None:
    """120 owned: norm 4, gradient 4, master and moments 16, weight 2 bytes each; 840 gradients of 4 set to zero."""
    assert update_bytes(Parameters(800, 40), GROUPS, FORMATS) == 120 * 26 + 840 * 4


def test_fp8_copies_are_made_after_the_update() -> None:
    """640 weights read in BF16, written along both dimensions."""
    plain = update_bytes(Parameters(800, 40), GROUPS, FORMATS)
    assert update_bytes(Parameters(800, 40, 600, 40), GROUPS, FORMATS) == plain + 640 * (2 + 2)


def test_activations_are_held_from_forward_to_the_end_of_backward() -> None:
    """Two forwards held at once; a postponed weight gradient keeps its part until it is done."""
    order = [(Work("F", 0, 0),), (Work("F", 1, 0),), (Work("I", 0, 0),), (Work("F", 2, 0),), (Work("W", 0, 0),),
             (Work("B", 1, 0),), (Work("B", 2, 0),)]  # fmt: skip
    own = {0: stage(kept=Activations(4.0, 5.0, 1.0), for_weights=Activations(1.0, 3.0, 0.0))}
    held = held_over(order, own)
    assert held[:, 0].sum(axis=1).tolist() == [10, 20, 20, 24, 24, 20, 10]
    assert held[:, 1].sum(axis=1).tolist() == [10, 20, 14, 24, 20, 10, 0]
    assert held[3, 0].tolist() == [9.0, 13.0, 2.0]


def test_a_pair_holds_both_its_micro_batches() -> None:
    """The forward's are there before the backward's go."""
    order = [(Work("F", 0, 0),), (Work("F", 1, 0), Work("B", 0, 0)), (Work("B", 1, 0),)]
    assert held_over(order, {0: stage(kept=Activations(2.0, 0.0, 0.0))})[:, 0, 0].tolist() == [2, 4, 2]


def test_the_fullest_moment_counts_and_the_reserve_comes_on_top() -> None:
    """Activations of the fullest step, buffers 3, workspace 5; a fifth of what the allocator holds is idle."""
    constant = States(*[1.0] * 8)
    over = np.array([[[1.0, 0, 0], [1.0, 0, 0]], [[2.0, 3.0, 4.0], [0.0, 0, 0]]])
    memory = rank_memory(constant, over, [stage()], Memory(runtime_bytes=7.0, fragmentation=0.2))
    assert (memory.activations_fp8, memory.activations, memory.logits) == (2.0, 3.0, 4.0)
    handed_out = 8 + 9 + 3 + 5
    assert memory.total == pytest.approx(handed_out / 0.8 + 7)
    assert reserve_bytes(80.0, Memory(runtime_bytes=7.0, fragmentation=0.2)) == pytest.approx(27.0)


def test_logits_are_told_apart_from_other_activations() -> None:
    """What the output head made, not what it read."""
    kept = [
        Kept("head", "head", 8.0, "bf16"),
        Kept("final_norm", "head", 2.0, "bf16"),
        Kept("o", "attention", 1.0, "fp8"),
    ]
    assert activations(kept) == Activations(fp8=1.0, wide=2.0, logits=8.0)


def test_embedding_shared_by_two_stages_counts_once() -> None:
    """The stage with MTP uses the embedding that the first stage holds."""
    own = [stage(shared={"embedding": 7}), stage(shared={"embedding": 7, "head": 5})]
    held = held_parameters(own)
    assert (held.dense, held.routed) == (212, 20)
    assert states(own, GROUPS, FORMATS, LEAN).embedding == 24


def test_a_plan_that_does_not_fit_names_its_largest_terms() -> None:
    """The fullest rank, what it needs, what there is, the four largest parts."""
    small = rank_memory(States(*[1e9] * 8), np.zeros((1, 2, 3)), [stage()], LEAN)
    large = rank_memory(States(1e9, 0, 0, 0, 2e9, 3e9, 0, 0), np.full((1, 2, 3), 27e9), [stage()], LEAN)
    require_fit([small], 10e9)
    with pytest.raises(DoesNotFit, match=r"rank 1 needs 87 GB.*80 GB are usable.*activations fp8 27 GB.*masters 3 GB"):
        require_fit([small, large], 80e9)
