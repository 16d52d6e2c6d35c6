"""The inside of a chunk as the mean GPU sees it: when each phase starts, how long it takes, what it does."""

from __future__ import annotations

from typing import NamedTuple

from simulator.lockstep import on_one_rank
from simulator.phase_work import Collective, Computed, of_part
from simulator.plan import Plan
from simulator.run import Inside
from workloads.schedule import Work


class Phase(NamedTuple):
    """One phase; after   places in the chunk of the phases it waits for, those of its own stream not among them."""

    name: str
    stream: str
    start_s: float
    seconds: float
    after: tuple[int, ...]
    about: Computed | Collective


def phases_of(plan: Plan, key: tuple[Work, ...], inside: Inside) -> tuple[Phase, ...]:
    """Phases of a step content in order of their issue: means over draws and over the ranks that work together."""
    parts = plan.timelines[key]
    if inside.together is None:
        trace = on_one_rank(parts)
        starts, ends = trace.start_s.tolist(), trace.end_s.tolist()
    else:
        starts = inside.together.start.mean(axis=(1, 2)).tolist()
        ends = inside.together.end.mean(axis=(1, 2)).tolist()
    return tuple(
        Phase(part.name, part.stream, start_s, end_s - start_s, part.after, of_part(part, plan))
        for part, start_s, end_s in zip(parts, starts, ends, strict=True)
    )
