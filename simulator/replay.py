"""A schedule alone: stages take equally long, sends nothing; how long ranks idle then, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulator.admission import TooLarge
from simulator.engine import play
from simulator.finish import Finish
from simulator.pipeline import Pace, content, tasks
from simulator.trace import Trace
from workloads.order import most_in_flight
from workloads.schedule import ChunkTimes, ScheduleError, ScheduleSpec, Step, Work

MOST_CHUNKS = 40_000
"""Pipeline ranks x micro-batches; so many take each schedule several seconds."""
NOISE = 1e-9
"""Share of a step below which a difference is one of rounding."""


class Setting(NamedTuple):
    """What schedules are compared at; `times` are those of a rank's share of the layers, in any unit."""

    ranks: int
    micro_batches: int
    times: ChunkTimes


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it, in the unit of the setting's times, beside what is published.

    idle_s            doing nothing, mean over ranks, in a step that begins and ends on all ranks together
    counted_s         the same as the published formula counts it: for some schedules the longest of any rank, from its
                      own first chunk to its last
    published_s       by the published formula, None where there is none
    held              most micro-batches whose activations a rank holds for its share of the layers
    published_held    as published, None where it is not
    """

    trace: Trace
    stages: int
    idle_s: float
    counted_s: float
    published_s: float | None
    held: float
    published_held: float | None

    @property
    def difference_s(self) -> float | None:
        """Replay beyond the published formula."""
        if self.published_s is None:
            return None
        return _without_noise(self.counted_s - self.published_s, self.trace.makespan_s)

    @property
    def held_difference(self) -> float | None:
        """Micro-batches held beyond what is published."""
        return None if self.published_held is None else self.held - self.published_held


def replays(schedules: Iterable[ScheduleSpec], setting: Setting) -> dict[str, Replay | str]:
    """Kind of each schedule -> its replay, or why it cannot run like this. Raises TooLarge."""
    made: dict[str, Replay | str] = {}
    for schedule in schedules:
        try:
            made[schedule.kind] = replay(schedule, setting)
        except ScheduleError as refused:
            made[schedule.kind] = str(refused)
    return made


def replay(schedule: ScheduleSpec, setting: Setting) -> Replay:
    """Play one schedule; a chunk takes as much less as a rank's share of the layers is cut into shorter stages.

    Raises ScheduleError where the schedule cannot run like this, TooLarge where it would take too long.
    """
    ranks, micro_batches, times = setting
    schedule.check(ranks, micro_batches)
    if ranks * micro_batches > MOST_CHUNKS:
        raise TooLarge(
            f"{ranks:,} ranks x {micro_batches:,} micro-batches = {ranks * micro_batches:,} chunks each way; "
            f"up to {MOST_CHUNKS:,} are drawn"
        )
    stages = schedule.stages(ranks)
    part = ranks / stages
    chunk = ChunkTimes(*(seconds * part for seconds in times))
    orders = schedule.orders(ranks, micro_batches)
    trace = _played(orders, chunk)
    idle_s, waits_s = _idle_s(trace, ranks)
    published_s = schedule.published_bubble_s(ranks, chunk)
    published_chunks = schedule.published_in_flight(ranks, micro_batches)
    return Replay(
        trace=trace,
        stages=stages,
        idle_s=idle_s,
        counted_s=waits_s if schedule.formula_counts_own_span else idle_s,
        published_s=None if published_s is None else _without_noise(published_s, trace.makespan_s),
        held=max(map(most_in_flight, orders)) * part,
        published_held=None if published_chunks is None else published_chunks * part,
    )


def _played(orders: Sequence[Sequence[Step]], chunk: ChunkTimes) -> Trace:
    """The orders with the same times on every stage, free sends and nothing at the step's end."""
    keys = {content(step) for order in orders for step in order}
    finish = [Finish((), 0.0, ())] * len(orders)
    peers = [(rank,) for rank in range(len(orders))]
    pace = Pace({key: _step_s(key, chunk) for key in keys}, send_s=0.0, finish=finish, peers=peers)
    return play([slot.task for slot in tasks(orders, pace)])


def _step_s(key: Sequence[Work], chunk: ChunkTimes) -> float:
    """Time of a chunk alone, or of an overlapped pair."""
    if len(key) > 1:
        return chunk.pair_s
    by_op: Mapping[str, float] = {
        "F": chunk.forward_s,
        "B": chunk.backward_s,
        "I": chunk.input_grad_s,
        "W": chunk.weight_grad_s,
    }
    return by_op[key[0].op]


def _idle_s(trace: Trace, ranks: int) -> tuple[float, float]:
    """Idle time in the whole step, mean over ranks; the longest of any rank from its first chunk to its last."""
    works = trace.end_s > trace.start_s
    rank, start_s, end_s = trace.rank[works], trace.start_s[works], trace.end_s[works]
    busy_s = np.bincount(rank, weights=end_s - start_s, minlength=ranks)
    first_s, last_s = np.full(ranks, np.inf), np.zeros(ranks)
    np.minimum.at(first_s, rank, start_s)
    np.maximum.at(last_s, rank, end_s)
    step_s = trace.makespan_s
    mean_s, longest_s = float((step_s - busy_s).mean()), float((last_s - first_s - busy_s).max())
    return _without_noise(mean_s, step_s), _without_noise(longest_s, step_s)


def _without_noise(seconds: float, step_s: float) -> float:
    """Zero for what is only rounding in sums over a step."""
    return 0.0 if abs(seconds) <= NOISE * step_s else seconds
