"""Interleaved 1F1B: each rank holds several short stages, which shortens the bubble (arXiv 2104.04473, 2.2.2)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from workloads.schedule import ChunkTimes, Op, ScheduleSpec, Step, Work


class Interleaved(ScheduleSpec):
    """1F1B over PP x chunks stages; rank r holds stages r, PP + r, 2 PP + r, ...

    chunks    stages a rank ("virtual pipeline" size); 1 would be plain 1F1B
    overlap   a forward and the backward after it run together, the transfers of one behind the computation of the
              other; each rank then begins with one forward more, for the last stage's must be of another micro-batch
    Micro-batches go through a rank's stages in groups of PP: all of a group through the first, then all through the
    next, so that the first of them has come back from the last rank when its next stage's turn is.
    """

    kind: Literal["interleaved"] = "interleaved"
    chunks: Annotated[int, Field(ge=2, le=1000)] = 2
    overlap: bool = False

    def stages(self, ranks: int) -> int:
        """PP x chunks."""
        return ranks * self.chunks

    def stages_of(self, rank: int, ranks: int) -> tuple[int, ...]:
        """Every PP-th stage, from the rank's own number on."""
        return tuple(range(rank, ranks * self.chunks, ranks))

    def problems(self, ranks: int, micro_batches: int) -> list[str]:
        """Say why it cannot run like this, and what would work; empty if it can."""
        if found := super().problems(ranks, micro_batches):
            return found
        if micro_batches % ranks:
            below = micro_batches // ranks * ranks
            choice = f"{below} or {below + ranks}" if below else str(ranks)
            found.append(
                f"interleaved sends micro-batches through in groups of pp = {ranks}, but {micro_batches} is no "
                f"multiple of it: use {choice} micro-batches, or the schedule 1f1b"
            )
        return found

    def order(self, rank: int, ranks: int, micro_batches: int) -> tuple[Step, ...]:
        """Return the steps of one rank; raise ScheduleError where `check` does."""
        self.check(ranks, micro_batches)
        forward = self._passes("F", rank, ranks, micro_batches)
        backward = self._passes("B", rank, ranks, micro_batches)
        ahead = min(2 * (ranks - 1 - rank) + (self.chunks - 1) * ranks + self.overlap, len(forward))
        pairs = zip(forward[ahead:], backward, strict=False)
        turns = [(*f, *b) for f, b in pairs] if self.overlap else [step for both in pairs for step in both]
        return (*forward[:ahead], *turns, *backward[len(backward) - ahead :])

    def _passes(self, op: Op, rank: int, ranks: int, micro_batches: int) -> list[Step]:
        """One direction's chunks of a rank: group by group, within it stage by stage; backward the last stage first."""
        own = self.stages_of(rank, ranks)
        ordered = own if op == "F" else own[::-1]
        groups = range(0, micro_batches, ranks)
        return [(Work(op, first + at, stage),) for first in groups for stage in ordered for at in range(ranks)]

    def published_bubble_s(self, ranks: int, chunk: ChunkTimes) -> float | None:
        """(PP-1)(F+B) of one of its short chunks, which is 1/chunks of a rank's (arXiv 2104.04473, section 2.2.2)."""
        return None if self.overlap else (ranks - 1) * (chunk.forward_s + chunk.backward_s)

    def published_in_flight(self, ranks: int, micro_batches: int) -> int | None:
        """PP x chunks + PP - 1 short chunks, or all where they are fewer (arXiv 2205.05198, section 4.2)."""
        return None if self.overlap else min(micro_batches * self.chunks, ranks * self.chunks + ranks - 1)
