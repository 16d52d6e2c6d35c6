"""What a plan says in words, the most important first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from simulator.planner.answer_tables import UNITS, label
from simulator.planner.attributed import largest
from simulator.planner.cluster import Cluster
from simulator.planner.confirmed import Confirmed
from simulator.planner.found import ESTIMATED, ESTIMATED_LATE, Candidate, Found
from simulator.planner.worth import front
from topologies.units import pretty
from workloads.plan_question import Objective

CALLED: Mapping[Objective, str] = {
    "time": "takes {} for all tokens", "gpu-time": "takes {} of GPU time for all tokens",
    "cost": "costs {} for all tokens", "energy": "takes {} for all tokens",
}  # fmt: skip


def figure(value: float, objective: Objective) -> str:
    """A value as a person reads it: GPU time and long times in days and hours as units allow."""
    return pretty(value, UNITS[objective])


def choice(chosen: Confirmed, objectives: Sequence[Objective]) -> str:
    """What to choose and what it is worth."""
    told = " and ".join(CALLED[one].format(figure(chosen.value(one), one)) for one in objectives)
    return f"Choose {label(chosen.candidate, chosen.cluster)}: it {told}, {pretty(chosen.step_s, 's')} a step."


def compromises(
    candidates: Sequence[Candidate], clusters: Mapping[int, Cluster], objectives: Sequence[Objective]
) -> str:
    """How many candidates no other beats in everything, and the best of them in each objective."""
    ahead = set(front(list(dict.fromkeys(one.values for one in candidates))))
    first = [one for one in candidates if one.values in ahead]
    told = []
    for place, objective in enumerate(objectives):
        best = min(first, key=lambda one: one.values[place])
        told.append(
            f"least {objective} ({figure(best.values[place], objective)}): {label(best, clusters[best.cluster])}"
        )
    return f"{len(ahead)} compromises are beaten by no other in everything; {'; '.join(told)}."


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
    """Why another candidate lost, by the terms of the largest difference."""
    difference, base = other.value(objective) - chosen.value(objective), chosen.value(objective)
    words = [f"{term} {'+' if value >= 0 else '-'}{figure(abs(value), objective)}" for term, value in largest(terms)]
    more = f"{figure(difference, objective)} or {100 * difference / base:.2f} % more"
    if difference <= 0:
        more = "no more"
    return f"{who}, {label(other.candidate, other.cluster)}, takes {more}: {', '.join(words)}."


def counted(found: Found, searched: int, exhaustive: bool) -> str:
    """How much there was, how much of it was looked at."""
    looked = found.left_out[ESTIMATED] + found.left_out[ESTIMATED_LATE]
    out = found.valid - looked
    where = f"of {searched} clusters" if searched > 1 else "of the cluster"
    if not exhaustive:
        return f"{looked:,} layouts {where} were drawn and estimated; better ones were drawn more often."
    return (
        f"All {found.valid:,} valid layouts {where} were considered: {out:,} are left out by bounds that they cannot "
        f"beat, {looked:,} were estimated."
    )


def simulated(confirmed: Sequence[Confirmed]) -> str:
    """How far estimates and simulation are apart."""
    ratios = [one.candidate.step_s / one.step_s - 1 for one in confirmed]
    worst = max(ratios, key=abs)
    off = f"the estimates of their steps are off by {100 * worst:+.2f} % at most"
    return f"{len(confirmed)} were simulated event by event: {off}."


def certainty(table: pd.DataFrame, wins_share: float, alone: bool) -> str:
    """What would change the choice."""
    if alone:
        return "No other candidate keeps the limits, so that no input can change the choice."
    changing = table[table["changes_choice"]]
    share = f"{100 * wins_share:.0f} % of draws"
    often = f"With all inputs drawn together the choice is at least as good as the next in {share}."
    if changing.empty:
        return f"{often} None of the {len(table)} inputs of greatest weight changes it at either end of its interval."
    return f"{often} It would change with {', '.join(changing['input'])}."


def priced(clusters: Sequence[Cluster]) -> list[str]:
    """GPUs of which no price is known."""
    unknown = sorted({one.setting.cluster.node.gpu.name for one in clusters if one.price is None})
    return [f"No price of a {gpu} is known: its layouts have no cost. Add one under `prices`." for gpu in unknown]
