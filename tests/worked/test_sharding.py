"""ZeRO-2 and ZeRO-3 by hand: what a block sends, what hides it, what a rank keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator import chunks
from simulator.activations import NONE
from simulator.chunks import Labelled
from simulator.collectives import NOTHING, Group, Links, Transfer
from simulator.finish import Formats, Parameters, Replicas, finish, update_bytes
from simulator.lockstep import on_one_rank
from simulator.memory import states
from simulator.phases import Block, Compute, Exchange, Seconds
from simulator.sharding import Sharding, gathered, reduced, whole_bytes
from simulator.stages import Stage
from topologies.hardware import Gpu
from topologies.spec import load_entry
from workloads.jobs.training import Memory
from workloads.reference.record import Weight
from workloads.scenario import catalogue

LINKS = Links(8, nvlink_bytes_per_s=100.0, nvlink_latency_s=0.0, network_bytes_per_s=10.0, network_latency_s=0.0,
              port_bytes_per_s=10.0)  # fmt: skip
FORMATS = Formats(gradient_bytes=2, moment_bytes=4, weight_bytes=1)
WEIGHTS = (Weight("up", "mlp", (40, 20)), Weight("expert", "mlp", (4, 10, 20), routed=True))
STATES = Parameters(800, 80)


def replicas(zero_stage: int) -> Replicas:
    """Four ranks of a node that hold the same; of the experts, two."""
    return Replicas(Group(1, 4), Group(1, 2), zero_stage)


def sharded(gather_s: float, reduce_s: float) -> Labelled:
    """A dense block of 3 + 4 forward, 8 + 5 backward and 2 + 6 for its weights."""
    compute = Compute(*(Seconds(value) for value in (3, 4, 8, 5, 2, 6)))
    moves = [Transfer(seconds, 1.0, 0.0, "nvlink") if seconds else NOTHING for seconds in (gather_s, reduce_s)]
    exchange = Exchange(gather=moves[0], reduce=moves[1])
    return Labelled(Block("dense", compute, compute, exchange, exchange), 0)


def test_a_block_is_gathered_in_the_format_of_weights_and_summed_in_that_of_gradients() -> None:
    """800 dense over 4 ranks: 3/4 travel; 800 routed over 2: 1/2; at 100 bytes/s, of 2 bytes each: none is FP8."""
    sharding = Sharding(replicas(3), FORMATS)
    assert gathered(WEIGHTS, sharding, LINKS).seconds == pytest.approx(1200 / 100 + 800 / 100)
    in_fp8 = [replace(weight, fp8=True) for weight in WEIGHTS]
    assert gathered(in_fp8, sharding, LINKS).seconds == pytest.approx(600 / 100 + 400 / 100)
    assert reduced(WEIGHTS, sharding, LINKS).seconds == pytest.approx(1200 / 100 + 800 / 100)
    assert whole_bytes(WEIGHTS, sharding) == 1600 * (2 + 2)


def test_below_zero_3_nothing_is_gathered_and_below_zero_2_nothing_summed_by_block() -> None:
    two, one = Sharding(replicas(2), FORMATS), Sharding(replicas(1), FORMATS)
    assert gathered(WEIGHTS, two, LINKS) == reduced(WEIGHTS, one, LINKS) == NOTHING
    assert (whole_bytes(WEIGHTS, two), whole_bytes(WEIGHTS, one)) == (1600 * 2, 0)


def test_a_forward_exposes_only_its_first_gather() -> None:
    """5, then three times 7: each later gather runs beside the block before."""
    assert on_one_rank(chunks.forward([sharded(5, 0)] * 3)).makespan_s == pytest.approx(5 + 3 * 7)


def test_a_gather_longer_than_a_block_paces_the_forward() -> None:
    """The second starts at once, the third when the first block has ended: 10, 20, then the third from 20 to 30, 7."""
    assert on_one_rank(chunks.forward([sharded(10, 0)] * 3)).makespan_s == pytest.approx(37)


def test_a_backward_exposes_its_first_gather_and_its_last_reduction() -> None:
    """5, three times 8 + 5 + 2 + 6, and 4."""
    assert on_one_rank(chunks.backward([sharded(5, 4)] * 3, with_weights=True)).makespan_s == pytest.approx(5 + 63 + 4)


def test_an_input_gradient_sums_nothing_and_a_postponed_weight_gradient_gathers_nothing() -> None:
    assert on_one_rank(chunks.backward([sharded(5, 4)], with_weights=False)).makespan_s == pytest.approx(5 + 13)
    assert on_one_rank(chunks.weight_gradient([sharded(5, 4)])).makespan_s == pytest.approx(8 + 4)


@pytest.mark.parametrize(
    ("zero_stage", "expected"),
    [(0, (1760, 1760, 880 * 12)), (1, (1760, 1760, 240 * 12)), (2, (1760, 480, 240 * 12)), (3, (480, 480, 240 * 12))],
)
def test_each_stage_spreads_one_more_kind_of_state(zero_stage: int, expected: tuple[float, float, float]) -> None:
    """800 over 4 ranks and 80 over 2: 240 owned. What no product multiplies in FP8 stays in BF16."""
    stage = Stage("", (), STATES, {}, NONE, NONE, 0.0, 0.0)
    held = states([stage], replicas(zero_stage), FORMATS, Memory())
    assert (held.weights + held.experts, held.gradients, held.masters + held.moments) == expected


def test_what_went_with_each_block_is_not_sent_again_at_the_end() -> None:
    gpu = load_entry("gpus", "h100", Gpu, catalogue())
    ends = [finish(STATES, replicas(zero_stage), FORMATS, gpu, LINKS) for zero_stage in (1, 2, 3)]
    assert [(end.reduce_s > 0, end.gather_s > 0) for end in ends] == [(True, True), (False, True), (False, False)]


def test_sharded_gradients_are_cleared_where_they_are_kept() -> None:
    """240 owned of 2 + 2 + 24 + 1 bytes, and 2 to clear each."""
    assert update_bytes(STATES, replicas(2), FORMATS) == 240 * 29 + 240 * 2
