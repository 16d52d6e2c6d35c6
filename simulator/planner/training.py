"""A training question answered: clusters and layouts searched, the best simulated, the choice explained."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from simulator.assumptions import assumptions
from simulator.planner import sentences
from simulator.planner.alike import SPARE, alike, merged
from simulator.planner.answer_tables import candidates_table, label, pruned_table
from simulator.planner.attributed import attribution
from simulator.planner.binding import binds
from simulator.planner.certainty import Held, Sure, sure
from simulator.planner.cluster import Cluster, Unbuilt, clusters
from simulator.planner.compromises import compromises
from simulator.planner.confirmed import confirm_best, scenario_of
from simulator.planner.confirmed import table as confirmed_table
from simulator.planner.decided import Decided, Searched
from simulator.planner.exhaustive import Space, exhaustive
from simulator.planner.found import TOO_LATE, Candidate, Found
from simulator.planner.headlines import headline
from simulator.planner.nothing import nearest_told, nothing
from simulator.planner.result import PlanResult
from simulator.planner.space import lists_own
from simulator.planner.survival import Losing, Survivors, fragile, key, survivors, with_fragile
from simulator.planner.survival import told as told_lost
from simulator.planner.ways import Ways
from simulator.refusal import Refused
from simulator.result import Reproduction
from simulator.summary import versions
from topologies.spec import digest, dump
from workloads.plan_question import Objective, TrainingQuestion
from workloads.scenario import Scenario

TURNED = 4
"""Of the best, how many are held against each other with other inputs."""


def answered(question: TrainingQuestion, ways: Ways) -> PlanResult:
    """Answer the question. Raises Refused where no layout of any cluster keeps the limits."""
    return result_of(question, ways, decided(question, searched(question, ways), ways))


def searched(question: TrainingQuestion, ways: Ways) -> Searched:
    """Search every cluster that keeps the question's limits. Raises Refused where there is none."""
    every = list(clusters(question, ways.names))
    left_out = Counter(one.why if isinstance(one, Unbuilt) else one.why_not for one in every)
    able = [one for one in every if isinstance(one, Cluster) and not one.why_not]
    del left_out[""]
    if not able:
        raise Refused("no cluster of the question can be the answer: " + "; ".join(left_out))
    search = question.search
    whole = search.method == "exhaustive" or (search.method == "auto" and len(able) <= search.most_clusters)
    by_number = {one.number: one for one in able}
    survives = question.limits.survives
    if survives is None:
        lasting = Survivors(_found(question, able, whole, ways, search.keep), {}, Counter())
    else:
        losing = Losing(survives, by_number, ways.tell)
        lasting = survivors(
            losing, search.keep, lambda some, keep: _found(question, some, whole, ways, keep), alone=whole
        )
    left_out.update(lasting.left_out)
    if not lasting.found.candidates:
        nearest = _nearest(question, able, whole, ways) if _late(lasting.found) else None
        raise Refused(nothing(question, able, lasting.found, nearest))
    return Searched(by_number, left_out, lasting.found, whole, lasting.slower)


def _found(question: TrainingQuestion, some: Sequence[Cluster], whole: bool, ways: Ways, keep: int) -> Found:
    """What a search of all layouts, or of draws of them, finds, equal ones merged; whatever part is to be lost."""
    if whole:
        found = exhaustive(Space(some, question.layouts, SPARE * keep), ways.workers, ways.tell)
    else:
        from simulator.planner.sampled import sampled

        drawn = question.search.model_copy(update={"keep": keep})
        found = sampled(question.model_copy(update={"search": drawn}), some, ways)
    found.candidates, found.equal = merged(found.candidates, keep)
    return found


def _late(found: Found) -> int:
    """How many valid layouts take longer or cost more than is allowed."""
    return sum(number for reason, number in found.left_out.items() if reason in TOO_LATE)


def _nearest(question: TrainingQuestion, able: Sequence[Cluster], whole: bool, ways: Ways) -> str:
    """The fastest or the cheapest layout without date and budget, by the estimate."""
    objective: Objective = "cost" if question.limits.budget_usd is not None else "time"
    asked = question.model_copy(update={"objective": (objective,)})
    free = [replace(one, worth=replace(one.worth, objectives=(objective,), most_step_s=math.inf)) for one in able]
    best = _found(asked, free, whole, ways, question.search.keep).candidates[:1]
    return "" if not best else nearest_told(best[0], {one.number: one for one in free}, objective)


def decided(question: TrainingQuestion, of: Searched, ways: Ways) -> Decided:
    """Simulate the best. Raises Refused where none of them keeps the limits by the simulation."""
    confirmed = confirm_best(of.clusters, of.found.candidates, max(2, question.search.confirm), ways.tell)
    if not confirmed:
        raise Refused("none of the best by the estimate keeps the limits in the simulation")
    own, place = of.found.own, None
    if own is None:
        return Decided(of, confirmed, None, None)
    same = [one for one in confirmed if alike(one.candidate, own)]
    place = next((at for at, one in enumerate(of.found.candidates, 1) if alike(one, own)), None)
    listed = lists_own(of.clusters[own.cluster].setting, question.layouts)
    if place is None and of.found.counts_own and listed:
        place = of.found.ahead + 1
    simulated = same or confirm_best(of.clusters, [own], 1, ways.tell)
    return Decided(of, confirmed, simulated[0] if simulated else None, place)


def result_of(question: TrainingQuestion, ways: Ways, of: Decided) -> PlanResult:
    """Everything that a reader asks of the choice."""
    chosen, objective = of.confirmed[0], question.objective[0]
    ranked, places = _ranked(of)
    names = {place: label(one, of.searched.clusters[one.cluster]) for place, one in zip(places, ranked, strict=True)}
    found = _certain(of, objective, ways)
    excluded = sum(n for why, n in of.searched.found.left_out.items() if "memory" in why)
    limits = binds(chosen, question.limits, excluded, of.searched.slower.get(key(chosen.candidate)))
    pruned, survives = pruned_table(of.searched.found, of.searched.left_out), question.limits.survives
    tables = {
        "candidates": candidates_table(ranked, of.searched.clusters, _lost(question, of, ranked, places), places),
        "pruned": with_fragile(pruned, of.searched.slower, survives),
        "confirmed": confirmed_table(of.confirmed, names),
        "binds": limits,
        "attribution": _attribution(of, objective),
        "sensitivity": found.table if found is not None else pd.DataFrame(columns=list(certainty_columns())),
    }
    if of.own is not None and of.own is not chosen:
        tables["attribution_own"] = attribution(chosen, of.own, objective)
    scenario = chosen.scenario
    return PlanResult(
        name=question.name,
        title=", ".join([question.title or question.name, *question.changes]),
        headline=headline(of.searched, chosen, found),
        answer=_answer(question, of, tables, found),
        warnings=tuple(_warnings(of, found)),
        tables=tables,
        assumptions=assumptions(scenario),
        reproduction=Reproduction(dump(question), digest(question), versions(), question.search.seed, ways.command),
    )


def certainty_columns() -> tuple[str, ...]:
    """Columns of the table of sensitivity, where nothing can be turned."""
    from simulator.planner.certainty import COLUMNS

    return COLUMNS


def _ranked(of: Decided) -> tuple[list[Candidate], list[int]]:
    """Those simulated in their order, then the others by the estimate; the scenario's own last unless it is there."""
    first = [one.candidate for one in of.confirmed]
    known = {(one.cluster, one.key) for one in first}
    rest = [one for one in of.searched.found.candidates if (one.cluster, one.key) not in known]
    ranked = [*first, *rest]
    places = list(range(1, len(ranked) + 1))
    own = of.searched.found.own
    if own is not None and not any(alike(one, own) for one in ranked):
        ranked.append(own)
        places.append(max(of.own_place or 0, len(ranked)))
    return ranked, places


def _lost(
    question: TrainingQuestion, of: Decided, ranked: Sequence[Candidate], places: Sequence[int]
) -> dict[int, str]:
    """Why each is not the choice: how much more it takes, by simulation where it was simulated, or what it breaks."""
    objective = question.objective[0]
    best, simulated = of.confirmed[0].values[0], len(of.confirmed)
    estimate = of.confirmed[0].candidate.values[0]
    told = {}
    for place, one in list(zip(places, ranked, strict=True))[1:]:
        here = of.confirmed[place - 1].values[0] / best if place <= simulated else one.values[0] / estimate
        how = "simulated" if place <= simulated else "estimated"
        broken = _broken(question, of, one, here < 1)
        more = f"{100 * abs(here - 1):.2f} % {'more' if here >= 1 else 'less'} {objective}, {how}"
        told[place] = broken or more
    return told


def _broken(question: TrainingQuestion, of: Decided, one: Candidate, is_better: bool) -> str:
    """Which limit a layout breaks that is no answer although it may be better; empty where it breaks none."""
    late = is_better and one.step_s > of.searched.clusters[one.cluster].worth.most_step_s
    fragile_by = fragile(one, of.searched.slower, question.limits.survives)
    return fragile_by or ("it takes longer than date or budget allow" if late else "")


def _attribution(of: Decided, objective: str) -> pd.DataFrame:
    """The runner-up's terms beside the chosen's."""
    if len(of.confirmed) < 2:
        return pd.DataFrame(columns=["term", "chosen", "runner_up", "difference"])
    return attribution(of.confirmed[0], of.confirmed[1], objective)  # type: ignore[arg-type]


def _certain(of: Decided, objective: str, ways: Ways) -> Sure | None:
    """How sure the choice is, None where the fast estimate is not for it."""
    try:
        return sure(list(_held(of)), objective, ways.tell)
    except Refused:
        return None


def _held(of: Decided) -> Iterator[Held]:
    """The best, the scenario's own, and the best that is ranked of each of the next clusters."""
    confirmed = list(of.confirmed[:TURNED])
    if of.own is not None and of.own not in confirmed:
        confirmed.append(of.own)
    for one in confirmed:
        yield _as_held(one.candidate, one.cluster, one.scenario, one.values[0])
    there = {one.cluster.number for one in confirmed}
    others = {one.cluster: one for one in reversed(of.searched.found.candidates) if one.cluster not in there}
    for candidate in sorted(others.values(), key=lambda one: one.values)[:TURNED]:
        cluster = of.searched.clusters[candidate.cluster]
        yield _as_held(candidate, cluster, scenario_of(cluster, candidate), candidate.values[0])


def _as_held(candidate: Candidate, cluster: Cluster, scenario: Scenario, value: float) -> Held:
    """A candidate as one that is held against others."""
    varied = ", ".join(f"{path} {told}" for path, told in cluster.varied.items())
    return Held(label(candidate, cluster), varied, scenario, value)


def _answer(
    question: TrainingQuestion, of: Decided, tables: Mapping[str, pd.DataFrame], found: Sure | None
) -> tuple[str, ...]:
    """The sentences, the most important first."""
    chosen, objective = of.confirmed[0], question.objective[0]
    said = [sentences.choice(chosen, question.objective), sentences.bound(tables["binds"], chosen)]
    said.append(told_lost(chosen.candidate, of.searched.slower, question.limits.survives))
    if len(question.objective) > 1:
        ranked = of.searched.found.candidates
        said.append(compromises(chosen.candidate, ranked, of.searched.clusters, question.objective))
    if len(of.confirmed) > 1:
        said.append(sentences.against(chosen, of.confirmed[1], tables["attribution"], objective, "The runner-up"))
    said.append(_of_own(of, tables, question))
    if found is not None:
        said.append(sentences.certainty(found.table, found.wins_share, len(of.confirmed) == 1))
    drawn = None if of.searched.exhaustive else question.search.tries
    said.append(sentences.counted(of.searched.found, len(of.searched.clusters), drawn))
    said.append(sentences.equal(of.searched.found.equal))
    said.append(sentences.simulated(of.confirmed))
    return tuple(filter(None, said))


def _of_own(of: Decided, tables: Mapping[str, pd.DataFrame], question: TrainingQuestion) -> str:
    """Where the scenario's own layout stands."""
    own, chosen, estimated = of.own, of.confirmed[0], of.searched.found.own
    if own is None or estimated is None:
        return "The scenario's own layout does not fit this cluster." if estimated is None else ""
    if own is chosen:
        if own.candidate.key == estimated.key:
            return "It is the scenario's own layout."
        return f"The scenario's own layout, {label(estimated, own.cluster)}, takes the same in everything."
    broken = _broken(question, of, own.candidate, own.values[0] < chosen.values[0])
    if broken:
        return f"The scenario's own layout, {label(own.candidate, own.cluster)}, is no answer: {broken}."
    if of.own_place is not None:
        place = f"place {of.own_place:,} by the estimate"
    else:
        listed = lists_own(own.cluster.setting, question.layouts)
        place = "not among those ranked" if listed else "which `layouts` leaves out"
    who = f"The scenario's own layout ({place})"
    return sentences.against(chosen, own, tables["attribution_own"], question.objective[0], who)


def _warnings(of: Decided, found: Sure | None) -> list[str]:
    """What a reader should know before using the numbers."""
    said = sentences.priced(list(of.searched.clusters.values()))
    said += list(of.confirmed[0].result.warnings)
    said += [
        f"{number} cluster{'s are' if number > 1 else ' is'} left out: {why}"
        for why, number in of.searched.left_out.items()
    ]
    if found is None:
        said.append("How sure the choice is was not found out: the fast estimate is not for this scenario.")
    return said
