"""GPipe: all forwards, then all backwards (arXiv 1811.06965)."""

from __future__ import annotations

from typing import Literal

from workloads.schedule import ChunkTimes, ScheduleSpec, Step, Work


class GPipe(ScheduleSpec):
    """All micro-batches forward, then all backward in reverse order; every activation is held at the turn."""

    kind: Literal["gpipe"] = "gpipe"

    def order(self, rank: int, ranks: int, micro_batches: int) -> tuple[Step, ...]:
        """Return the steps of one rank; raise ScheduleError without ranks or micro-batches."""
        self.check(ranks, micro_batches)
        forward = [(Work("F", m, rank),) for m in range(micro_batches)]
        backward = [(Work("B", m, rank),) for m in reversed(range(micro_batches))]
        return (*forward, *backward)

    def published_bubble_s(self, ranks: int, chunk: ChunkTimes) -> float:
        """(PP-1)(F+B): GPipe section 2.3, in seconds instead of a share of the step."""
        return (ranks - 1) * (chunk.forward_s + chunk.backward_s)

    def published_in_flight(self, ranks: int, micro_batches: int) -> int:
        """All of them: the backwards begin after the last forward (GPipe section 2.3, without recompute)."""
        return micro_batches
