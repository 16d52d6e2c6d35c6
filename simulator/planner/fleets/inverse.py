"""How much traffic some nodes carry: halving in by closed forms, then by events until the fleet keeps its promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from simulator.planner.fleets.sensitivity import chosen
from simulator.planner.fleets.weighed import Aim, Ranked, Timed, Twist
from simulator.refusal import Refused

FINE_RATIO = 1.01
"""Bracket at which halving stops."""
MOST_RATIO, LEAST_RATIO = 1_000_000.0, 0.000_001
DOWN_RATIO = 0.95
MOST_PLAYED = 8
"""Where events say that it is too much, so much less is played, so many times at most."""


class Try(NamedTuple):
    """A rate that was tried, between which it lay then, and the fleet that carries it."""

    ratio: float
    low: float
    high: float
    fleet: Ranked | None


@dataclass(frozen=True)
class Most:
    """The most traffic by closed forms. per_s   requests a second of the question's own traffic"""

    tries: tuple[Try, ...]
    per_s: float
    ratio: float

    def table(self) -> pd.DataFrame:
        """returns  [try]  value (requests a second), figure (GPUs needed), low, high (bracket), keeps"""
        rows = [
            (
                one.ratio * self.per_s,
                float(one.fleet.fleet.gpus) if one.fleet else float("nan"),
                one.low * self.per_s,
                one.high * self.per_s,
                one.fleet is not None,
            )
            for one in self.tries
        ]
        return pd.DataFrame(rows, columns=["value", "figure", "low", "high", "keeps"])


def most_traffic(timed: list[Timed], aim: Aim, tell: Callable[[str, int, int], None]) -> Most:
    """The largest ratio of the traffic that some fleet carries. Raises Refused where none carries any."""
    tries: list[Try] = []
    low, high = 0.0, float("inf")
    ratio = 1.0
    while high / low > FINE_RATIO if low else True:
        tell("Halving in on the most traffic", len(tries), len(tries) + 1)
        found = chosen(timed, aim, Twist(traffic_ratio=ratio))
        tries.append(Try(ratio, low, high, found))
        low, high = (ratio, high) if found is not None else (low, ratio)
        if low >= MOST_RATIO or (not low and high <= LEAST_RATIO):
            break
        ratio = low * 2 if high == float("inf") else (high / 2 if not low else (low * high) ** 0.5)
    if not low:
        raise Refused("no fleet of so many nodes keeps the promises, however little is asked")
    return Most(tuple(tries), timed[0].variant.asked.offered.requests_per_s, low)


def at_ratio(timed: list[Timed], ratio: float) -> list[Timed]:
    """The same units with so many times the traffic."""
    found = []
    for one in timed:
        asked = replace(one.variant.asked, offered=one.variant.asked.offered.times(ratio))
        found.append(replace(one, variant=replace(one.variant, asked=asked)))
    return found
