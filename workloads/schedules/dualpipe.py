"""DualPipe: micro-batches enter at both ends, and a forward overlaps a backward (arXiv 2412.19437, 3.2.1)."""

from __future__ import annotations

from typing import Literal

from workloads.phases import Lane, both_ways, fill
from workloads.schedule import ChunkTimes, ScheduleSpec, Step, apart


class DualPipe(ScheduleSpec):
    """The first half of the micro-batches enters at rank 0, the second half at the last rank.

    Rank r holds stages r and PP-1-r: each stage is held twice, the first and the last by the same ranks.

    overlap   transfers of one chunk of a pair behind the computation of the other; false: one after the other
    """

    kind: Literal["dualpipe"] = "dualpipe"
    overlap: bool = True

    def stages_of(self, rank: int, ranks: int) -> tuple[int, ...]:
        """Stages whose parameters `rank` holds: one a direction."""
        return (rank, ranks - 1 - rank)

    def problems(self, ranks: int, micro_batches: int) -> list[str]:
        """Say why DualPipe cannot run like this, and what would work; empty if it can."""
        if found := super().problems(ranks, micro_batches):
            return found
        if ranks % 2:
            found.append(
                f"dualpipe needs an even number of pipeline ranks, but pp = {ranks}: "
                f"use pp = {_even_neighbours(ranks)}, or the schedule 1f1b"
            )
        if micro_batches % 2:
            found.append(
                f"dualpipe sends half of the micro-batches in at each end, but {micro_batches} is odd: "
                f"use {_even_neighbours(micro_batches)}"
            )
        if micro_batches < 2 * ranks:
            fewer = f"pp = {micro_batches // 4 * 2} or fewer, " if micro_batches >= 4 else ""
            found.append(
                f"dualpipe on pp = {ranks} needs at least 2 x pp = {2 * ranks} micro-batches a step, "
                f"not {micro_batches}: use more micro-batches, {fewer}or the schedule 1f1b"
            )
        return found

    def order(self, rank: int, ranks: int, micro_batches: int) -> tuple[Step, ...]:
        """Return the steps of one rank; raise ScheduleError where `check` does."""
        steps = (step for phase in self.phases(rank, ranks, micro_batches) for step in phase)
        return tuple(steps) if self.overlap else apart(steps)

    def phases(self, rank: int, ranks: int, micro_batches: int) -> tuple[tuple[Step, ...], ...]:
        """Return the steps of one rank by phase, eight of them; raise ScheduleError where `check` does.

        Phases of the reference implementation (github.com/deepseek-ai/DualPipe).
        """
        self.check(ranks, micro_batches)
        outer = min(rank, ranks - 1 - rank)
        inner = ranks // 2 - 1 - outer
        half = micro_batches // 2
        lanes = [Lane(rank, 0), Lane(ranks - 1 - rank, half)]
        texts = both_ways(outer, inner, half - ranks + outer + 1)
        return fill(texts, lanes if rank < ranks // 2 else lanes[::-1])

    def published_bubble_s(self, ranks: int, chunk: ChunkTimes) -> float:
        """(PP/2-1)(F&B+B-3W): arXiv 2412.19437, Table 2."""
        return (ranks / 2 - 1) * (chunk.turn_s(self.overlap) + chunk.backward_s - 3 * chunk.weight_grad_s)

    def published_in_flight(self, ranks: int, micro_batches: int) -> int:
        """PP+1: arXiv 2412.19437, Table 2."""
        return ranks + 1


def _even_neighbours(number: int) -> str:
    """Name the even numbers next to an odd one."""
    return f"{number - 1} or {number + 1}" if number > 1 else "2"
