"""The compiled estimate against the event simulation of the same step, over random configurations."""

from __future__ import annotations

import random
from functools import cache

import pytest

from simulator.estimates.choices import Choice, choices, chosen
from simulator.estimates.estimator import Estimator, estimates
from simulator.plan import planned
from simulator.run import simulate
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario

CONFIGURATIONS, BATCHES = 200, 10
STEP_TOLERANCE_RATIO = 0.02
MOST_CHUNKS = 6_000
"""Steps of more chunks would make the event simulation of 200 of them take minutes."""


@cache
def scenario(name: str) -> Scenario:
    return load_scenario(SCENARIOS / f"{name}.yaml")


@cache
def every_choice() -> tuple[Choice, ...]:
    """All choices for DeepSeek-V3 on 2,048 GPUs that the event simulation plays in a second."""
    base = scenario("deepseek-v3-pretrain")
    batches = base.job.sequences_per_step
    return tuple(
        choice
        for choice in choices(base)
        if choice.layout.pp * batches // (choice.layout.dp * choice.sequences_per_micro_batch) <= MOST_CHUNKS
    )


def compare(one: Scenario, choice: Choice, estimator: Estimator) -> tuple[float, float]:
    """Relative errors of the estimated step and memory."""
    plan = planned(chosen(one, choice))
    step_s = simulate(plan).step.makespan_s
    most = max(memory.total for memory in plan.memory)
    found = estimator.estimate(choice)
    return found.step_s / step_s - 1, found.memory_bytes / most - 1


def test_there_are_many_choices() -> None:
    """Every schedule, and more layouts than a person would try."""
    kinds = {choice.layout.schedule.kind for choice in every_choice()}
    assert len(kinds) == 8
    assert len(every_choice()) > 20_000


@pytest.mark.parametrize("batch", range(BATCHES))
def test_step_and_memory_of_random_configurations(batch: int) -> None:
    """DeepSeek-V3's step within 2 %, its memory exactly."""
    base = scenario("deepseek-v3-pretrain")
    estimator = Estimator(base)
    for choice in random.Random(batch).sample(every_choice(), CONFIGURATIONS // BATCHES):
        step_error, memory_error = compare(base, choice, estimator)
        assert abs(step_error) < STEP_TOLERANCE_RATIO, choice
        assert abs(memory_error) < 1e-3, choice


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("deepseek-v3-pretrain", {}),
        ("deepseek-v3-pretrain", {"job.router.variation": 0.0}),
        ("deepseek-v3-pretrain", {"job.gpu_speed_variation": 0.03}),
        ("deepseek-v3-pretrain", {"layout.zero_stage": 3}),
        ("deepseek-v3-pretrain", {"layout.etp": 2, "layout.ep": 32}),
        ("deepseek-v3-pretrain", {"layout.layers_per_stage": [3, *[4] * 14, 2]}),
        ("deepseek-v3-pretrain", {"job.cuda_graphs": True, "job.kernel_fusion": "on"}),
        ("llama-3-8b-h100", {}),
        ("llama-3.1-405b-h100", {}),
        ("llama-3.1-405b-h100", {"layout.zero_overlap": False, "layout.cp_exchange": "whole"}),
    ],
)
def test_the_shipped_scenarios_and_every_way_to_lay_them_out(name: str, changes: dict[str, object]) -> None:
    """What is not varied by `choices` counts in the estimate all the same."""
    one = scenario(name).with_changes(changes, catalogue()) if changes else scenario(name)
    choice = Choice(one.layout, one.job.sequences_per_micro_batch, one.job.recompute)
    step_error, memory_error = compare(one, choice, Estimator(one))
    assert abs(step_error) < 0.005
    assert abs(memory_error) < 1e-9


def test_more_processes_change_nothing() -> None:
    """The same estimates in the same order."""
    base = scenario("deepseek-v3-pretrain")
    some = random.Random(1).sample(every_choice(), 60)
    assert estimates(base, some, workers=2) == estimates(base, some)


def test_an_estimate_does_not_depend_on_what_was_asked_before() -> None:
    """What is remembered belongs to the choice that asks."""
    base = scenario("deepseek-v3-pretrain")
    some = random.Random(2).sample(every_choice(), 60)
    together = Estimator(base)
    assert [together.estimate(choice) for choice in some] == [Estimator(base).estimate(choice) for choice in some]
