"""What a run costs its cluster's owner, and the energy and carbon that it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from simulator.economics.break_even import BreakEven, break_even
from simulator.economics.drawing import Doing, Energy, drawn, energy
from simulator.economics.owning import Owned, Terms, owning
from simulator.long_run.bill import stated_s, wall_s
from simulator.long_run.interruptions import Interrupted
from simulator.long_run.phases import PhaseTime
from simulator.network_bill import unit_prices
from workloads.long_run import Run

WORKING = ("productive", "lost", "slowed")
"""Parts of the wall time in which steps are done."""


@dataclass(frozen=True, slots=True)
class Ownings:
    """Owning instead of renting. run_usd   the GPU-hours that are paid, at what they cost the owner"""

    owned: Owned
    even: BreakEven
    run_usd: float


def ownings(run: Run, times: Sequence[PhaseTime], gpu_hours: float) -> Ownings | None:
    """The price of the run on a cluster of one's own; None where no terms are given. Raises Refused as `owning`."""
    if run.ownership is None or run.site is None or run.power is None:
        return None
    terms = Terms(run.ownership, run.site, run.power, unit_prices())
    owned = owning(run.scenario.cluster, terms, usual_work(times))
    return Ownings(owned, break_even(owned, run.ownership, run.scenario.price), owned.run_usd(gpu_hours))


def usual_work(times: Sequence[PhaseTime]) -> Doing:
    """What GPUs do in the phase with the most work, of those that train."""
    return max((phase.work_s, phase.doing) for phase in times if phase.doing is not None)[1]


def energies(run: Run, times: Sequence[PhaseTime], found: Interrupted | None) -> tuple[tuple[str, Energy], ...]:
    """Energy by what is done; nothing where no site is given. Raises Refused for power of another GPU.

    Each phase as its own step draws, time lost in steps as the phase with the most work, all else with idle GPUs.
    """
    if run.site is None or run.power is None:
        return ()
    site, cluster, power = run.site, run.scenario.cluster, run.power
    return tuple(
        (what, energy(drawn(cluster, power, site, work), site, seconds))
        for what, work, seconds in _spans(times, found)
        if seconds > 0
    )


def _spans(times: Sequence[PhaseTime], found: Interrupted | None) -> Iterator[tuple[str, Doing | None, float]]:
    """What is done, how, for how long."""
    usual = usual_work(times)
    yield from ((phase.name, phase.doing or usual, phase.work_s) for phase in times)
    if found is None:
        return
    again_s = sum(float(found.whole.part_s(part).mean()) for part in WORKING[1:])
    yield "steps lost or slowed", usual, again_s
    worked_s = sum(phase.work_s for phase in times) - stated_s(times)
    yield "GPUs idle", None, wall_s(times, found) - stated_s(times) - worked_s - again_s


def table(found: Sequence[tuple[str, Energy]]) -> pd.DataFrame:
    """One row a span: what, seconds, site_w, energy_j, co2_kg, electricity_usd."""
    rows = [
        (what, one.seconds, one.drawn.site_w, one.drawn.site_w * one.seconds, one.co2_kg, one.electricity_usd)
        for what, one in found
    ]
    return pd.DataFrame(rows, columns=["what", "seconds", "site_w", "energy_j", "co2_kg", "electricity_usd"])
