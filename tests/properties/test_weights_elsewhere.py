"""What holds for every batch and every place of weights: bytes bound the speed, and links shared are links added."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.serving.elsewhere.layers import Batch
from simulator.serving.elsewhere.pipeline import pass_s, steady_s
from simulator.serving.elsewhere.step import Case
from tests.elsewhere import alone, decoded, h100s, model
from workloads.weights.base import WeightsSpec
from workloads.weights.fetched_experts import FetchedExperts
from workloads.weights.host_experts import HostExperts
from workloads.weights.on_gpus import OnGpus
from workloads.weights.streamed import Streamed

PLACES: tuple[WeightsSpec, ...] = (
    OnGpus(bits_per_weight=4.5),
    Streamed(bits_per_weight=4.5),
    Streamed(bits_per_weight=4.5, source="nvme", prefetch_layers=0),
    HostExperts(bits_per_weight=4.5),
    FetchedExperts(bits_per_weight=4.5, cached_experts=20),
)
times = st.lists(st.floats(0, 10), min_size=1, max_size=8)


@pytest.mark.parametrize("weights", PLACES, ids=lambda one: one.kind + str(getattr(one, "source", "")))
@settings(max_examples=15)
@given(few=st.integers(1, 200), more=st.integers(1, 200))
def test_more_sequences_never_make_a_step_shorter(weights: WeightsSpec, few: int, more: int) -> None:
    spec, own = model("deepseek-v2"), h100s(1)
    short, long = (decoded(spec, own, weights, count) for count in (few, few + more))
    assert long.seconds >= short.seconds * (1 - 1e-9)


@settings(max_examples=15)
@given(sequences=st.integers(1, 500), gpus=st.sampled_from([1, 2, 4, 8]), source=st.sampled_from(["host", "nvme"]))
def test_no_step_is_faster_than_its_weights_can_be_read(sequences: int, gpus: int, source: str) -> None:
    spec, own = model("deepseek-v2"), h100s(gpus)
    weights = Streamed.model_validate({"source": source, "bits_per_weight": 4.5})
    read = Case(spec, own, weights).layers(Batch(sequences, 1, 500))
    whole_bytes = sum(one.dense_bytes + one.routed_bytes for one in read if one.name != "embedding")
    rates = [own.host.copy_bytes_per_s, gpus * own.gpu.pcie_bytes_per_s]
    rates += [own.host.nvme_read_bytes_per_s or 0.0] if source == "nvme" else []
    assert decoded(spec, own, weights, sequences).seconds >= whole_bytes / min(rates)


@settings(max_examples=10)
@given(sequences=st.integers(1, 64))
def test_experts_on_processors_are_no_faster_than_the_chosen_bytes(sequences: int) -> None:
    spec, own = model("deepseek-v3"), alone("workstation-4090")
    weights = HostExperts(bits_per_weight=4.83)
    read = Case(spec, own, weights).layers(Batch(sequences, 1, 500))
    chosen_bytes = sum(one.routed.chosen * one.routed.expert_bytes for one in read if one.routed)
    assert decoded(spec, own, weights, sequences).seconds > chosen_bytes / own.host.read_bytes_per_s


@pytest.mark.parametrize("gpus", [2, 4, 8])
def test_gpus_that_share_reads_write_more_tokens_each(gpus: int) -> None:
    """Super-linear, as ZeRO-Inference has it: reads take 1 / n of the time as long as host memory and NVLink allow."""
    spec = model("deepseek-v2")
    one = decoded(spec, h100s(1), Streamed(), 8)
    more = decoded(spec, h100s(gpus), Streamed(), 8 * gpus)
    assert one.tokens_per_s < more.tokens_per_s / gpus <= gpus * one.tokens_per_s * (1 + 1e-9)
    apart = decoded(spec, h100s(gpus), Streamed(shared_reads=False), 8 * gpus)
    assert apart.tokens_per_s / gpus <= one.tokens_per_s * (1 + 1e-9)


@given(reads=times, computes=times, ahead=st.integers(0, 4))
def test_reading_ahead_lies_between_the_slower_side_and_both_in_turn(
    reads: list[float], computes: list[float], ahead: int
) -> None:
    computes = (computes * 8)[: len(reads)]
    both = sum(reads) + sum(computes)
    steady = steady_s(reads, computes, ahead)
    assert max(sum(reads), sum(computes)) - 1e-9 <= steady <= both + 1e-9
    assert steady_s(reads, computes, ahead + 1) <= steady + 1e-9
    assert steady - 1e-9 <= pass_s(reads, computes, ahead) <= both + 1e-9


@settings(max_examples=10)
@given(bits=st.floats(2, 8), fewer=st.floats(0.1, 1))
def test_fewer_bits_are_never_slower(bits: float, fewer: float) -> None:
    spec, own = model("deepseek-v2"), alone("workstation-4090")
    slow, fast = (decoded(spec, own, HostExperts(bits_per_weight=b)).seconds for b in (bits, max(1, bits * fewer)))
    assert fast <= slow
