"""Which days have a given mean and peak: what the two published numbers of nodes leave open."""

from __future__ import annotations

from collections.abc import Iterator

from workloads.day_profile import HOURS, DayProfile
from workloads.day_profiles.plateau import Plateau
from workloads.day_profiles.wave import Wave


def consistent(mean_nodes: float, peak_nodes: float) -> Iterator[DayProfile]:
    """One wave, and all plateaus of whole hours, with this mean and this peak if nodes follow demand.

    Raises ValueError for a peak below the mean.
    """
    if not 0 < mean_nodes <= peak_nodes:
        raise ValueError(f"mean {mean_nodes:g}, peak {peak_nodes:g} nodes: write a mean above 0, a peak no lower")
    peak = peak_nodes / mean_nodes
    if peak <= 2:
        yield Wave(peak=peak)
    for hours in range(1, HOURS):
        if hours * peak <= HOURS:
            yield Plateau(peak=peak, hours=hours)


def quietest_nodes(profile: DayProfile, mean_nodes: float) -> float:
    """Nodes of the hour with the least demand."""
    return mean_nodes * float(profile.hourly().min())
