"""What a plan says in words, the most important first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from simulator.planner.answer_tables import UNITS, label
from simulator.planner.attributed import largest
from simulator.planner.cluster import Cluster
from simulator.planner.confirmed import SAME_RATIO, Confirmed
from simulator.planner.found import ESTIMATED, ESTIMATED_LATE, LATE, NO_ROOM, REFUSED, SLOWER, Found
from topologies.units import pretty
from workloads.plan_question import Objective

CALLED: Mapping[Objective, str] = {
    "time": "takes {} for all tokens", "gpu-time": "takes {} of GPU time for all tokens",
    "cost": "costs {} for all tokens", "energy": "takes {} for all tokens",
}  # fmt: skip


def figure(value: float, objective: Objective, like: float | None = None) -> str:
    """A value as a person reads it: in the unit that suits it, or another one that it is told beside."""
    return pretty(value, UNITS[objective], like=like)


def choice(chosen: Confirmed, objectives: Sequence[Objective]) -> str:
    """What to choose and what it is worth."""
    told = " and ".join(CALLED[one].format(figure(chosen.value(one), one)) for one in objectives)
    return f"Choose {label(chosen.candidate, chosen.cluster)}: it {told}, {pretty(chosen.step_s, 's')} a step."


def bound(table: pd.DataFrame, chosen: Confirmed) -> str:
    """What binds the step, and which limit is at its end or nearest to it."""
    near = table[table["binding"]]
    first = chosen.result.answer[0]
    if near.empty:
        fullest = table.iloc[0]
        return f"{first} No limit binds; the nearest is {fullest['limit']}, {100 * fullest['used_share']:.0f} % used."
    rows = zip(near["limit"], near["used_share"], near["why"], strict=True)
    told = "; ".join(f"{limit} is {100 * float(share):.0f} % used, {why}" for limit, share, why in rows)
    return f"{first} At its limit: {told}."


def against(chosen: Confirmed, other: Confirmed, terms: pd.DataFrame, objective: Objective, who: str) -> str:
    """Why another candidate lost, by the terms of the largest difference, all in one unit."""
    difference, base = other.value(objective) - chosen.value(objective), chosen.value(objective)
    like = base if objective == "energy" else difference
    words = [
        f"{term} {'+' if value >= 0 else '-'}{figure(abs(value), objective, like)}" for term, value in largest(terms)
    ]
    those = f"{who}, {label(other.candidate, other.cluster)}, {'costs' if objective == 'cost' else 'takes'}"
    if abs(difference) <= SAME_RATIO * base:
        return f"{those} the same within {100 * SAME_RATIO:.2f} %."
    than = "more" if difference > 0 else "less"
    return (
        f"{those} {figure(abs(difference), objective, like)} or {100 * abs(difference) / base:.2f} % {than}: "
        f"{', '.join(words)}."
    )


def counted(found: Found, searched: int, drawn: int | None) -> str:
    """How much there was, how much of it was looked at; drawn   how often, None where all was considered."""
    looked = found.left_out[ESTIMATED] + found.left_out[ESTIMATED_LATE]
    full = sum(found.left_out[reason] for reason in NO_ROOM)
    where = f"of {searched} clusters" if searched > 1 else "of the cluster"
    if drawn is not None:
        return (
            f"{drawn:,} layouts {where} were drawn, better ones more often: {found.valid:,} of them are valid, "
            f"{full:,} do not fit into memory, {looked:,} were estimated, beside the scenario's own."
        )
    whole = (
        f"All {found.valid:,} valid layouts {where} were" if found.valid != 1 else f"The only valid layout {where} was"
    )
    refused = f", {found.left_out[REFUSED]:,} are refused by the simulator" if found.left_out[REFUSED] else ""
    out = found.left_out[SLOWER] + found.left_out[LATE]
    return (
        f"{whole} considered: {of_these(full, 'does', 'do')} not fit into memory, "
        f"{of_these(out, 'is', 'are')} left out by bounds{refused}, "
        f"{of_these(looked, 'was', 'were')} estimated."
    )


def of_these(number: int, one: str, many: str) -> str:
    """A number with its verb."""
    return f"{number:,} {one if number == 1 else many}"


def equal(number: int) -> str:
    """How many layouts stand behind others that take the same."""
    if not number:
        return ""
    return (
        f"Merged with one that is ranked: {of_these(number, 'layout', 'layouts')} of equal step, memory and objectives "
        f"(within {100 * SAME_RATIO:.2f} %); the plainest stands for all."
    )


def simulated(confirmed: Sequence[Confirmed]) -> str:
    """How far estimates and simulation are apart."""
    ratios = [one.candidate.step_s / one.step_s - 1 for one in confirmed]
    worst = max(ratios, key=abs)
    off = f"is {100 * worst:+.2f} % off" if len(confirmed) == 1 else f"are {100 * worst:+.2f} % off at most"
    if abs(worst) <= SAME_RATIO:
        off = f"{'agrees' if len(confirmed) == 1 else 'agree'} within {100 * SAME_RATIO:.2f} %"
    estimates = "the estimate of its step" if len(confirmed) == 1 else "the estimates of their steps"
    return f"{of_these(len(confirmed), 'was', 'were')} simulated event by event: {estimates} {off}."


def certainty(table: pd.DataFrame, wins_share: float, alone: bool) -> str:
    """What would change the choice."""
    if alone:
        return "No other candidate keeps the limits, so that no input can change the choice."
    changing = table[table["changes_choice"]]
    share = f"{100 * wins_share:.0f} % of draws"
    often = f"With all inputs drawn together the choice is at least as good as the next in {share}."
    if changing.empty:
        return f"{often} None of the {len(table)} inputs in the table changes it at either end of its interval."
    return f"{often} It would change with {', '.join(changing['input'])}."


def priced(clusters: Sequence[Cluster]) -> list[str]:
    """GPUs of which no price is known."""
    unknown = sorted({one.setting.cluster.node.gpu.name for one in clusters if one.price is None})
    return [f"No price of the GPU {gpu} is known: its layouts have no cost. Add one under `prices`." for gpu in unknown]
