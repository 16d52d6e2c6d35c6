"""ZB-H2: enough forwards ahead that no rank waits once it has begun (arXiv 2401.10241, section 2.2)."""

from __future__ import annotations

from typing import ClassVar, Literal

from workloads.phases import Lane, fill, put_off
from workloads.schedule import ChunkTimes, ScheduleSpec, Step


class ZbH2(ScheduleSpec):
    """Forwards until the first input gradient is back; rank r's weight gradients 2 r micro-batches after that.

    Rank r begins r forwards after rank 0 and, with equal chunks, ends as much later. The formula counts from a rank's
    own first chunk to its last; a step that begins and ends on all ranks together idles (PP-1) F at least.
    """

    kind: Literal["zb-h2"] = "zb-h2"
    formula_counts_own_span: ClassVar[bool] = True

    def order(self, rank: int, ranks: int, micro_batches: int) -> tuple[Step, ...]:
        """Return the steps of one rank; raise ScheduleError without ranks or micro-batches."""
        self.check(ranks, micro_batches)
        (steps,) = fill([put_off(2 * (ranks - rank) - 1, 2 * rank, micro_batches)], [Lane(rank)])
        return steps

    def published_bubble_s(self, ranks: int, chunk: ChunkTimes) -> float:
        """(PP-1)(F+B-3W), B the full backward, from a rank's first chunk to its last (arXiv 2401.10241, Table 2)."""
        return (ranks - 1) * (chunk.forward_s + chunk.backward_s - 3 * chunk.weight_grad_s)

    def published_in_flight(self, ranks: int, micro_batches: int) -> int:
        """2 PP - 1 on every rank, or all micro-batches where they are fewer (arXiv 2401.10241, Table 2)."""
        return min(2 * ranks - 1, micro_batches)
