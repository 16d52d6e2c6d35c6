"""Memory through the step, by stage, under every recompute policy: tables of a result, against the plan."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import memory_tables
from simulator.plan import Plan, plan
from simulator.run import Played, simulate
from workloads.reference.policy import POLICIES
from workloads.scenario import SCENARIOS, load_scenario


@pytest.fixture(scope="module")
def decided() -> Plan:
    return plan(load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml"))


@pytest.fixture(scope="module")
def played(decided: Plan) -> Played:
    return simulate(decided)


def test_the_fullest_window_is_the_plans_peak(decided: Plan, played: Played) -> None:
    """Every rank reaches what the plan was admitted with, and never more."""
    table = memory_tables.over_time(decided, played)
    peaks = table.groupby("rank")["bytes"].max()
    assert peaks.to_numpy() == pytest.approx([memory.total for memory in decided.memory])


def test_a_step_begins_and_ends_without_activations(decided: Plan, played: Played) -> None:
    """The last window holds what is there all the time; a middle rank begins empty as well."""
    table = memory_tables.over_time(decided, played)
    last = table.groupby("rank").last()
    assert last["bytes"].to_numpy() == pytest.approx(last["constant_bytes"].to_numpy())
    middle = table[table["rank"] == 8].iloc[0]
    assert middle["bytes"] < middle["constant_bytes"] + decided.stages[8].kept.total * 3


def test_windows_find_a_peak_between_their_edges() -> None:
    """Three steps in two windows: levels at an edge and the most inside."""
    edges = np.array([0.0, 2.0, 4.0])
    held = np.array([[5.0, 1.0], [9.0, 2.0], [3.0, 0.0]])
    most = memory_tables._most_within(edges, np.array([0.5, 1.0, 2.5]), np.array([1.0, 1.5, 3.0]), held)
    assert most.tolist() == [9.0, 3.0]


def test_dualpipe_holds_the_weights_of_two_stages(decided: Plan) -> None:
    """A middle rank has two stages' BF16 weights, embedding and head nowhere but on the end ranks."""
    weights = memory_tables.by_stage(decided).set_index("stage")["weights_bytes"]
    memory = decided.memory[5]
    assert memory.weights + memory.experts == pytest.approx(weights[5] + weights[10])
    assert [bool(one.embedding) for one in decided.memory] == [True, *[False] * 14, True]


def test_every_policy_is_tried(decided: Plan, played: Played) -> None:
    """This run's own as it is; nothing else than deepseek and full fits beside two copies of the weights."""
    table = memory_tables.recomputing(decided, played)
    assert table["recompute"].tolist() == [name + " (this one)" * (name == "deepseek") for name in POLICIES]
    assert table["fits"].tolist() == ["no", "no", "no", "no", "yes", "yes"]
    own = table.set_index("recompute").loc["deepseek (this one)"]
    assert own["step_s"] == played.step.makespan_s


def test_the_average_of_the_weights_waits_on_the_host(decided: Plan) -> None:
    """4 bytes of what each rank owns; eight processes a server; over PCIe at 64 GB/s."""
    table = memory_tables.on_host(decided)
    assert table["host_bytes"].to_numpy() == pytest.approx([memory.masters for memory in decided.memory])
    assert table["node_bytes"].to_numpy() == pytest.approx(8 * table["host_bytes"].to_numpy())
    assert table["transfer_s"].to_numpy() == pytest.approx(table["host_bytes"].to_numpy() / 64e9)
