"""1F1B: as few forwards ahead as fill the pipeline, then one forward, one backward (arXiv 2104.04473)."""

from __future__ import annotations

from typing import Literal

from workloads.schedule import ChunkTimes, ScheduleSpec, Step, Work


class OneFOneB(ScheduleSpec):
    """Enough forwards to fill the ranks after it, then turns, then the backwards left."""

    kind: Literal["1f1b"] = "1f1b"

    def order(self, rank: int, ranks: int, micro_batches: int) -> tuple[Step, ...]:
        """Return the steps of one rank; raise ScheduleError without ranks or micro-batches."""
        self.check(ranks, micro_batches)
        ahead = min(ranks - 1 - rank, micro_batches)
        forward = [(Work("F", m, rank),) for m in range(micro_batches)]
        backward = [(Work("B", m, rank),) for m in range(micro_batches)]
        turns = [step for both in zip(forward[ahead:], backward, strict=False) for step in both]
        return (*forward[:ahead], *turns, *backward[micro_batches - ahead :])

    def published_bubble_s(self, ranks: int, chunk: ChunkTimes) -> float:
        """(PP-1)(F+B): arXiv 2104.04473 section 2.2.1; DeepSeek-V3 report (arXiv 2412.19437), Table 2."""
        return (ranks - 1) * (chunk.forward_s + chunk.backward_s)

    def published_in_flight(self, ranks: int, micro_batches: int) -> int:
        """PP, or all micro-batches where they are fewer: the first rank's (arXiv 2412.19437, Table 2)."""
        return min(ranks, micro_batches)
