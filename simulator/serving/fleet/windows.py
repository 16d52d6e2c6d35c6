"""From when to when each unit takes requests, and for how long its GPUs are held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.headline import HOUR_S
from simulator.serving.fleet.option import Kind
from workloads.autoscaling import Autoscaling

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Window:
    """A unit takes requests.

    unit   number of it among those of its kind
    ends   drain: it finishes what it has;  fail: what it has is lost
    """

    kind: Kind
    unit: int
    from_s: float
    until_s: float
    ends: Literal["drain", "fail"] = "drain"


@dataclass(frozen=True, slots=True)
class Held:
    """GPUs of a unit are held: while they load, serve, and finish what they have."""

    from_s: float
    until_s: float


def runs(units: Integers, unit: int, most_gap_s: float) -> Iterator[tuple[int, int]]:
    """Hours from .. until in which the unit is needed; hours between two runs that are no longer than a gap are in it.

    units   [hour]  needed in all; those with low numbers are needed first
    """
    needed = [hour for hour, count in enumerate(units) if count > unit]
    start = last = None
    for hour in needed:
        if start is None or last is None:
            start = hour
        elif (hour - last) * HOUR_S > most_gap_s:
            yield start, last
            start = hour
        last = hour + 1
    if start is not None and last is not None:
        yield start, last


def windows(kind: Kind, units: Integers, scaling: Autoscaling) -> tuple[tuple[Window, ...], tuple[Held, ...]]:
    """Windows of all units of a kind, and for how long GPUs are held; units that the first hour needs are there then.

    units   [hour]
    A unit that would have to come back before it has drained and loaded stays. With `follows: load` a unit begins to
    load when the hour that needs it begins, and serves the rest of it.
    """
    served, held = [], []
    late_s = scaling.lead_s if scaling.follows == "load" else 0.0
    for unit in range(int(units.max())):
        for first, last in runs(units, unit, scaling.lead_s + scaling.drain_s):
            from_s, until_s = first * HOUR_S, last * HOUR_S
            lead_s = scaling.lead_s if first else 0.0
            ready_s = from_s + (late_s if first else 0.0)
            drain_s = scaling.drain_s if last < len(units) else 0.0
            held.append(Held(max(ready_s - lead_s, 0.0), until_s + drain_s))
            if ready_s < until_s:
                served.append(Window(kind, unit, ready_s, until_s))
    return tuple(served), tuple(held)


def by_hour(spans: Iterable[Held], hours: int) -> Floats:
    """Units held in each hour, mean over it: [hour]."""
    starts = np.arange(hours) * HOUR_S
    total = np.zeros(hours)
    for span in spans:
        inside = np.minimum(span.until_s, starts + HOUR_S) - np.maximum(span.from_s, starts)
        total += np.maximum(inside, 0.0) / HOUR_S
    return total
