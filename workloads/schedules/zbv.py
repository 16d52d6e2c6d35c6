"""ZB-V: two stages a rank, in a V, no waiting with 1F1B's memory (arXiv 2401.10241, section 6)."""

from __future__ import annotations

from typing import ClassVar, Literal

from workloads.phases import Lane, Phase, fill, left_over
from workloads.schedule import ChunkTimes, Folded, Step


class ZbV(Folded):
    """Micro-batches run from rank 0 to the last rank and back; the last stage is on rank 0, beside the first.

    Rank r begins r forwards after rank 0 and, with equal chunks, ends as much later: a step that begins and ends on
    all ranks together idles (PP-1) F at least.
    """

    kind: Literal["zbv"] = "zbv"
    formula_counts_own_span: ClassVar[bool] = True

    def problems(self, ranks: int, micro_batches: int) -> list[str]:
        """Say why ZB-V cannot run like this, and what would work; empty if it can."""
        if found := super().problems(ranks, micro_batches):
            return found
        if micro_batches < 2 * ranks - 1:
            found.append(
                f"zbv on pp = {ranks} needs at least 2 x pp - 1 = {2 * ranks - 1} micro-batches a step, not "
                f"{micro_batches}: use more micro-batches, pp = {(micro_batches + 1) // 2} or fewer, or the schedule "
                "zb-h1 or 1f1b"
            )
        return found

    def order(self, rank: int, ranks: int, micro_batches: int) -> tuple[Step, ...]:
        """Return the steps of one rank; raise ScheduleError where `check` does."""
        self.check(ranks, micro_batches)
        lanes = [Lane(stage) for stage in self.stages_of(rank, ranks)]
        return tuple(step for phase in fill(_phases(rank, ranks, micro_batches), lanes) for step in phase)

    def published_bubble_s(self, ranks: int, chunk: ChunkTimes) -> float | None:
        """None, unless forward, input and weight gradient take equally long: then 0 (arXiv 2401.10241, section 6).

        Counted from a rank's first chunk to its last.
        """
        return 0.0 if chunk.forward_s == chunk.input_grad_s == chunk.weight_grad_s else None

    def published_in_flight(self, ranks: int, micro_batches: int) -> int:
        """2 PP chunks of half a rank's layers, 1F1B's memory (arXiv 2401.10241, section 6)."""
        return 2 * ranks


def _phases(rank: int, ranks: int, micro_batches: int) -> list[Phase]:
    """Write down a rank's phases; lane 0 is its stage on the way in, lane 1 that on the way back.

    Forwards until the first one is back; both lanes forward; the second lane backward too; one chunk of each kind in
    turn; then, without forwards, input gradients first where the next rank waits for them.
    """
    left = ranks - rank
    phases: list[Phase] = [
        ["F0"] * (2 * left - 1),
        ["F1", "F0"] * rank,
        ["F1", "b1", "W"] * left,
        ["F0", "b0", "W", "F1", "b1", "W"] * (micro_batches - 2 * ranks + rank + 1),
        ["b0", "W", "F1", "b1", "W"] * (left - 1),
        ["b0", "b1"] * rank,
        ["b0", "W"] * left,
    ]
    return [*phases, ["W"] * left_over(phases)]
