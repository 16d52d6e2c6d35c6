"""ZB-H1, also ZB1P: 1F1B with weight gradients put off into what was bubble (arXiv 2401.10241, section 2.1)."""

from __future__ import annotations

from typing import Literal

from workloads.phases import Lane, fill, put_off
from workloads.schedule import ChunkTimes, ScheduleSpec, Step


class ZbH1(ScheduleSpec):
    """1F1B's forwards and input gradients; rank r does a weight gradient r micro-batches after its input gradient.

    So each rank holds activations of as many micro-batches, and has as much left to do while the last input
    gradients travel back to rank 0.
    """

    kind: Literal["zb-h1"] = "zb-h1"

    def order(self, rank: int, ranks: int, micro_batches: int) -> tuple[Step, ...]:
        """Return the steps of one rank; raise ScheduleError without ranks or micro-batches."""
        self.check(ranks, micro_batches)
        (steps,) = fill([put_off(ranks - rank, rank, micro_batches)], [Lane(rank)])
        return steps

    def published_bubble_s(self, ranks: int, chunk: ChunkTimes) -> float:
        """(PP-1)(F+B-2W), B the full backward: arXiv 2401.10241, Table 2; arXiv 2412.19437, Table 2."""
        return (ranks - 1) * (chunk.forward_s + chunk.backward_s - 2 * chunk.weight_grad_s)

    def published_in_flight(self, ranks: int, micro_batches: int) -> int:
        """PP on every rank, or all micro-batches where they are fewer (arXiv 2412.19437, Table 2)."""
        return min(ranks, micro_batches)
