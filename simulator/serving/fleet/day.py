"""A fleet through a day: units of each hour, GPUs held and lent, what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.headline import HOUR_S
from simulator.refusal import Refused
from simulator.serving.fleet.need import Unfit, needed
from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.option import Option
from simulator.serving.fleet.windows import Window, by_hour, windows
from workloads.autoscaling import Autoscaling
from workloads.day_profile import DayProfile
from workloads.reliability import Pause
from workloads.service import Promises

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Staffed:
    """Units of one kind through a day.

    units   [hour]  that serve;  held   [hour]  whose GPUs are held, mean over the hour
    load    [hour]  demand over the most that the units can do
    """

    option: Option
    units: Integers
    held: Floats
    load: Floats

    @property
    def held_gpus(self) -> Floats:
        """GPUs held: [hour], mean over the hour."""
        return self.held * self.option.gpus


@dataclass(frozen=True, slots=True)
class Day:
    """A fleet through a day.

    demand   [hour]  over the day's mean;  windows   when each unit takes requests
    lent_worth_ratio   of a lent GPU-hour over its rental price
    """

    demand: Floats
    staffed: tuple[Staffed, ...]
    windows: tuple[Window, ...]
    lent_worth_ratio: float

    @property
    def held_gpus(self) -> Floats:
        """GPUs held by all kinds: [hour]."""
        held: Floats = np.sum([one.held_gpus for one in self.staffed], axis=0)
        return held

    @property
    def mean_gpus(self) -> float:
        """GPUs held, mean over the day."""
        return float(self.held_gpus.mean())

    @property
    def peak_gpus(self) -> float:
        """GPUs of the busiest hour."""
        return float(self.held_gpus.max())

    @property
    def lent_gpu_hours(self) -> float:
        """GPU-hours that the day's largest fleet has and does not hold: others may work on them."""
        return float((self.peak_gpus - self.held_gpus).sum())

    @property
    def rent_usd(self) -> float:
        """Price of the GPU-hours held."""
        return sum(float(one.held_gpus.sum()) * one.option.gpu_usd_per_s * HOUR_S for one in self.staffed)

    @property
    def lent_worth_usd(self) -> float:
        """Worth of the GPU-hours lent, at the price of those held."""
        usd_per_gpu_hour = self.rent_usd / float(self.held_gpus.sum())
        return self.lent_worth_ratio * self.lent_gpu_hours * usd_per_gpu_hour


@dataclass(frozen=True, slots=True)
class Rule:
    """How a fleet follows demand, beside what is promised and how many GPUs each kind may have at most.

    pauses   in which units stand still, such as while experts are placed anew
    """

    promises: Promises
    scaling: Autoscaling
    most_gpus: int
    pauses: Mapping[str, Pause]


def running_share(pauses: Mapping[str, Pause]) -> float:
    """Share of the time in which units do not stand still: product of interval / (interval + length)."""
    return float(np.prod([one.interval_s / (one.interval_s + one.length_s) for one in pauses.values()]))


def per_kind(promises: Promises, kinds: int) -> Promises:
    """What each of several kinds promises so that together they keep it: share^(1 / kinds)."""
    return promises.model_copy(update={"share": promises.share ** (1 / kinds)})


def units_by_hour(option: Option, offered: Offered, profile: DayProfile, rule: Rule) -> Integers:
    """Units of an option that each hour needs, headroom and pauses in it: [hour].

    offered   mean of the day. Raises Refused where an hour needs more GPUs than there may be.
    """
    known: dict[float, int] = {}
    for demand in map(float, profile.hourly()):
        if demand in known:
            continue
        ratio = demand * (1 + rule.scaling.headroom_ratio) / running_share(rule.pauses)
        if not ratio:
            known[demand] = rule.scaling.least_units
            continue
        need = needed(option, offered.times(ratio), rule.promises, rule.most_gpus)
        if isinstance(need, Unfit):
            raise Refused(f"{option.name}, in an hour with {demand:.3g} times the mean demand: {need.why}")
        known[demand] = max(need.units, rule.scaling.least_units)
    return np.array([known[float(demand)] for demand in profile.hourly()], dtype=np.int64)


def day(options: Sequence[Option], offered: Offered, profile: DayProfile, rule: Rule) -> Day:
    """Play a fleet of these options, one of each kind, through a day of demand.

    Raises Refused where an hour needs more GPUs than there may be.
    """
    shape = profile.hourly()
    each = Rule(per_kind(rule.promises, len(options)), rule.scaling, rule.most_gpus, rule.pauses)
    staffed: list[Staffed] = []
    all_windows: list[Window] = []
    for option in options:
        units = units_by_hour(option, offered, profile, each)
        served, held = windows(option.kind, units, rule.scaling)
        most_per_s = option.most_per_unit_per_s(offered)[0] * running_share(rule.pauses)
        load = offered.requests_per_s * shape / (units * most_per_s)
        staffed.append(Staffed(option, units, by_hour(held, len(shape)), load))
        all_windows += served
    return Day(shape, tuple(staffed), tuple(all_windows), rule.scaling.lent_worth_ratio)
