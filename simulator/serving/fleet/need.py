"""The fewest units of a kind that keep a promise, and why one fewer does not."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.option import Limit, Option, Outcome, unit_usd_per_s
from workloads.service import Promises


@dataclass(frozen=True, slots=True)
class Need:
    """So many units of an option.

    outcome   what they achieve;  binds   why one fewer is too few; None: there is no fewer
    """

    option: Option
    units: int
    outcome: Outcome
    binds: Limit | None

    @property
    def gpus(self) -> int:
        """Of all units."""
        return self.units * self.option.gpus

    @property
    def usd_per_s(self) -> float:
        """Price of all units."""
        return self.units * unit_usd_per_s(self.option)


@dataclass(frozen=True, slots=True)
class Unfit:
    """An option that keeps the promise with no number of units that is allowed.

    most_units   that are allowed;  share   of the requests that get what is promised with so many
    """

    option: Option
    most_units: int
    share: float
    binds: Limit

    @property
    def why(self) -> str:
        """In a sentence."""
        gpus = self.most_units * self.option.gpus
        return f"{self.binds}: with {self.most_units} units ({gpus} GPUs) {self.share:.0%} of requests are in time"


def fewest(offered: Offered, option: Option) -> int:
    """Units whose rate alone suffices, a lower bound; 0 where no unit does anything."""
    per_s, _ = option.most_per_unit_per_s(offered)
    return max(math.ceil(offered.requests_per_s / per_s), 1) if per_s > 0 else 0


def needed(option: Option, offered: Offered, promises: Promises, most_gpus: int) -> Need | Unfit:
    """The fewest units with which enough requests get what is promised; they never get less with more units."""
    most_units, low = most_gpus // option.gpus, fewest(offered, option)
    if not low or low > most_units:
        return Unfit(option, most_units, 0.0, option.most_per_unit_per_s(offered)[1])
    found = option.outcome(most_units, offered, promises)
    if found.share < promises.share:
        return Unfit(option, most_units, found.share, found.limit)
    high, stride = most_units, 1
    short, low = None, low - 1
    while high - low > 1:
        tried = min(low + stride, (low + high) // 2) if high == most_units else (low + high) // 2
        outcome = option.outcome(tried, offered, promises)
        if outcome.share >= promises.share:
            high, found = tried, outcome
        else:
            low, short, stride = tried, outcome, 2 * stride
    binds = short.limit if short is not None else (option.most_per_unit_per_s(offered)[1] if low else None)
    return Need(option, high, found, binds)
