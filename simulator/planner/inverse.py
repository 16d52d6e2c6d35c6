"""Inverse questions about GPUs: the fewest or the most that keep all limits, found by bisection on the simulator."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pandas as pd

from simulator.planner.cluster import Cluster, built
from simulator.planner.decided import Searched
from simulator.planner.exhaustive import Space, exhaustive
from simulator.planner.found import Found
from simulator.planner.result import PlanResult
from simulator.planner.survival import Losing, survivors
from simulator.planner.training import decided, result_of
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
    """Best layouts by number of nodes, each number searched once.

    fragile   numbers of which no layout survives a lost part of the network -> why
    """

    question: TrainingQuestion
    ways: Ways
    known: dict[int, Searched | None] = field(default_factory=dict)
    fragile: dict[int, str] = field(default_factory=dict)

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
                self.known[nodes] = self._searched(cluster)
        return self.known[nodes]

    def _searched(self, cluster: Cluster) -> Searched | None:
        """The best layouts of a cluster; None where there are none, or none survives a lost part of the network."""

        def found_on(some: Sequence[Cluster], keep: int) -> Found:
            """The best of some clusters, whatever is lost."""
            return exhaustive(Space(some, self.question.layouts, keep), self.ways.workers, self.ways.tell)

        survives, own = self.question.limits.survives, {cluster.number: cluster}
        if survives is None:
            found = found_on([cluster], KEPT)
            return Searched(own, {}, found, True) if found.candidates else None
        try:
            kept = survivors(Losing(survives, own, self.ways.tell), KEPT, found_on, alone=True)
        except Refused as refused:
            self.fragile[cluster.number] = str(refused).partition(": ")[2]
            return None
        return Searched(own, kept.left_out, kept.found, True, kept.slower) if kept.found.candidates else None

    def need(self, nodes: int, only: str = "") -> float:
        """Share of date or budget that the best layout on so many nodes takes, the larger one; infinite without one.

        only   time or cost: of this limit alone, 0 where the question does not have it
        """
        found = self.at(nodes)
        if found is None:
            return math.inf
        shares = self.shares(nodes, found)
        return shares.get(only, 0.0) if only else max(shares.values())

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


def first_kept(
    numbers: Sequence[int],
    evenly: Sequence[int],
    keeps: Callable[[int], bool],
    also: Callable[[int], bool] = lambda number: True,
) -> int | None:
    """The first of the numbers that keeps the limits; None where none of those tried does.

    keeps   the limit that is broken at first and kept from some number on
    also    the other limits, which may be kept at first, in the middle, or at the end
    On numbers that share the batch out evenly the first limit goes one way: bisection; from there on they are tried in
    order. Between the last that does not keep the limits and the first that does, every number is tried in order, for
    there the layouts decide.
    """
    last = list(evenly) or list(numbers)[-1:]
    if not last or not keeps(last[-1]):
        return None
    below, at = -1, len(last) - 1
    while at - below > 1:
        middle = (below + at) // 2
        below, at = (below, middle) if keeps(last[middle]) else (middle, at)
    while not also(last[at]):
        below, at = at, at + 1
        if at == len(last):
            return None
    start = numbers.index(last[below]) + 1 if below >= 0 else 0
    between = numbers[start : numbers.index(last[at])]
    return next((number for number in between if keeps(number) and also(number)), last[at])


def found_with(counts: Counts, order: Sequence[int], evenly: Sequence[int], end: float) -> int | None:
    """The first number in order that keeps all limits with every step longer by a factor; None where none does.

    With more nodes the run takes less time, and its cost seldom falls: for the fewest the date is the limit that is
    broken first, for the most the budget. Where no number that shares the batch out evenly keeps both, and there are
    no more than search.most_clusters, all are tried.
    """
    fewest = counts.question.find is not None and counts.question.find.what == "fewest-gpus"
    first = "time" if fewest else "cost"

    def passed(nodes: int) -> bool:
        """Whether the bisection need not go on beyond: so it goes by date or budget alone."""
        if counts.at(nodes) is None:
            return nodes in counts.fragile or not fewest
        return counts.need(nodes, first) * end <= 1

    def keeps(nodes: int) -> bool:
        """Whether all limits are kept."""
        return counts.need(nodes) * end <= 1

    able = list(evenly)
    while fewest and able and counts.at(able[-1]) is None:
        able.pop()
    found = first_kept(order, able, passed, keeps)
    if found is None and len(order) <= counts.question.search.most_clusters:
        found = next((nodes for nodes in order if keeps(nodes)), None)
    return found


def answered(question: TrainingQuestion, ways: Ways) -> PlanResult:
    """Answer a question about a number of GPUs. Raises Refused where no number of nodes keeps the limits."""
    find = question.find
    if find is None or find.nodes is None:
        raise Refused("`find` asks for no number of nodes")
    counts = Counts(question, ways)
    tried = admissible(question, find.nodes)
    order = tried if find.what == "fewest-gpus" else tried[::-1]
    evens = set(even(tried, question.scenario))
    evenly = [number for number in order if number in evens]
    best = found_with(counts, order, evenly, 1.0)
    found = counts.at(best) if best is not None else None
    if best is None or found is None:
        raise Refused(none_keeps(counts, tried))
    result = result_of(question, ways, decided(question, found, ways))
    ends = ends_of(result)
    easy, hard = (found_with(counts, order, evenly, end) for end in (ends.low, ends.high))
    return _with_counts(result, counts, tried, (best, easy, hard), ends)


def none_keeps(counts: Counts, tried: Sequence[int]) -> str:
    """Which limit the smallest and the largest number of nodes break, and by how much."""
    able = [nodes for nodes in sorted(counts.known) if counts.known[nodes] is not None]
    if not able:
        fragile = next(iter(counts.fragile.values()), "")
        if fragile:
            return f"no number of nodes that was searched survives; {fragile}"
        return "on no number of nodes of `find.nodes` is any layout valid that fits: allow others"
    for nodes in (tried[0], tried[-1]):
        counts.at(nodes)
    able = [nodes for nodes in sorted(counts.known) if counts.known[nodes] is not None]
    said = [_broken(counts, nodes) for nodes in dict.fromkeys((able[0], able[-1]))]
    out = [nodes for nodes in (tried[0], tried[-1]) if counts.known[nodes] is None]
    said += [f"on {_nodes(nodes)} no layout fits" for nodes in dict.fromkeys(out) if nodes not in counts.fragile]
    said += [f"on {counts.fragile[nodes]}" for nodes in dict.fromkeys(out) if nodes in counts.fragile]
    return (
        f"none of {len(counts.known)} numbers of nodes that were searched keeps all limits: {', '.join(said)}; "
        "allow more, or other numbers in find.nodes"
    )


def _broken(counts: Counts, nodes: int) -> str:
    """By how much the best layout on so many nodes breaks date and budget."""
    found, limits = counts.at(nodes), counts.question.limits
    shares = counts.shares(nodes, found) if found is not None else {}
    said = []
    if shares.get("time", 0.0) > 1 and limits.seconds is not None:
        said.append(f"the date by {pretty((shares['time'] - 1) * limits.seconds, 's')}")
    if shares.get("cost", 0.0) > 1:
        said.append(f"the budget by {100 * (shares['cost'] - 1):.2g} %")
    return f"{_nodes(nodes)} {'breaks' if nodes == 1 else 'break'} {' and '.join(said) or 'neither date nor budget'}"


def _nodes(nodes: int) -> str:
    """So many nodes in words."""
    return f"{nodes:,} node" if nodes == 1 else f"{nodes:,} nodes"


def ends_of(result: PlanResult) -> Ends:
    """Interval of the run's time over its value; none where it is not known."""
    figure = result.headline["time_s"]
    if figure.low is None or figure.mid is None or figure.high is None:
        return NONE
    return Ends(figure.low / figure.value, figure.mid / figure.value, figure.high / figure.value)


def _with_counts(
    result: PlanResult,
    counts: Counts,
    tried: Sequence[int],
    answers: tuple[int, int | None, int | None],
    ends: Ends,
) -> PlanResult:
    """The result with the number of GPUs that was asked for, between which it lies, and what was tried."""
    question, (best, easy, hard) = counts.question, answers
    each = question.scenario.cluster.node.gpus
    fewest = question.find is not None and question.find.what == "fewest-gpus"
    gpus, near, far = (nodes * each if nodes is not None else None for nodes in (best, easy, hard))
    low, high = (near, far) if fewest else (far, near)
    word = "fewest" if fewest else "most"
    said = (
        f"{best * each:,} GPUs ({_nodes(best)}) are the {word} that keep the limits by the mid estimate"
        f"{span((best, easy, hard), each, (tried[0], tried[-1]), fewest=fewest)}."
    )
    text = f"The {word} GPUs whose best layout keeps all limits; at both ends of the step's 90 % interval."
    figure = Figure(best * each, "GPUs", text, low, high, gpus)
    rows = [_row(counts, nodes, ends) for nodes in sorted(counts.known)]
    valid = (
        f"{len(rows)} numbers of nodes were searched: those that share the batch out evenly by bisection, then in "
        "order, the others between the two nearest of them one by one."
    )
    return replace(
        result,
        headline={"gpus": figure, **{name: one for name, one in result.headline.items() if name != "gpus"}},
        answer=(said, *result.answer, valid),
        tables={**result.tables, "inverse": pd.DataFrame(rows, columns=list(COLUMNS))},
    )


def span(answers: tuple[int, int | None, int | None], each: int, tried: tuple[int, int], *, fewest: bool) -> str:
    """Numbers of GPUs at both ends of the step's 90 % interval, and where they are the last that may be tried.

    answers   nodes by the mid estimate, with the shortest step, with the longest;  each   GPUs of a node
    """
    best, easy, hard = answers
    last = tried[0] if fewest else tried[1]
    beyond = "or fewer" if fewest else "or more"
    near = easy if easy is not None else best
    told = f"{near * each:,} {beyond}" if near == last else f"{near * each:,}"
    may = f" (find.nodes {'begins' if fewest else 'ends'} at {_nodes(last)})" if near == last else ""
    if hard is None:
        none = f"at its slow end none of the {tried[0]:,} to {tried[1]:,} nodes that may be tried keeps them"
        return f"; at the fast end of the 90 % interval it is {told}{may}, {none}"
    if near == hard:
        return f", {told} throughout the 90 % interval{may}"
    between = [told, f"{hard * each:,}"] if fewest else [f"{hard * each:,}", told]
    return f", between {between[0]} and {between[1]} by the 90 % interval{may}"


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
