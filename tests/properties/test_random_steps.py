"""Conservation over 1,000 random small scenarios: budgets add up, streams and waits are respected."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from simulator import budget
from simulator.memory import DoesNotFit
from simulator.pipeline import tasks
from simulator.plan import Plan, plan
from simulator.run import pace_of, simulate
from topologies.problems import InvalidInput
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario

SCENARIOS_IN_ALL, BATCHES = 1000, 20
EXACT = 1e-12


def random_changes(rng: random.Random) -> dict[str, object]:
    """A small cluster, a few layers, any schedule that could fit, any loads and formats."""
    pp, dp, tp = rng.choice([2, 4, 6]), rng.choice([8, 16, 32]), rng.choice([1, 1, 2])
    kind = rng.choice(["1f1b", "gpipe", "zb-h1", "zb-h2", "zbv", "dualpipe", "dualpipev"])
    many = kind in ("zbv", "dualpipe", "dualpipev")
    micro_batches = 2 * pp + 2 * rng.randrange(4) if many else rng.randrange(1, 3 * pp)
    gpus = pp * dp * tp
    return {
        "cluster.nodes": gpus // 8, "layout.pp": pp, "layout.dp": dp, "layout.tp": tp, "layout.schedule.kind": kind,
        "layout.ep": rng.choice([1, 2, 4, 8]) * tp if rng.random() < 0.9 else dp * tp,
        "layout.zero_stage": rng.choice([0, 1]),
        "job.sequences_per_step": dp * micro_batches, "job.sequence_length": rng.choice([512, 1024]),
        "job.recompute": rng.choice(["none", "selective", "deepseek", "full"]),
        "job.precision.dispatch": rng.choice(["fp8", "bf16"]),
        "job.router.variation": rng.choice([0.0, 0.5, 1.5]),
        "cluster.topology.kind": rng.choice(["mpft", "mrft", "fat-tree"]),
        "model.layers": rng.randrange(pp, 3 * pp + 1), "model.dense_layers": rng.choice([0, 1]),
        "model.mtp_depth": rng.choice([0, 1]), "model.hidden": 1024, "model.vocab": 8192,
        "seed": rng.randrange(1000),
    }  # fmt: skip


def plans(base: Scenario, batch: int) -> Iterator[Plan]:
    """The batch's share of the scenarios; those that a layout or the memory refuses are drawn again."""
    rng, names = random.Random(batch), catalogue()
    found = 0
    while found < SCENARIOS_IN_ALL // BATCHES:
        try:
            yield plan(base.with_changes(random_changes(rng), names))
        except (InvalidInput, DoesNotFit):
            continue
        found += 1


@pytest.fixture(scope="module")
def base() -> Scenario:
    """The shipped scenario."""
    return load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")


@pytest.mark.parametrize("batch", range(BATCHES))
def test_nothing_is_lost_and_nothing_happens_too_early(base: Scenario, batch: int) -> None:
    """Six parts add up on every rank; a stream does one thing at a time; no task starts before what it waits for."""
    for decided in plans(base, batch):
        played = simulate(decided)
        trace = played.step
        table = budget.by_rank(played, len(decided.orders))
        parts = table[[f"step_{part}_s" for part in budget.PARTS]].to_numpy()
        np.testing.assert_allclose(parts.sum(axis=1), trace.makespan_s, rtol=1e-9)
        assert parts.min() >= -EXACT

        order = np.lexsort((trace.end_s, trace.start_s, trace.stream, trace.rank))
        same = (np.diff(trace.rank[order]) == 0) & (np.diff(trace.stream[order]) == 0)
        assert (trace.start_s[order][1:] - trace.end_s[order][:-1])[same].min(initial=0.0) >= -EXACT

        slots = tasks(decided.orders, pace_of(decided, played.inside))
        for index, slot in enumerate(slots):
            for earlier in slot.task.after:
                assert trace.start_s[index] >= trace.end_s[earlier] - EXACT
