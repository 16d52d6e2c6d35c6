"""A fleet of the closed form held against events, and corrected until it keeps its promise there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.serving.fleet.option import Kind
from simulator.serving.fleet.search import Fleet

Units = Mapping[Kind, int]
MOST_TRIES = 24
GROWTH = 8
"""A fleet that is too small grows by one unit of so many, at least by one; then units are taken away one by one."""


@dataclass(frozen=True, slots=True)
class Achieved:
    """What requests got in a play of events.

    ttft_share, tpot_share   of the requests that got what was promised;  share   that got both
    """

    ttft_share: float
    tpot_share: float
    share: float


@dataclass(frozen=True, slots=True)
class Try:
    """Units that were played, and what they achieved."""

    units: Units
    achieved: Achieved


@dataclass(frozen=True, slots=True)
class Checked:
    """A fleet after events.

    expected_share   of requests in time, by the closed form;  tries   what was played, in order
    units            the fewest found that keep the promise; None: none of those tried did
    extra            units more than the closed form asked for, by kind; below 0: fewer
    """

    fleet: Fleet
    expected_share: float
    tries: tuple[Try, ...]
    units: Units | None
    extra: Units

    @property
    def difference_share(self) -> float:
        """What events achieve with the closed form's own units, less what it expected."""
        return self.tries[0].achieved.share - self.expected_share


def checked(fleet: Fleet, share: float, play: Callable[[Units], Achieved], most_gpus: int) -> Checked:
    """Play a fleet; add units, one at a time, until enough requests are in time, or take away what is too much.

    The kind whose promise is missed more gets the next unit. Taken away are units of the dearest kind first.
    """
    gpus: dict[Kind, int] = {need.option.kind: need.option.gpus for need in fleet.needs}
    start: dict[Kind, int] = {need.option.kind: need.units for need in fleet.needs}
    tries = [Try(start, play(start))]
    best: Units | None
    if tries[0].achieved.share >= share:
        best = _down(start, share, play, fleet, tries)
    else:
        best = _up(start, share, play, (gpus, most_gpus), tries)
    extra = {kind: best[kind] - start[kind] for kind in start} if best is not None else {}
    return Checked(fleet, fleet.share, tuple(tries), best, extra)


def _up(
    start: Units, share: float, play: Callable[[Units], Achieved], size: tuple[Units, int], tries: list[Try]
) -> Units | None:
    """Add units until the promise holds or there are no more GPUs; then take away what was too much."""
    gpus, most_gpus = size
    units = dict(start)
    while len(tries) < MOST_TRIES:
        kind = _short(units, tries[-1].achieved)
        before, units = units, {**units, kind: units[kind] + max(1, units[kind] // GROWTH)}
        if sum(count * gpus[each] for each, count in units.items()) > most_gpus:
            return None
        tries.append(Try(units, play(units)))
        if tries[-1].achieved.share >= share:
            return _trimmed(units, (kind, before[kind]), share, play, tries)
    return None


def _trimmed(
    units: dict[Kind, int], grown: tuple[Kind, int], share: float, play: Callable[[Units], Achieved], tries: list[Try]
) -> Units:
    """Halve in on the fewest units of the kind that grew last, between too few and enough."""
    kind, low = grown
    high = units[kind]
    while high - low > 1 and len(tries) < MOST_TRIES:
        middle = {**units, kind: (low + high) // 2}
        tries.append(Try(middle, play(middle)))
        low, high = (low, middle[kind]) if tries[-1].achieved.share >= share else (middle[kind], high)
    return {**units, kind: high}


def _short(units: Units, achieved: Achieved) -> Kind:
    """Kind of unit whose promise is missed more."""
    if "whole" in units:
        return "whole"
    if "prefill" not in units or "decode" not in units:
        return next(iter(units))
    return "prefill" if achieved.ttft_share < achieved.tpot_share else "decode"


def _down(start: Units, share: float, play: Callable[[Units], Achieved], fleet: Fleet, tries: list[Try]) -> Units:
    """Take units away, of one kind after the other, as long as the promise holds."""
    units = dict(start)
    dearest = sorted(fleet.needs, key=lambda need: -need.usd_per_s / need.units)
    for need in dearest:
        kind = need.option.kind
        while units[kind] > 1 and len(tries) < MOST_TRIES:
            fewer = {**units, kind: units[kind] - 1}
            tries.append(Try(fewer, play(fewer)))
            if tries[-1].achieved.share < share:
                break
            units = fewer
    return units
