"""The cheapest fleet that serves a traffic within its promises: all combinations of ways to build its units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.refusal import Refused
from simulator.serving.fleet.need import Need, Unfit, fewest, needed
from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.option import Option, unit_usd_per_s
from workloads.service import Promises

MOST_LEVELS = 64
LEAST_GAIN = 1e-4
"""Of each option more units than the fewest are tried, too: where one kind is better than it need be, the other may be
worse, as long as enough requests get both. So many numbers at most, while each serves at least so many more in time."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Units of one kind that does all, or of two that share the work."""

    needs: tuple[Need, ...]

    @property
    def gpus(self) -> int:
        """Of all units."""
        return sum(need.gpus for need in self.needs)

    @property
    def usd_per_s(self) -> float:
        """Price of all units."""
        return sum(need.usd_per_s for need in self.needs)

    @property
    def share(self) -> float:
        """Requests that get both promises, as if one did not depend on the other."""
        return float(np.prod([need.outcome.share for need in self.needs]))

    @property
    def name(self) -> str:
        """As tables call it: `4 x EP32 + 2 x EP144`."""
        return " + ".join(f"{need.units} x {need.option.name}" for need in self.needs)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A fleet with its place.

    dearer_ratio   its price over the best one's, less one;  lost   in words; empty for the best
    """

    fleet: Fleet
    dearer_ratio: float
    lost: str


@dataclass(frozen=True, slots=True)
class Found:
    """Answers of a search, cheapest first, and the options that cannot keep the promises at all.

    refused   options of which nothing can be said, and why: their steps are not tabulated so far
    skipped   options that were left out because their rate alone makes them dearer than every answer
    """

    answers: tuple[Ranked, ...]
    unfit: tuple[Unfit, ...]
    refused: tuple[tuple[str, str], ...]
    skipped: int


@dataclass(frozen=True, slots=True)
class Question:
    """What a search is to find: who asks, what is promised, how many GPUs there are, how many answers are wanted."""

    offered: Offered
    promises: Promises
    most_gpus: int
    keep: int = 10


def search(options: Sequence[Option], question: Question) -> Found:
    """Rank fleets by price, those of prefill and decode units and those of whole units together.

    Every combination is weighed; an option is only left out once its rate alone makes it dearer than enough others.
    """
    unfit: list[Unfit] = []
    skipped = 0
    rows: dict[str, list[list[Need]]] = {}
    able, refused = _able(options, question)
    for kind in ("prefill", "decode", "whole"):
        of_kind = [option for option in able if option.kind == kind]
        rows[kind], missed, left_out = _levels(of_kind, question)
        unfit, skipped = [*unfit, *missed], skipped + left_out
    fleets = [*_pairs(rows["prefill"], rows["decode"], question)]
    fleets += [Fleet((levels[0],)) for levels in rows["whole"]]
    fleets.sort(key=lambda fleet: (fleet.usd_per_s, fleet.gpus, -fleet.share))
    best = fleets[: question.keep]
    return Found(tuple(Ranked(*_beside(fleet, best[0])) for fleet in best), tuple(unfit), refused, skipped)


def _able(options: Sequence[Option], question: Question) -> tuple[list[Option], tuple[tuple[str, str], ...]]:
    """Options whose tables reach far enough for the traffic, and the others with the reason."""
    able: list[Option] = []
    refused = []
    for option in options:
        try:
            option.most_per_unit_per_s(question.offered)
        except Refused as error:
            refused.append((option.name, str(error)))
        else:
            able.append(option)
    return able, tuple(refused)


def _levels(options: Sequence[Option], question: Question) -> tuple[list[list[Need]], list[Unfit], int]:
    """For each option that fits: the fewest units, and some more; cheap ones first. Also those that do not, and the
    number of those that need not be looked at."""
    bounds = [fewest(question.offered, option) * unit_usd_per_s(option) for option in options]
    order = np.argsort(np.array(bounds), kind="stable")
    kept: list[list[Need]] = []
    unfit: list[Unfit] = []
    for place, at in enumerate(order):
        prices = sorted(levels[-1].usd_per_s for levels in kept)
        if len(kept) >= question.keep and bounds[at] > prices[question.keep - 1]:
            return kept, unfit, len(order) - place
        need = needed(options[at], question.offered, question.promises, question.most_gpus)
        if isinstance(need, Unfit):
            unfit.append(need)
        else:
            kept.append([*_more(need, question)])
    return kept, unfit, 0


def _more(need: Need, question: Question) -> Iterator[Need]:
    """The fewest units and, as long as they serve notably more requests in time, more of them."""
    yield need
    share, last = need.outcome.share, 0.0 if need.option.kind != "whole" else 1.0
    for units in range(need.units + 1, min(need.units + MOST_LEVELS, question.most_gpus // need.option.gpus + 1)):
        if share - last < LEAST_GAIN or share > 1 - LEAST_GAIN:
            return
        outcome = need.option.outcome(units, question.offered, question.promises)
        share, last = outcome.share, share
        yield replace(need, units=units, outcome=outcome)


def _pairs(prefill: list[list[Need]], decode: list[list[Need]], question: Question) -> Iterator[Fleet]:
    """The cheapest fleet of each pair of options that keeps both promises to enough requests; cheap ones first."""
    if not prefill or not decode:
        return
    read, writes = _columns(prefill), _columns(decode)
    fits = read.shares[:, None] * writes.shares >= question.promises.share
    fits &= read.gpus[:, None] + writes.gpus <= question.most_gpus
    rows, columns = np.nonzero(fits)
    usd, gpus = read.usd[rows] + writes.usd[columns], read.gpus[rows] + writes.gpus[columns]
    order = np.lexsort((gpus, usd))
    pairs = read.options[rows[order]] * len(decode) + writes.options[columns[order]]
    _, first = np.unique(pairs, return_index=True)
    for at in order[np.sort(first)[: question.keep]]:
        yield Fleet((read.needs[rows[at]], writes.needs[columns[at]]))


class _Columns(NamedTuple):
    """Levels of all options of a kind, one after the other."""

    needs: list[Need]
    options: NDArray[np.int64]
    usd: NDArray[np.float64]
    gpus: NDArray[np.int64]
    shares: NDArray[np.float64]


def _columns(levels: list[list[Need]]) -> _Columns:
    """Levels as columns."""
    needs = [need for of_option in levels for need in of_option]
    return _Columns(
        needs,
        np.repeat(np.arange(len(levels)), [len(of_option) for of_option in levels]),
        np.array([need.usd_per_s for need in needs]),
        np.array([need.gpus for need in needs]),
        np.array([need.outcome.share for need in needs]),
    )


def _beside(fleet: Fleet, best: Fleet) -> tuple[Fleet, float, str]:
    """How much dearer a fleet is than the best, and which of its units make it so."""
    dearer = fleet.usd_per_s / best.usd_per_s - 1
    if fleet is best:
        return fleet, 0.0, ""
    if len(fleet.needs) != len(best.needs):
        return fleet, dearer, f"{fleet.gpus} GPUs instead of {best.gpus}{_bound(fleet.needs[0])}"
    told = [
        f"{mine.option.kind} takes {mine.gpus} GPUs instead of {theirs.gpus}{_bound(mine)}"
        for mine, theirs in zip(fleet.needs, best.needs, strict=True)
        if mine.usd_per_s > theirs.usd_per_s
    ]
    return fleet, dearer, "; ".join(told) or "costs as much and serves no more requests in time"


def _bound(need: Need) -> str:
    """What keeps it from being smaller, for a list of reasons."""
    return f", bound by {need.binds}" if need.binds else ", already one unit"
