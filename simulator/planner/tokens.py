"""The inverse question about tokens: the most that date and budget allow, and all figures for just these."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from simulator.planner.cluster import Cluster, worth_of
from simulator.planner.confirmed import Confirmed
from simulator.planner.decided import Decided, Searched
from simulator.planner.found import Candidate
from simulator.planner.inverse import COLUMNS, ends_of
from simulator.planner.result import PlanResult
from simulator.planner.training import decided, result_of, searched
from simulator.planner.ways import Ways
from simulator.planner.worth import Worth
from simulator.refusal import Refused
from simulator.result import Figure
from topologies.spec import digest, dump
from topologies.units import pretty
from workloads.plan_limits import Limits
from workloads.plan_question import Objective, TrainingQuestion

FREE = {"within_s": None, "from_date": None, "by_date": None, "budget_usd": None}
ROUNDING_RATIO = 1e-9
"""So much nearer than a whole number of steps is called that number."""


def answered(question: TrainingQuestion, ways: Ways) -> PlanResult:
    """As many whole steps as the limits have room for, on the cluster that has room for the most tokens.

    Raises Refused where there is no room for one.
    """
    limits = question.limits
    asked = [limits.seconds is not None, limits.budget_usd is not None]
    names: tuple[Objective, ...] = ("time", "cost")
    objectives = tuple(name for name, is_limit in zip(names, asked, strict=True) if is_limit)
    open_limits = limits.model_copy(update=FREE)
    free = question.model_copy(update={"limits": open_limits, "find": None, "objective": objectives})
    found = searched(free, ways)
    first = min(found.found.candidates, key=lambda one: _token_share(found, one, limits))
    shares = _shares(found.clusters[first.cluster].worth, first.step_s, limits)
    binding: Objective = "time" if shares.get("time", 0.0) >= shares.get("cost", 0.0) else "cost"
    by_limit = free.model_copy(update={"objective": (binding,)})
    decision = decided(by_limit, _by_limit(by_limit, found, first, limits), ways)
    chosen = decision.confirmed[0]
    share = max(_shares(chosen.cluster.worth, chosen.step_s, limits).values())
    steps = math.floor(1 / share * (1 + ROUNDING_RATIO))
    if steps < 1:
        raise Refused(_no_step(chosen.step_s, chosen.cluster.worth, limits))
    tokens = steps * chosen.cluster.setting.job.tokens_per_step
    return _told(question, _for_tokens(by_limit.model_copy(update={"limits": limits}), decision, tokens), steps, ways)


def _shares(worth: Worth, step_s: float, limits: Limits) -> dict[str, float]:
    """Share of each of date and budget that one step takes."""
    shares = {}
    if limits.seconds is not None:
        shares["time"] = step_s / limits.seconds
    if limits.budget_usd is not None:
        shares["cost"] = step_s * worth.usd_per_s / limits.budget_usd if worth.usd_per_s is not None else math.inf
    return shares


def _token_share(found: Searched, one: Candidate, limits: Limits) -> float:
    """Share of the limit that it uses most of, of each token of a candidate's step."""
    cluster = found.clusters[one.cluster]
    return max(_shares(cluster.worth, one.step_s, limits).values()) / cluster.setting.job.tokens_per_step


def _no_step(step_s: float, worth: Worth, limits: Limits) -> str:
    """Why there is room for nothing."""
    said = []
    if limits.seconds is not None:
        said.append(f"takes {pretty(step_s, 's')} of {pretty(limits.seconds, 's')}")
    if limits.budget_usd is not None and worth.usd_per_s is not None:
        said.append(f"costs {pretty(step_s * worth.usd_per_s, 'USD')} of {pretty(limits.budget_usd, 'USD')}")
    return f"the limits do not allow one step of the best layout, which {' and '.join(said)}: allow more"


def _by_limit(question: TrainingQuestion, found: Searched, first: Candidate, limits: Limits) -> Searched:
    """What was found, valued by the limit that binds; left out are those that break the other one before it."""
    clusters = {number: _with_tokens(question, one, None) for number, one in found.clusters.items()}
    least, own = _token_share(found, first, limits), found.found.own
    best = _valued(clusters, first).values
    valued = [(_valued(clusters, one), _token_share(found, one, limits)) for one in found.found.candidates]
    kept = [one for one, share in valued if share == least or one.values > best]
    inside = replace(
        found.found,
        candidates=sorted(kept, key=lambda one: (one.values, one.cluster, one.key)),
        own=_valued(clusters, own) if own is not None else None,
    )
    return replace(found, clusters=clusters, found=inside)


def _for_tokens(question: TrainingQuestion, of: Decided, tokens: int) -> tuple[TrainingQuestion, Decided]:
    """The question for so many tokens, and what was decided valued by them."""
    job = question.scenario.job.model_copy(update={"tokens": tokens})
    changed = question.model_copy(update={"scenario": question.scenario.model_copy(update={"job": job})})
    found = of.searched.found
    clusters = {number: _with_tokens(changed, one, tokens) for number, one in of.searched.clusters.items()}
    inside = replace(
        found,
        candidates=[_valued(clusters, one) for one in found.candidates],
        own=_valued(clusters, found.own) if found.own is not None else None,
    )
    confirmed = [_simulated(clusters, one) for one in of.confirmed]
    own = None
    if of.own is not None:
        same = [after for before, after in zip(of.confirmed, confirmed, strict=True) if before is of.own]
        own = same[0] if same else _simulated(clusters, of.own)
    return changed, Decided(replace(of.searched, clusters=clusters, found=inside), confirmed, own, of.own_place)


def _with_tokens(question: TrainingQuestion, cluster: Cluster, tokens: int | None) -> Cluster:
    """A cluster whose job has so many tokens, its own where None, and what its steps mean to the question."""
    setting = cluster.setting
    if tokens is not None:
        setting = setting.model_copy(update={"job": setting.job.model_copy(update={"tokens": tokens})})
    return replace(cluster, setting=setting, worth=worth_of(question, setting, cluster.price))


def _simulated(clusters: Mapping[int, Cluster], one: Confirmed) -> Confirmed:
    """A simulated candidate on these clusters: its step is the same, what it means is not."""
    cluster = clusters[one.candidate.cluster]
    values = cluster.worth.values(one.step_s, one.work.computing_s, one.work.idle_s)
    job = one.scenario.job.model_copy(update={"tokens": cluster.setting.job.tokens})
    scenario = one.scenario.model_copy(update={"job": job})
    return replace(one, candidate=_valued(clusters, one.candidate), cluster=cluster, scenario=scenario, values=values)


def _valued(clusters: Mapping[int, Cluster], one: Candidate) -> Candidate:
    """A candidate with the values of its step on these clusters."""
    return one._replace(values=clusters[one.cluster].worth.values(one.step_s, one.computing_s, one.idle_s))


def _told(question: TrainingQuestion, found: tuple[TrainingQuestion, Decided], steps: int, ways: Ways) -> PlanResult:
    """The answer for the tokens that were found, under the limits that were asked for."""
    changed, decision = found
    tokens = steps * decision.confirmed[0].cluster.setting.job.tokens_per_step
    result = result_of(changed, ways, decision)
    ends, used = ends_of(result), _of_limits(result, question.limits)
    low, high = tokens / ends.high, tokens / ends.low
    told = [pretty(value, "tokens") for value in (tokens, low, high)]
    said = (
        f"{told[0]} ({steps:,} steps) are the most that the limits allow, between {told[1]} and {told[2]} by the 90 % "
        "interval; all figures are for these tokens."
    )
    text = "Tokens of as many whole steps of the chosen layout as date and budget have room for, without failures."
    rows = [(tokens, used, used * ends.low, used * ends.high, True)]
    return replace(
        result,
        headline={"tokens": Figure(tokens, "tokens", text, low, high, tokens / ends.mid), **result.headline},
        answer=(said, *result.answer),
        tables={**result.tables, "inverse": pd.DataFrame(rows, columns=list(COLUMNS))},
        reproduction=replace(result.reproduction, scenario_yaml=dump(question), digest=digest(question)),
    )


def _of_limits(result: PlanResult, limits: Limits) -> float:
    """Seconds or USD of the limit of which more is used."""
    time_s, cost = result.headline["time_s"].value, result.headline.get("cost_usd")
    shares = [(time_s / limits.seconds, time_s)] if limits.seconds is not None else []
    if limits.budget_usd is not None and cost is not None:
        shares.append((cost.value / limits.budget_usd, cost.value))
    return max(shares)[1]
