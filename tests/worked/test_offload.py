"""Offloading by hand: what leaves the GPU, what a parameter's update then takes, what is refused."""

from __future__ import annotations

from functools import cache

import pytest

from simulator.estimates.choices import Choice
from simulator.estimates.estimator import Estimator
from simulator.memory import DoesNotFit
from simulator.offloading import Numbers, away
from simulator.plan import Plan, plan
from simulator.refusal import Refused
from simulator.run import simulate
from topologies.problems import InvalidInput
from workloads.offload import Disks, Offload
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario

HOST_BYTES_PER_S, READ_BYTES_PER_S, WRITE_BYTES_PER_S = 400e9, 40e9, 20e9
NUMBERS = Numbers(gradient_bytes=4, moment_bytes=2, weight_bytes=2)
"""FP32 gradients, BF16 moments and weights: 8 bytes of states."""
GPUS, PCIE_BYTES_PER_S = 8, 64e9
DISKS: dict[str, object] = {"size_bytes": "30 TB", "read_bytes_per_s": "40 GB/s", "write_bytes_per_s": "20 GB/s"}


@cache
def llama() -> Scenario:
    return load_scenario(SCENARIOS / "llama-3-8b-h100.yaml")


def offloaded(**fields: object) -> Scenario:
    asked = {"host_memory_bytes_per_s": "400 GB/s", **fields}
    return llama().with_changes({"job.memory.offload": asked}, catalogue())


@cache
def on_gpus() -> Plan:
    return plan(llama())


def offload(**fields: object) -> Offload:
    disks = Disks(size_bytes=3e13, read_bytes_per_s=READ_BYTES_PER_S, write_bytes_per_s=WRITE_BYTES_PER_S)
    used = {"disks": disks} if "nvme" in fields.values() else {}
    return Offload.model_validate({"host_memory_bytes_per_s": HOST_BYTES_PER_S, **used, **fields})


def update_s(**fields: object) -> float:
    return away(offload(**fields), llama().cluster.node, NUMBERS).update_s_per_parameter


def test_in_turn_a_parameters_update_takes_its_way_out_its_update_and_its_way_back() -> None:
    """4 bytes out, 4 + 2 x 8 + 2 = 22 bytes of host memory shared by 8 GPUs, 2 bytes back."""
    host_s = 22 * GPUS / HOST_BYTES_PER_S
    assert update_s(prefetch=False) == pytest.approx(4 / PCIE_BYTES_PER_S + host_s + 2 / PCIE_BYTES_PER_S)


def test_piece_by_piece_it_takes_the_slowest_way() -> None:
    assert update_s() == pytest.approx(22 * GPUS / HOST_BYTES_PER_S)


def test_from_disks_the_states_are_read_and_written_whole() -> None:
    """8 bytes each way; writing is the slowest."""
    assert update_s(optimizer="nvme") == pytest.approx(8 * GPUS / WRITE_BYTES_PER_S)
    turns = update_s(optimizer="nvme", prefetch=False) - update_s(prefetch=False)
    assert turns == pytest.approx(8 * GPUS / READ_BYTES_PER_S + 8 * GPUS / WRITE_BYTES_PER_S)


def test_states_leave_the_gpu_and_fill_the_server() -> None:
    before, after = on_gpus(), plan(offloaded())
    for one, other in zip(before.memory, after.memory, strict=True):
        assert (other.masters, other.moments) == (0, 0)
        assert (other.gradients, other.weights, other.fp8_weights) == (one.gradients, one.weights, one.fp8_weights)
        assert other.total < one.total - one.masters - one.moments


def test_parameters_leave_the_gpu_too_where_they_are_fully_sharded() -> None:
    after = plan(offloaded(parameters="host"))
    for memory in after.memory:
        assert memory.weights + memory.experts + memory.embedding + memory.fp8_weights == 0
    with pytest.raises(Refused, match=r"parameters: host needs layout.zero_stage: 3, not 1"):
        plan(offloaded(parameters="host").with_changes({"layout.zero_stage": 1}, catalogue()))


def test_the_step_is_longer_by_the_update_and_prefetching_shortens_it() -> None:
    """Fully sharded over 8 GPUs: each owns an eighth of the 8.03 billion parameters."""
    steps_s = {
        name: simulate(one).step.makespan_s
        for name, one in {
            "gpu": on_gpus(), "host": plan(offloaded()), "turns": plan(offloaded(prefetch=False)),
        }.items()
    }  # fmt: skip
    assert steps_s["gpu"] < steps_s["host"] < steps_s["turns"]
    per_parameter_s = (2 + 2 * (4 + 2 * 4) + 1) * GPUS / HOST_BYTES_PER_S
    assert steps_s["host"] - steps_s["gpu"] == pytest.approx(8.03e9 / 8 * per_parameter_s, rel=0.1)


def test_fetching_from_slow_disks_shows_in_the_step() -> None:
    slow = {**DISKS, "read_bytes_per_s": "1 GB/s"}
    fast, late = (
        simulate(plan(offloaded(optimizer="gpu", parameters=place, **disks))).step.makespan_s
        for place, disks in (("host", {}), ("nvme", {"disks": slow}))
    )
    assert late > 2 * fast


def test_the_fast_estimate_knows_of_it() -> None:
    scenario = offloaded(optimizer="nvme", disks=DISKS)
    choice = Choice(scenario.layout, 1, scenario.job.recompute)
    assert Estimator(scenario).estimate(choice).step_s == pytest.approx(
        simulate(plan(scenario)).step.makespan_s, rel=0.02
    )


def test_disks_that_are_too_small_are_told_with_what_is_needed() -> None:
    with pytest.raises(DoesNotFit, match=r"of a server's disks, 10 GB are there"):
        plan(offloaded(optimizer="nvme", disks={**DISKS, "size_bytes": "10 GB"}))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"optimizer": "gpu"}, "nothing is kept outside of the GPUs: leave `offload` out"),
        ({"optimizer": "nvme"}, "`disks` is missing"),
        ({"disks": DISKS}, "`disks` is there, but nothing is kept on them"),
        ({"optimizer": "cpu"}, "optimizer"),
    ],
)
def test_what_means_nothing_is_refused(fields: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        offloaded(**fields)
