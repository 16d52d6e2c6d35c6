"""DualPipeV: DualPipe folded at its middle, half the ranks with the same chunks (github.com/deepseek-ai/DualPipe)."""

from __future__ import annotations

from typing import Literal

from workloads.phases import Lane, both_ways, fill
from workloads.schedule import ChunkTimes, Folded, Step, apart


class DualPipeV(Folded):
    """All micro-batches enter at rank 0, turn at the last rank and come back; on the way pairs overlap as in DualPipe.

    Rank r holds stages r and 2 PP-1-r, PP being its ranks: each stage is held once. Its formulas are published for
    twice as many stages as ranks.

    overlap   transfers of one chunk of a pair behind the computation of the other; false: one after the other
    """

    kind: Literal["dualpipev"] = "dualpipev"
    overlap: bool = True

    def problems(self, ranks: int, micro_batches: int) -> list[str]:
        """Say why DualPipeV cannot run like this, and what would work; empty if it can."""
        if found := super().problems(ranks, micro_batches):
            return found
        if micro_batches < 2 * ranks:
            fewer = f"pp = {micro_batches // 2} or fewer, " if micro_batches >= 2 else ""
            found.append(
                f"dualpipev on pp = {ranks} needs at least 2 x pp = {2 * ranks} micro-batches a step, "
                f"not {micro_batches}: use more micro-batches, {fewer}or the schedule zb-h1 or 1f1b"
            )
        return found

    def order(self, rank: int, ranks: int, micro_batches: int) -> tuple[Step, ...]:
        """Return the steps of one rank; raise ScheduleError where `check` does."""
        self.check(ranks, micro_batches)
        texts = both_ways(rank, ranks - 1 - rank, micro_batches - 2 * ranks + rank + 1)
        lanes = [Lane(stage) for stage in self.stages_of(rank, ranks)]
        steps = (step for phase in fill(texts, lanes) for step in phase)
        return tuple(steps) if self.overlap else apart(steps)

    def published_bubble_s(self, ranks: int, chunk: ChunkTimes) -> float:
        """(stages/2-1)(F&B+B-3W): readme of github.com/deepseek-ai/DualPipe."""
        return (ranks - 1) * (chunk.turn_s(self.overlap) + chunk.backward_s - 3 * chunk.weight_grad_s)

    def published_in_flight(self, ranks: int, micro_batches: int) -> int:
        """Stages + 1: readme of github.com/deepseek-ai/DualPipe."""
        return 2 * ranks + 1
