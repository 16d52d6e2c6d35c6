"""From a question about serving to its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from simulator.planner.fleets import tables
from simulator.planner.fleets.confirmed import Confirmed, confirmed
from simulator.planner.fleets.inverse import DOWN_RATIO, MOST_PLAYED, Most, at_ratio, most_traffic
from simulator.planner.fleets.sensitivity import built, sensitivity
from simulator.planner.fleets.told import answer, headline, warnings
from simulator.planner.fleets.variants import Variants, variants_of
from simulator.planner.fleets.weighed import NO_TWIST, Aim, Timed, Weighed, best, fleets_of, weighed
from simulator.planner.result import PlanResult
from simulator.refusal import Refused
from simulator.result import Reproduction
from simulator.serving.stands_on import assumptions
from simulator.summary import versions
from topologies.catalogue import Catalogue
from topologies.spec import digest, dump
from workloads.serving_question import ServingQuestion

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Worked:
    """Everything that is found out before it is told.

    ranked   fleets, best first, the best of them played;  most   of an inverse question
    ratio    of the question's traffic that the ranked fleets carry
    """

    question: ServingQuestion
    aim: Aim
    variants: Variants
    weighed: Weighed
    ranked: list[Confirmed]
    most: Most | None
    ratio: float


def answered(question: ServingQuestion, command: str, tell: Tell, names: Catalogue | None) -> PlanResult:
    """Answer a question about serving. Raises Refused where no fleet keeps the promises within the limits."""
    variants = variants_of(question, names)
    aim = Aim(question.objective, question.search.keep, question.limits.budget_usd_per_s)
    found = weighed(variants, aim, tell)
    most, ratio, ranked = _ranked(question, aim, found, tell)
    if not ranked or not ranked[0].units:
        raise Refused(_nothing(found, ranked))
    work = Worked(question, aim, variants, found, ranked, most, ratio)
    frames = _tables(work)
    first = ranked[0]
    service = first.ranked.timed.variant.service
    return PlanResult(
        name=question.name,
        title=", ".join([question.title or question.name, *question.changes]),
        headline=headline(first, ratio),
        answer=tuple(answer(ranked, aim, frames, _carried(most, ratio))),
        warnings=tuple(warnings(ranked, aim, variants)),
        tables={name: frame for name, frame in frames.items() if len(frame)},
        assumptions=assumptions(service),
        reproduction=Reproduction(dump(question), digest(question), versions(), service.seed, command),
    )


def _ranked(
    question: ServingQuestion, aim: Aim, found: Weighed, tell: Tell
) -> tuple[Most | None, float, list[Confirmed]]:
    """Fleets, the best of them played; for an inverse question at the most traffic that events confirm."""
    objective, wanted = question.objective, question.search.confirm
    if question.find is None:
        return None, 1.0, confirmed(found.ranked, objective, wanted, tell)
    most = most_traffic(found.timed, aim, tell)
    ratio, ranked = most.ratio, list[Confirmed]()
    for _ in range(MOST_PLAYED):
        timed = at_ratio(found.timed, ratio)
        carrying = best((one for each in timed for one in fleets_of(each, aim, NO_TWIST)), aim)
        ranked = confirmed(carrying, objective, 1, tell)
        if ranked and ranked[0].units:
            break
        ratio *= DOWN_RATIO
    return most, ratio, ranked


def _carried(most: Most | None, ratio: float) -> tuple[float, float] | None:
    """Requests a second that events and closed forms say are carried."""
    return None if most is None else (ratio * most.per_s, most.ratio * most.per_s)


def _tables(work: Worked) -> dict[str, pd.DataFrame]:
    """All tables of the answer."""
    ranked, aim, first = work.ranked, work.aim, work.ranked[0]
    timed: Sequence[Timed] = work.weighed.timed if work.most is None else at_ratio(work.weighed.timed, work.ratio)
    frames = {
        "candidates": tables.candidates(ranked, aim),
        "pruned": tables.pruned(work.variants, work.weighed),
        "confirmed": tables.confirmed(ranked),
        "binds": tables.binds(first, aim),
        "sensitivity": sensitivity(list(timed), aim, first.ranked.promises, built(first.ranked)),
    }
    if len(ranked) > 1 and ranked[1].units:
        frames["attribution"] = tables.attribution(first, ranked[1])
    if work.most is not None:
        frames["inverse"] = work.most.table()
    return frames


def _nothing(found: Weighed, ranked: Sequence[Confirmed]) -> str:
    """Why there is no answer."""
    if ranked:
        return "by events no fleet that closed forms allow keeps the promises; allow more GPUs or longer times"
    reasons = "; ".join(f"{reason}: {', '.join(examples)}" for reason, examples in found.why.items() if examples)
    return f"no fleet keeps the promises within the limits. {reasons}"
