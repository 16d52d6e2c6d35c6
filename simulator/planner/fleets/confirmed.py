"""The best fleets played by events, until no fleet that is not played could be better than the best that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from simulator.planner.fleets.weighed import Ranked, beats, values_of
from simulator.serving.fleet.checked import Checked
from simulator.serving.fleet.option import Kind, Option
from simulator.serving.fleet.search import Fleet
from simulator.serving.fleet_found import checked_by_events
from workloads.serving_question import Objective

TWICE = 2
"""Times the fleets that are to be confirmed, so many are played at most, where the best ones turn out dearer."""


@dataclass(frozen=True)
class Confirmed:
    """A fleet with what events say of it.

    held     None: not played;  units   that keep the promises by events where played, else by closed forms; empty where
             no number tried keeps them
    """

    ranked: Ranked
    held: Checked | None
    units: Mapping[Kind, int]

    @property
    def options(self) -> dict[Kind, Option]:
        """How each kind of unit is built."""
        return {need.option.kind: need.option for need in self.ranked.fleet.needs}

    @property
    def name(self) -> str:
        """Units by events, and where they are."""
        parts = " + ".join(f"{count} x {self.options[kind].name}" for kind, count in self.units.items())
        place = self.ranked.timed.variant.place
        return f"{parts} on {place}" if place else parts

    @property
    def gpus_by_kind(self) -> dict[Kind, int]:
        """GPUs of all units of each kind."""
        return {kind: count * self.options[kind].gpus for kind, count in self.units.items()}

    @property
    def gpus(self) -> int:
        """Of all units."""
        return sum(self.gpus_by_kind.values())

    @property
    def usd_per_s(self) -> float:
        """Rent of all units."""
        return sum(gpus * self.options[kind].gpu_usd_per_s for kind, gpus in self.gpus_by_kind.items())

    def values(self, objective: Sequence[Objective]) -> tuple[float, ...]:
        """Value of each objective; infinite where the promises are not kept."""
        if not self.units:
            return tuple(float("inf") for _ in objective)
        every = {"cost": self.usd_per_s, "gpus": float(self.gpus), "tpot": self.ranked.promises.tpot_s}
        return tuple(every[name] for name in objective)


def confirmed(
    ranked: Sequence[Ranked], objective: Sequence[Objective], wanted: int, tell: Callable[[str, int, int], None]
) -> list[Confirmed]:
    """Fleets by what they are worth once the best of them are played, best first.

    Played are the first so many, and more as long as one that is not played looks better than the best that is.
    """
    done: list[Confirmed] = []
    for at, one in enumerate(ranked):
        if len(done) >= wanted and (len(done) >= TWICE * wanted or not _looks_better(one, done, objective)):
            break
        tell("Playing the best fleets by events", at, wanted)
        done.append(_played(one))
    rest = [Confirmed(one, None, _units(one.fleet)) for one in ranked[len(done) :]]
    return _ordered([*done, *rest], objective)


def _looks_better(one: Ranked, done: Sequence[Confirmed], objective: Sequence[Objective]) -> bool:
    """Whether closed forms make it better than everything that is played."""
    mine = values_of(one.fleet, one.promises, objective)
    return not any(played.values(objective) <= mine or beats(played.values(objective), mine) for played in done)


def _played(one: Ranked) -> Confirmed:
    """The fleet by events, a unit more or fewer at a time."""
    variant = one.timed.variant
    held = checked_by_events(variant.service, (one.fleet, one.timed.options), variant.asked, lambda _: None)
    return Confirmed(one, held, held.units or {})


def _units(fleet: Fleet) -> dict[Kind, int]:
    """Units of each kind by closed forms."""
    return {need.option.kind: need.units for need in fleet.needs}


def _ordered(every: Sequence[Confirmed], objective: Sequence[Objective]) -> list[Confirmed]:
    """Best first; of equally good ones those first that are played and keep the promises."""

    def place(one: Confirmed) -> tuple[bool, bool, tuple[float, ...], bool, float, float]:
        mine, share = one.values(objective), -one.ranked.fleet.share
        behind = len(objective) > 1 and any(beats(other.values(objective), mine) for other in every)
        return (not one.units, behind, mine, one.held is None, one.usd_per_s, share)

    return sorted(every, key=place)
