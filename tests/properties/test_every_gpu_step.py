"""A step on every GPU: without variation it is the symmetric step; with more of it never faster; nothing gets lost."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from simulator import budget
from simulator.admission import TooLarge
from simulator.gpus.every_gpu import MOST_AT_ONCE, MOST_PHASES, PARTS, EveryGpu, play_every_gpu
from simulator.plan import Plan, plan
from simulator.run import simulate
from topologies.problems import InvalidInput
from workloads.scenario import SCENARIOS, catalogue, load_scenario

SMALLER: dict[str, dict[str, object]] = {
    "deepseek-v3-pretrain": {
        "cluster.nodes": 8, "layout.pp": 4, "layout.dp": 16, "layout.ep": 8, "job.sequences_per_step": 192,
        "model.layers": 9, "model.experts.gate.experts": 64,
    },
    "llama-3.1-405b-h100": {
        "cluster.nodes": 64, "layout.pp": 4, "layout.schedule.chunks": 4, "model.layers": 30, "model.dense_layers": 30,
    },
}  # fmt: skip
TREE = {"kind": "fat-tree", "layers": 3, "switch": "quantum-2"}


def planned(changes: Mapping[str, object] = {}, name: str = "deepseek-v3-pretrain") -> Plan:
    """The plan of a shipped scenario, made smaller, its GPUs alike, with changes."""
    scenario = load_scenario(SCENARIOS / f"{name}.yaml")
    return plan(
        scenario.with_changes({**SMALLER.get(name, {}), "job.gpu_speed_variation": 0.0, **changes}, catalogue())
    )


def parts_s(every: EveryGpu) -> np.ndarray:
    """[gpu, part]"""
    return every.gpus[list(PARTS)].to_numpy()


@pytest.mark.parametrize(
    "changes",
    [
        *[{"layout.schedule.kind": kind} for kind in ("dualpipe", "dualpipev", "1f1b", "gpipe", "zb-h1", "zbv")],
        {"layout.tp": 2, "layout.dp": 8},
        {"layout.cp": 2, "layout.dp": 8, "layout.zero_stage": 0},
        {"layout.zero_stage": 3, "layout.schedule.kind": "1f1b"},
        {"layout.zero_overlap": True},
    ],
    ids=str,
)
def test_without_variation_every_gpu_does_what_the_symmetric_step_says(changes: dict[str, object]) -> None:
    """The step to 1e-9, and on every GPU the bubble and the optimiser of its pipeline rank."""
    decided = planned({"job.router.variation": 0.0, **changes})
    every, played = play_every_gpu(decided), simulate(decided)
    step_s = played.step.makespan_s
    assert every.step_s == pytest.approx(step_s, rel=1e-9)
    ranks = budget.by_rank(played, len(decided.orders)).iloc[every.gpus["pipeline_rank"]]
    waited_s = every.gpus["wait_for_pipeline_s"] + every.gpus["wait_at_end_s"]
    assert waited_s.to_numpy() == pytest.approx(ranks["step_bubble_s"].to_numpy(), abs=1e-9 * step_s)
    assert every.gpus["optimizer_s"].to_numpy() == pytest.approx(ranks["step_optimizer_s"].to_numpy(), rel=1e-9)
    assert np.abs(every.gpus["wait_for_slowest_s"]).max() <= 1e-9 * step_s


@pytest.mark.parametrize("name", ["llama-3-8b-h100", "llama-3.1-405b-h100"])
def test_dense_models_of_equal_gpus_do_too(name: str) -> None:
    """Fully sharded parameters; tp and cp, interleaved, gradients beside chunks."""
    decided = planned(name=name)
    assert play_every_gpu(decided).step_s == pytest.approx(simulate(decided).step.makespan_s, rel=1e-9)


@pytest.mark.parametrize("changes", [{}, {"layout.tp": 2, "layout.dp": 8, "layout.zero_stage": 2}], ids=str)
def test_every_gpus_parts_are_never_negative_and_add_up_to_the_step(changes: dict[str, object]) -> None:
    every = play_every_gpu(planned({"job.gpu_speed_variation": 0.05, **changes}))
    parts = parts_s(every)
    assert parts.min() >= -1e-9 * every.step_s
    assert parts.sum(axis=1) == pytest.approx(every.step_s, rel=1e-9)
    assert len(every.gpus) == 64 and every.gpus["gpu"].tolist() == list(range(64))


@pytest.mark.parametrize(
    ("path", "values"),
    [("job.router.variation", (0.0, 0.5, 1.0, 2.0)), ("job.gpu_speed_variation", (0.0, 0.02, 0.05, 0.1))],
)
def test_more_variation_is_never_faster_on_the_mean(path: str, values: tuple[float, ...]) -> None:
    """Mean over five seeds, both ways of playing."""
    of_all, symmetric = [], []
    for value in values:
        plans = [planned({"seed": seed, path: value}) for seed in range(5)]
        of_all.append(np.mean([play_every_gpu(decided).step_s for decided in plans]))
        symmetric.append(np.mean([simulate(decided).step.makespan_s for decided in plans]))
    assert of_all == sorted(of_all) and of_all[-1] > 1.005 * of_all[0]
    assert symmetric == sorted(symmetric) and symmetric[-1] > 1.005 * symmetric[0]


def test_with_the_default_loads_both_ways_agree_within_one_percent() -> None:
    decided = planned()
    assert play_every_gpu(decided).step_s == pytest.approx(simulate(decided).step.makespan_s, rel=0.01)


def test_speeds_have_the_spread_that_was_asked_for_and_the_slowest_keeps_others_waiting() -> None:
    gpus = play_every_gpu(planned({"job.gpu_speed_variation": 0.05, "job.router.variation": 0.0})).gpus
    assert gpus["speed_ratio"].std() == pytest.approx(0.05, rel=0.3)
    worst = int(gpus["kept_waiting_s"].to_numpy().argmax())
    group = gpus["speed_ratio"].to_numpy()[worst // 8 * 8 : worst // 8 * 8 + 8]
    assert worst % 8 == group.argmin()


def test_the_same_seed_gives_the_same_step_and_another_seed_another() -> None:
    first, again, other = (play_every_gpu(planned({"seed": seed})) for seed in (1, 1, 2))
    assert first.gpus.equals(again.gpus)
    assert first.step_s != other.step_s


def test_what_would_take_too_long_is_refused_with_its_number() -> None:
    sizes = {"cluster.nodes": 8_192, "layout.dp": 16_384, "job.sequences_per_step": 16_384_000}
    decided = planned({**sizes, "cluster.topology": TREE})
    with pytest.raises(TooLarge, match=f"up to {MOST_PHASES:,}"):
        play_every_gpu(decided)


def test_chunks_too_large_to_be_held_are_refused_with_their_number() -> None:
    sizes = {"cluster.nodes": 8_192, "layout.dp": 65_536, "job.sequences_per_step": 65_536}
    decided = planned({**sizes, "cluster.topology": TREE}, "llama-3-8b-h100")
    with pytest.raises(TooLarge, match=f"up to {MOST_AT_ONCE:,}"):
        play_every_gpu(decided)


def test_a_speed_that_varies_more_than_half_is_refused_at_the_door() -> None:
    with pytest.raises(InvalidInput, match="gpu_speed_variation"):
        planned({"job.gpu_speed_variation": 0.6})
