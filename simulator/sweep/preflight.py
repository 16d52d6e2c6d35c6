"""What a sweep would take, worked out before anything is built for it."""

from __future__ import annotations

from simulator.admission import TooLarge
from topologies.units import pretty
from workloads.sweep import Sweep

MOST_POINTS = 200_000
"""Points of a sweep; its table and page then take about two GB of memory."""
POINT_BYTES = 1_600
"""A point in a store, with its label and what is varied: measured on shipped sweeps."""
POINT_S = {"estimate": 0.02, "events": 0.25}
"""A point of a shipped scenario on one core, by detail."""


def admit(sweep: Sweep) -> None:
    """Raise TooLarge for more points than a sweep may have, with what they would take."""
    size = sweep.size
    if size > MOST_POINTS:
        taken = pretty(float(size) * POINT_S[sweep.detail], "s")
        raise TooLarge(
            f"{size:,} points: about {taken} of one core and a store of about "
            f"{pretty(float(size) * POINT_BYTES, 'bytes')}; a sweep has up to {MOST_POINTS:,}: take fewer values, or "
            "sample with `kind: sobol`"
        )
