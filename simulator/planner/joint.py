"""One kind of node for training and serving: both questions answered on each, their costs added."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from simulator.headline import HOUR_S
from simulator.planner.result import PlanResult
from simulator.refusal import Refused
from simulator.result import Figure, Reproduction
from simulator.summary import versions
from topologies.catalogue import Catalogue
from topologies.problems import InvalidInput
from topologies.spec import digest, dump
from topologies.units import pretty
from workloads.joint_question import JointQuestion
from workloads.plan_question import Question
from workloads.question_file import changed_question
from workloads.serving_question import full_service_path

Ask = Callable[[Question], PlanResult]
STEP = 0.2
"""By so much costs are lower and higher."""


@dataclass(frozen=True)
class Both:
    """Both answers on one cluster. why_not   in words, where one of the two has no answer"""

    cluster: str
    training: PlanResult | None
    serving: PlanResult | None
    serve_for_s: float
    why_not: str = ""

    @property
    def training_usd(self) -> float:
        """Of the whole training."""
        return self.training.headline["cost_usd"].value if self.training is not None else float("nan")

    @property
    def serving_usd(self) -> float:
        """Of the fleet for as long as it is rented."""
        if self.serving is None:
            return float("nan")
        return self.serving.headline["hour_usd"].value / HOUR_S * self.serve_for_s

    @property
    def cost_usd(self) -> float:
        """Of both; infinite where one of the two cannot be."""
        return float("inf") if self.why_not else self.training_usd + self.serving_usd


def answered(question: JointQuestion, command: str, ask: Ask, names: Catalogue | None) -> PlanResult:
    """Ask both questions on every cluster. Raises Refused where no cluster does both."""
    every = sorted(
        (_both(question, changes, ask, names) for changes in question.clusters), key=lambda one: one.cost_usd
    )
    best = every[0]
    if best.training is None or best.serving is None or best.why_not:
        raise Refused("no cluster does both. " + "; ".join(f"{one.cluster}: {one.why_not}" for one in every))
    tables = _tables(every, best.training, best.serving)
    assumed = [*best.training.assumptions, *best.serving.assumptions]
    return PlanResult(
        name=question.name,
        title=", ".join([question.title or question.name, *question.changes]),
        headline=_headline(best),
        answer=tuple(_answer(every, best.training, best.serving)),
        warnings=tuple(dict.fromkeys([*best.training.warnings, *best.serving.warnings])),
        tables={name: frame for name, frame in tables.items() if len(frame)},
        assumptions=tuple(dict.fromkeys(assumed)),
        reproduction=Reproduction(
            dump(question), digest(question), versions(), best.serving.reproduction.seed, command
        ),
    )


def _both(question: JointQuestion, changes: Mapping[str, Any], ask: Ask, names: Catalogue | None) -> Both:
    """Both answers on one cluster, or why there are none."""
    own = {full_service_path(path): value for path, value in changes.items()}
    told = ", ".join(_told(value) for value in changes.values())
    try:
        training = ask(
            changed_question(question.training, {f"scenario.{path}": one for path, one in own.items()}, names)
        )
        serving = ask(changed_question(question.serving, {"alternatives": [own]}, names))
    except (Refused, InvalidInput) as refused:
        return Both(told, None, None, question.serve_for_s, str(refused))
    if "cost_usd" not in training.headline:
        return Both(told, training, serving, question.serve_for_s, "training has no price on it; give one under prices")
    return Both(told, training, serving, question.serve_for_s)


def _told(value: object) -> str:
    """A cluster's change as a reader is told."""
    return str(value.get("base", value)) if isinstance(value, Mapping) else str(value)


def _tables(every: Sequence[Both], training: PlanResult, serving: PlanResult) -> dict[str, pd.DataFrame]:
    """Tables of the sum, and the choice's own ones of both parts, marked with whose they are."""
    frames = {"candidates": _candidates(every), "sensitivity": _sensitivity(every)}
    for name in ("confirmed", "binds", "pruned"):
        parts = [
            one.tables[name].assign(part=part)
            for part, one in (("training", training), ("serving", serving))
            if name in one.tables
        ]
        if parts:
            frames[name] = pd.concat(parts, ignore_index=True)
    able = [one for one in every if not one.why_not]
    if len(able) > 1:
        rows = [("training", able[0].training_usd, able[1].training_usd)]
        rows.append(("serving", able[0].serving_usd, able[1].serving_usd))
        told = [(*row, row[2] - row[1]) for row in rows]
        frames["attribution"] = pd.DataFrame(told, columns=["term", "chosen", "runner_up", "difference"])
    return frames


def _candidates(every: Sequence[Both]) -> pd.DataFrame:
    """Clusters, cheapest first. returns  [candidate]  place, label, training, serving (what is chosen there),
    training_usd, serving_usd, cost_usd, pareto, lost"""
    rows = []
    for place, one in enumerate(every, start=1):
        parts = [
            str(part.tables["candidates"]["label"].iloc[0]) if part else "" for part in (one.training, one.serving)
        ]
        lost = one.why_not or _lost(one, every[0])
        rows.append((place, one.cluster, *parts, one.training_usd, one.serving_usd, one.cost_usd, place == 1, lost))
    columns = ["place", "label", "training", "serving", "training_usd", "serving_usd", "cost_usd", "pareto", "lost"]
    return pd.DataFrame(rows, columns=columns)


def _lost(one: Both, best: Both) -> str:
    """Which part makes a cluster dearer."""
    if one is best:
        return ""
    parts = {"training": (one.training_usd, best.training_usd), "serving": (one.serving_usd, best.serving_usd)}
    told = [
        f"{name} costs {pretty(mine, 'USD')} instead of {pretty(theirs, 'USD')}"
        for name, (mine, theirs) in parts.items()
        if mine > theirs
    ]
    return "; ".join(told) or "costs as much"


def _sensitivity(every: Sequence[Both]) -> pd.DataFrame:
    """Which cluster is cheapest where training or serving costs less or more, or the fleet is rented for another time.

    returns  [input]  see PlanResult; figures in USD
    """
    able = [one for one in every if not one.why_not]
    rows = []
    for name, of in (("cost of training", "training_usd"), ("time of serving, or its cost", "serving_usd")):
        found = []
        for ratio in (1 - STEP, 1 + STEP):
            costs = {one.cluster: one.cost_usd + (ratio - 1) * getattr(one, of) for one in able}
            first = min(costs, key=lambda cluster: costs[cluster])
            found.append((costs[first], first))
        (low_usd, low), (high_usd, high) = found
        changes = {low, high} != {able[0].cluster}
        rows.append((f"{name}, ±{STEP:.0%}", f"-{STEP:.0%}", f"+{STEP:.0%}", low_usd, high_usd, low, high, changes))
    columns = ["input", "low", "high", "figure_low", "figure_high", "choice_low", "choice_high", "changes_choice"]
    return pd.DataFrame(rows, columns=columns)


def _headline(best: Both) -> dict[str, Figure]:
    """Money of both parts."""
    return {
        "cost_usd": Figure(best.cost_usd, "USD", "Rent for training and for serving together."),
        "training_usd": Figure(best.training_usd, "USD", "Of it, the whole training."),
        "serving_usd": Figure(best.serving_usd, "USD", "Of it, the fleet for as long as it is rented."),
    }


def _answer(every: Sequence[Both], training: PlanResult, serving: PlanResult) -> Iterator[str]:
    """The cluster, both parts, the next one."""
    best = every[0]
    yield (
        f"{best.cluster} is the cheapest for both: {pretty(best.training_usd, 'USD')} for training and "
        f"{pretty(best.serving_usd, 'USD')} for {pretty(best.serve_for_s, 's')} of serving, "
        f"{pretty(best.cost_usd, 'USD')} together."
    )
    for one in every[1:]:
        if one.why_not:
            yield f"{one.cluster} does not do both: {one.why_not}"
        else:
            yield f"{one.cluster} costs {one.cost_usd / best.cost_usd - 1:+.1%}: {_lost(one, best)}."
    yield f"Training there: {training.answer[0]}"
    yield f"Serving there: {serving.answer[0]}"
