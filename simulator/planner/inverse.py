"""Inverse questions: how many GPUs keep the limits, how many tokens do, found by bisection on the simulator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pandas as pd

from simulator.planner.cluster import Cluster, built
from simulator.planner.decided import Searched
from simulator.planner.exhaustive import Space, exhaustive
from simulator.planner.result import PlanResult
from simulator.planner.training import decided, result_of, searched
from simulator.planner.ways import Ways
from simulator.refusal import Refused
from simulator.result import Figure
from topologies.units import pretty
from workloads.plan_question import TrainingQuestion
from workloads.scenario import Setting, catalogue

KEPT = 5
"""Candidates that are kept of each number of nodes."""
COLUMNS = ("value", "figure", "low", "high", "keeps")


class Ends(NamedTuple):
    """Ends of a figure's 90 % interval over its value, and the median."""

    low: float
    mid: float
    high: float


NONE = Ends(1.0, 1.0, 1.0)


@dataclass(slots=True)
class Counts:
    """Best layouts by number of nodes, each number searched once."""

    question: TrainingQuestion
    ways: Ways
    known: dict[int, Searched | None] = field(default_factory=dict)

    def at(self, nodes: int) -> Searched | None:
        """What was found on so many nodes; None where no layout is valid or fits.

        Date and budget are left aside, so that it is known how far a number of nodes is from them.
        """
        if nodes not in self.known:
            limits = {"within_s": None, "from_date": None, "by_date": None, "budget_usd": None}
            free = self.question.model_copy(update={"limits": self.question.limits.model_copy(update=limits)})
            names = self.ways.names if self.ways.names is not None else catalogue()
            cluster = built(free, names, (nodes, {"nodes": str(nodes)}, {"cluster.nodes": nodes}))
            self.known[nodes] = None
            if isinstance(cluster, Cluster) and not cluster.why_not:
                found = exhaustive(Space([cluster], free.layouts, KEPT), self.ways.workers, self.ways.tell)
                self.known[nodes] = Searched({nodes: cluster}, {}, found, True) if found.candidates else None
        return self.known[nodes]

    def need(self, nodes: int) -> float:
        """Share of date or budget that the best layout on so many nodes takes, the larger one; infinite without one."""
        found = self.at(nodes)
        return math.inf if found is None else max(self.shares(nodes, found).values())

    def shares(self, nodes: int, found: Searched) -> dict[str, float]:
        """Share of each of date and budget that is taken."""
        best, worth, limits = found.found.candidates[0], found.clusters[nodes].worth, self.question.limits
        shares = {}
        if limits.seconds is not None:
            shares["time"] = worth.value("time", best.step_s, best.computing_s) / limits.seconds
        if limits.budget_usd is not None:
            shares["cost"] = worth.value("cost", best.step_s, best.computing_s) / limits.budget_usd
        return shares


def admissible(question: TrainingQuestion, nodes: tuple[int, int]) -> list[int]:
    """Numbers of nodes on which the batch can be shared out at all."""
    setting, axes = question.scenario, question.layouts
    demands, each = setting.demands, setting.cluster.node.gpus
    found = []
    for number in range(nodes[0], nodes[1] + 1):
        gpus = number * each
        pps = [pp for pp in axes.pp or range(1, demands.layers + 1) if gpus % pp == 0]
        splits = {tp * cp for tp in axes.tp or (1, 2, 4, 8) for cp in axes.cp or (1, 2, 4, 8)}
        if any(
            gpus % (pp * split) == 0 and demands.global_batch_sequences % (gpus // (pp * split)) == 0
            for pp in pps
            for split in splits
        ):
            found.append(number)
    return found


def even(numbers: Sequence[int], setting: Setting) -> list[int]:
    """Of these the numbers of nodes whose GPUs share out the batch with stages and splits of powers of two alone."""
    batch, each = setting.demands.global_batch_sequences, setting.cluster.node.gpus
    found = []
    for number in numbers:
        odd = number * each
        while odd % 2 == 0:
            odd //= 2
        if batch % odd == 0:
            found.append(number)
    return found


def first_kept(numbers: Sequence[int], evenly: Sequence[int], keeps: Callable[[int], bool]) -> int | None:
    """The first of the numbers that keeps the limits; None where the last of those tried does not.

    On numbers that share the batch out evenly, figures go one way: bisection. Between the last of them that does not
    keep the limits and the first that does, every number is tried in order, for there the layouts decide.
    """
    last = list(evenly) or list(numbers)[-1:]
    if not last or not keeps(last[-1]):
        return None
    below, at = -1, len(last) - 1
    while at - below > 1:
        middle = (below + at) // 2
        below, at = (below, middle) if keeps(last[middle]) else (middle, at)
    start = numbers.index(last[below]) + 1 if below >= 0 else 0
    between = numbers[start : numbers.index(last[at])]
    return next((number for number in between if keeps(number)), last[at])


def answered(question: TrainingQuestion, ways: Ways) -> PlanResult:
    """Answer an inverse question. Raises Refused where no value keeps the limits."""
    find = question.find
    if find is None or find.what == "most-tokens":
        return _most_tokens(question, ways)
    counts = Counts(question, ways)
    tried = admissible(question, find.nodes or (1, 1))
    order = tried if find.what == "fewest-gpus" else tried[::-1]
    evenly = [number for number in order if number in set(even(tried, question.scenario))]

    def found_with(end: float) -> int | None:
        return first_kept(order, evenly, lambda nodes: counts.need(nodes) * end <= 1)

    best = found_with(1.0)
    if best is None:
        raise Refused(_none_keeps(counts, order))
    found = counts.at(best)
    if found is None:
        raise Refused("no layout fits")
    result = result_of(question, ways, decided(question, found, ways))
    ends = _ends(result)
    return _with_counts(result, question, counts, (best, found_with(ends.low), found_with(ends.high)), ends)


def _none_keeps(counts: Counts, order: Sequence[int]) -> str:
    """Why no number of nodes keeps the limits, and how near they come."""
    found = counts.at(order[-1]) if order else None
    if found is None:
        return "on no number of nodes of `find.nodes` is any layout valid that fits: allow others"
    worst = max(counts.shares(order[-1], found).items(), key=lambda share: share[1])
    what = "date" if worst[0] == "time" else "budget"
    return f"{order[-1]:,} nodes, the last that may be tried, take {100 * worst[1]:.0f} % of the {what}: allow others"


def _ends(result: PlanResult) -> Ends:
    """Interval of the run's time over its value; none where it is not known."""
    figure = result.headline["time_s"]
    if figure.low is None or figure.mid is None or figure.high is None:
        return NONE
    return Ends(figure.low / figure.value, figure.mid / figure.value, figure.high / figure.value)


def _with_counts(
    result: PlanResult,
    question: TrainingQuestion,
    counts: Counts,
    answers: tuple[int, int | None, int | None],
    ends: Ends,
) -> PlanResult:
    """The result with the number of GPUs that was asked for, between which it lies, and what was tried."""
    each, (best, easy, hard) = question.scenario.cluster.node.gpus, answers
    fewest = question.find is not None and question.find.what == "fewest-gpus"
    gpus, low, high = best * each, (easy or best) * each, hard * each if hard is not None else None
    lower, upper = (low, high) if fewest or high is None else (high, low)
    if high is None:
        span = f"; at the near end of the 90 % interval {low:,}, at the far end no number that may be tried"
    else:
        span = f", between {lower:,} and {upper:,} by the 90 % interval"
    word = "fewest" if fewest else "most"
    said = f"{gpus:,} GPUs ({best:,} nodes) are the {word} that keep the limits by the mid estimate{span}."
    text = f"The {word} GPUs whose best layout keeps date and budget; at both ends of the step's 90 % interval."
    figure = Figure(gpus, "GPUs", text, lower, upper if high is not None else None, gpus)
    rows = [_row(counts, nodes, ends) for nodes in sorted(counts.known)]
    valid = (
        f"{len(rows)} numbers of nodes were searched: those that share the batch out evenly by bisection, the others "
        "between the two nearest of them one by one."
    )
    return replace(
        result,
        headline={"gpus": figure, **{name: one for name, one in result.headline.items() if name != "gpus"}},
        answer=(said, *result.answer, valid),
        tables={**result.tables, "inverse": pd.DataFrame(rows, columns=list(COLUMNS))},
    )


def _row(counts: Counts, nodes: int, ends: Ends) -> tuple[float, float, float, float, bool]:
    """What was found on one number of nodes: GPUs, seconds of the run or USD, whichever takes more of its limit."""
    found, each = counts.at(nodes), counts.question.scenario.cluster.node.gpus
    if found is None:
        return nodes * each, math.nan, math.nan, math.nan, False
    shares, limits = counts.shares(nodes, found), counts.question.limits
    what = max(shares, key=lambda name: shares[name])
    whole = limits.seconds if what == "time" else limits.budget_usd
    value = shares[what] * (whole or 0.0)
    return nodes * each, value, value * ends.low, value * ends.high, max(shares.values()) <= 1


def _most_tokens(question: TrainingQuestion, ways: Ways) -> PlanResult:
    """The most tokens that date and budget allow: those of as many steps of the best layout as there is room for."""
    limits = {"within_s": None, "from_date": None, "by_date": None, "budget_usd": None}
    free = question.model_copy(update={"limits": question.limits.model_copy(update=limits), "find": None})
    result = result_of(question, ways, decided(free, searched(free, ways), ways))
    job = question.scenario.job
    shares = []
    if question.limits.seconds is not None:
        shares.append(result.headline["time_s"].value / question.limits.seconds)
    if question.limits.budget_usd is not None:
        shares.append(result.headline["cost_usd"].value / question.limits.budget_usd)
    tokens, ends = job.tokens / max(shares), _ends(result)
    low, high = tokens / ends.high, tokens / ends.low
    told = [pretty(value, "tokens") for value in (tokens, low, high)]
    said = f"{told[0]} are the most that the limits allow, between {told[1]} and {told[2]} by the 90 % interval."
    text = "Tokens of as many steps of the chosen layout as date and budget have room for, without failures."
    steps = [tokens * share for share in (1.0,)]
    rows = [(value, max(shares) * value / job.tokens, low / tokens, high / tokens, True) for value in steps]
    return replace(
        result,
        headline={"tokens": Figure(tokens, "tokens", text, low, high, tokens / ends.mid), **result.headline},
        answer=(said, *result.answer),
        tables={**result.tables, "inverse": pd.DataFrame(rows, columns=list(COLUMNS))},
    )
