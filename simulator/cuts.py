"""How much the cut into stages matters: step and bubble over the admissible cuts."""

from __future__ import annotations

import pandas as pd

from simulator import budget
from simulator.memory import DoesNotFit
from simulator.partition import partition_by_cost
from simulator.plan import Plan, plan
from simulator.run import simulate
from workloads.scenario import Scenario

MOST_ON_THE_LAST = 4
"""Largest number of layers that is tried on the stage that also holds head and MTP."""
MOST_STAGES = 32
"""Models cut into more stages are not tried again: it would take longer than the run itself."""


def other_cuts(decided: Plan) -> pd.DataFrame:
    """Simulate the step with 0 to 4 layers on the last stage, the others cut by cost; empty where there is no choice.

    Where no partition is published, the spread of these rows is what the choice of one is worth.

    returns  [cut]  layers (of each stage), step_s, step_bubble_s, fits ("no" where memory would not suffice)
    """
    layout = decided.scenario.layout
    stages = len(decided.stages)
    columns = ["layers", "step_s", "step_bubble_s", "fits"]
    if layout.layers_per_stage is not None or not 2 < stages <= MOST_STAGES:
        return pd.DataFrame(columns=columns)
    most = min(MOST_ON_THE_LAST, decided.scenario.demands.layers - (stages - 1))
    return pd.DataFrame([_row(decided, last) for last in range(most + 1)], columns=columns)


def _row(decided: Plan, last: int) -> tuple[str, float | None, float | None, str]:
    """One cut: so many layers on the last stage, the rest so that the dearest stage is cheapest."""
    kinds = decided.scenario.model.block_kinds()
    costs = [decided.blocks[kind].block.cost_s for kind in kinds[1 : 1 + decided.scenario.demands.layers]]
    costs[0] += decided.blocks[kinds[0]].block.cost_s
    rest = partition_by_cost(costs[: len(costs) - last], len(decided.stages) - 1)
    layers = [*(cut.stop - cut.start for cut in rest), last]
    text = ", ".join(map(str, layers))
    changed = _with_cut(decided.scenario, layers)
    try:
        other = plan(changed)
    except DoesNotFit:
        return (text, None, None, "no")
    played = simulate(other)
    bubble_s = float(budget.by_rank(played, len(other.orders))["step_bubble_s"].mean())
    return (text, played.step.makespan_s, bubble_s, "yes")


def _with_cut(scenario: Scenario, layers: list[int]) -> Scenario:
    """The same scenario with the stages cut by hand."""
    return scenario.with_changes({"layout.layers_per_stage": layers})
