"""Bounds are no more than what they bound, and leaving out by them loses nothing, whatever the number of processes."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from simulator.estimates.choices import Choice, chosen
from simulator.estimates.estimator import Estimator
from simulator.plan import groups_of
from simulator.planner.cluster import Cluster, clusters
from simulator.planner.exhaustive import Space, exhaustive
from simulator.planner.floors import habits
from simulator.planner.layer_floors import LayerFloors
from simulator.planner.least_states import LeastStates
from simulator.planner.space import families, parts, under, ways
from workloads.fit import micro_batches
from workloads.layout_axes import LayoutAxes
from workloads.plan_question import TrainingQuestion
from workloads.question_file import changed_question, load_question
from workloads.scenario import SCENARIOS

SMALL = LayoutAxes(
    tp=(1, 2), cp=(1,), pp=(1, 2, 4), chunks=(2,), sequences_per_micro_batch=(1,), recompute=("none", "full")
)
ROUNDING = 1 + 1e-9
POLICIES = ("none", "selective", "swiglu", "mla-norms", "deepseek", "full")


def only_cluster(name: str, changes: dict[str, object] | None = None) -> Cluster:
    """The cluster of a shipped scenario."""
    asked = changed_question(load_question(SCENARIOS / f"{name}.yaml"), changes or {})
    assert isinstance(asked, TrainingQuestion)
    (found,) = clusters(asked, None)
    assert isinstance(found, Cluster)
    return found


def some_choices(cluster: Cluster, axes: LayoutAxes, number: int) -> list[Choice]:
    """Valid choices, drawn evenly over the parts of the space."""
    drawn = random.Random(0)
    found: list[Choice] = []
    every = parts(cluster.setting, axes)
    while len(found) < number:
        family = list(families(cluster.setting, axes, drawn.choice(every)))
        if family:
            found.append(
                under(drawn.choice(family), drawn.choice(ways(cluster.setting, axes)), drawn.choice(axes.recompute))
            )
    return found


@pytest.mark.parametrize(("name", "number"), [("deepseek-v3-pretrain", 40), ("llama-3-8b-h100", 60)])
def test_bounds_of_random_choices_are_no_more_than_their_estimates(name: str, number: int) -> None:
    cluster, states = only_cluster(name), LeastStates()
    by = Estimator(cluster.setting)
    for choice in some_choices(cluster, LayoutAxes(), number):
        scenario, layout = chosen(cluster.setting, choice), choice.layout
        links = by.links_under(scenario)
        groups, how = groups_of(layout, links), habits(layout.schedule, layout.pp)
        plain = choice._replace(layout=layout.model_copy(update={"zero_stage": min(1, layout.zero_stage)}))
        floors = LayerFloors(by.layer_costs(chosen(cluster.setting, plain), plain))
        count, found = micro_batches(layout, scenario.demands), by.parts(choice)
        turn_s = floors.turn(layout, groups, how).least_s * count / layout.pp
        step_s = floors.step_s(layout, groups, how, (count, layout.zero_overlap))
        assert turn_s <= found.step_s * ROUNDING, choice
        assert step_s <= found.step_s * ROUNDING, choice
        assert floors.handed_bytes(layout, groups, how) <= found.memory_bytes * ROUNDING, choice
        assert states.bytes_of(scenario, links, groups) <= found.memory_bytes * ROUNDING, choice
        assert by.memory_bytes(choice) == pytest.approx(found.memory_bytes, rel=1e-12)


@pytest.mark.parametrize("name", ["deepseek-v3-pretrain", "llama-3-8b-h100"])
def test_recomputing_only_adds_work(name: str) -> None:
    cluster = only_cluster(name)
    layout, by = cluster.setting.layout, Estimator(cluster.setting)
    how = habits(layout.schedule, layout.pp)
    turns = {}
    for policy in POLICIES:
        choice = Choice(layout.model_copy(update={"zero_stage": 1}), 1, policy)
        floors = LayerFloors(by.layer_costs(chosen(cluster.setting, choice), choice))
        groups = replace(groups_of(layout, by.links_under(cluster.setting)), zero_stage=0)
        turns[policy] = floors.turn(layout, groups, how).least_s
    assert min(turns.values()) == turns["none"]


def test_leaving_out_by_bounds_finds_the_same_best_as_estimating_all() -> None:
    cluster = only_cluster("llama-3-8b-h100")
    by = Estimator(cluster.setting)
    steps = []
    for part in parts(cluster.setting, SMALL):
        for family in families(cluster.setting, SMALL, part):
            for way in ways(cluster.setting, SMALL):
                for policy in SMALL.recompute:
                    found = by.parts(under(family, way, policy))
                    if found.memory_bytes <= cluster.worth.most_bytes:
                        steps.append(found.step_s)
    searched = exhaustive(Space([cluster], SMALL, 5), 1, lambda what, done, whole: None)
    assert [one.step_s for one in searched.candidates] == pytest.approx(sorted(steps)[:5], rel=1e-12)
    assert searched.valid == sum(searched.left_out.values())
    assert all(one.memory_bytes <= cluster.worth.most_bytes for one in searched.candidates)


def test_the_number_of_processes_changes_nothing() -> None:
    cluster = only_cluster("llama-3-8b-h100", {"nodes": 2})
    space = Space([cluster], SMALL, 5)
    one, two = (exhaustive(space, workers, lambda what, done, whole: None) for workers in (1, 2))
    assert (one.valid, one.left_out, one.candidates) == (two.valid, two.left_out, two.candidates)
