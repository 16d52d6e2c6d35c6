"""Why one candidate is better than another: terms of both that add up to the whole difference."""

from __future__ import annotations

import math

import pandas as pd

from simulator.planner.confirmed import Confirmed
from simulator.result import BUDGET_TOLERANCE_RATIO
from workloads.plan_question import Objective

WORDS = {
    "1f": "forwards alone",
    "1b": "backwards alone",
    "1w": "postponed weight gradients",
    "1f1b": "overlapped pairs",
    "bubble": "waiting in the pipeline",
    "optimizer": "gradients summed and optimiser",
}
"""Parts of a step's time as a reader is told."""
COLUMNS = ("term", "chosen", "runner_up", "difference")


class TermsError(Exception):
    """Terms do not add up to the figure that they are of: a bug of ours, never of the user's."""


def terms(one: Confirmed, objective: Objective) -> dict[str, float]:
    """A figure as a sum: of the parts of a step's time, or of energy by what draws it.

    Raises TermsError where they would not add up.
    """
    found = _joules(one) if objective == "energy" else _seconds(one, objective)
    whole = one.value(objective)
    if abs(math.fsum(found.values()) - whole) > BUDGET_TOLERANCE_RATIO * max(abs(whole), 1.0):
        raise TermsError(f"{objective}: terms add up to {math.fsum(found.values())}, the figure is {whole}")
    return found


def _seconds(one: Confirmed, objective: Objective) -> dict[str, float]:
    """Parts of the step, each times what a second of it means over the whole run."""
    each = one.cluster.worth.value(objective, 1.0, 1.0)
    parts_s = one.parts_s()
    return {WORDS[part]: seconds * each for part, seconds in parts_s.items()}


def _joules(one: Confirmed) -> dict[str, float]:
    """What computing, communicating and idle GPUs draw, and all else."""
    worth, work, draws = one.cluster.worth, one.work, one.cluster.worth.draws
    if draws is None:
        return {}
    return {
        "GPUs computing": worth.steps * work.computing_s * draws.computing_w,
        "GPUs communicating": worth.steps * work.communicating_s * draws.communicating_w,
        "GPUs idle": worth.steps * work.idle_s * draws.idle_w,
        "servers and network": worth.steps * one.step_s * draws.rest_w,
    }


def attribution(chosen: Confirmed, other: Confirmed, objective: Objective) -> pd.DataFrame:
    """[term] both sides and the other's less the chosen's, which add up to the whole difference."""
    mine, theirs = terms(chosen, objective), terms(other, objective)
    rows = [(term, mine[term], theirs[term], theirs[term] - mine[term]) for term in mine]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def largest(table: pd.DataFrame, most: int = 2) -> list[tuple[str, float]]:
    """Terms of the largest differences, largest first."""
    order = table["difference"].abs().sort_values(ascending=False, kind="stable").index[:most]
    return [(str(table.loc[at, "term"]), float(table.loc[at, "difference"])) for at in order]
