"""DualPipe: micro-batches enter at both ends, and a forward overlaps a backward (arXiv 2412.19437, 3.2.1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Literal

from workloads.schedule import ChunkTimes, Op, ScheduleSpec, Step, Work

Phase = Sequence[str]
"""Steps as text: F forward, B full backward, b input gradient, W weight gradient; 0, 1 end; & overlapped."""

OP_OF: dict[str, Op] = {"F": "F", "B": "B", "b": "I"}


class DualPipe(ScheduleSpec):
    """The first half of the micro-batches enters at rank 0, the second half at the last rank.

    Rank r holds stages r and PP-1-r: each stage is held twice, the first and the last by the same ranks.
    """

    kind: Literal["dualpipe"] = "dualpipe"

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
        return tuple(step for phase in self.phases(rank, ranks, micro_batches) for step in phase)

    def phases(self, rank: int, ranks: int, micro_batches: int) -> tuple[tuple[Step, ...], ...]:
        """Return the steps of one rank by phase, eight of them; raise ScheduleError where `check` does.

        Phases of the reference implementation (github.com/deepseek-ai/DualPipe).
        """
        self.check(ranks, micro_batches)
        outer = min(rank, ranks - 1 - rank)
        inner = ranks // 2 - 1 - outer
        texts = _phases(outer, inner, micro_batches // 2 - ranks + outer + 1)
        return _fill(texts, rank, ranks, micro_batches)

    def published_bubble_s(self, ranks: int, chunk: ChunkTimes) -> float:
        """(PP/2-1)(F&B+B-3W): arXiv 2412.19437, Table 2."""
        return (ranks / 2 - 1) * (chunk.pair_s + chunk.backward_s - 3 * chunk.weight_grad_s)

    def published_in_flight(self, ranks: int, micro_batches: int) -> int:
        """PP+1: arXiv 2412.19437, Table 2."""
        return ranks + 1


def _even_neighbours(number: int) -> str:
    """Name the even numbers next to an odd one."""
    return f"{number - 1} or {number + 1}" if number > 1 else "2"


def _phases(outer: int, inner: int, steady: int) -> list[Phase]:
    """Write down the eight phases of a rank.

    outer    ranks between it and its own end of the pipeline; direction 0 enters there, 1 at the other end
    inner    ranks between it and the middle of the pipeline
    steady   times that it does both kinds of pair in the steady phase
    """
    pairs = ["F0&B1", "F1&B0"] * steady
    if not inner:
        # Nothing overlaps with the first backward that reaches the two middle ranks.
        pairs[:1] = ["F0", "B1"]
    phases: list[Phase] = [
        ["F0"] * 2 * inner,
        ["F0", "F1"] * (outer + 1),
        ["b1", "W", "F1"] * inner,
        pairs,
        ["B1", "F1&B0"] * inner,
        _turn_to_input_gradients(outer),
        ["W", "b0"] * inner,
    ]
    postponed = sum(text.startswith("b") for phase in phases for text in phase)
    done = sum(text == "W" for phase in phases for text in phase)
    return [*phases, ["W"] * (postponed - done)]


def _turn_to_input_gradients(outer: int) -> Phase:
    """Write down phase 6: backwards from both ends, that postpone their weight gradient from half-way on."""
    backwards = ["B1", "B0"] * (outer + 1)
    full = outer + 1
    return [text if i < full else text.replace("B", "b") for i, text in enumerate(backwards)]


def _fill(phases: Sequence[Phase], rank: int, ranks: int, micro_batches: int) -> tuple[tuple[Step, ...], ...]:
    """Give each step of the text its micro-batches, in order of entry, and its stage."""
    half = micro_batches // 2
    first_of = (0, half) if rank < ranks // 2 else (half, 0)
    done = dict.fromkeys(("F0", "F1", "B0", "B1"), 0)
    postponed: deque[Work] = deque()

    def work(text: str) -> Work:
        if text == "W":
            return postponed.popleft()._replace(op="W")
        kind, end = text.upper(), int(text[1])
        micro_batch = first_of[end] + done[kind]
        done[kind] += 1
        stage = rank if micro_batch < half else ranks - 1 - rank
        if text[0] == "b":
            postponed.append(Work("I", micro_batch, stage))
        return Work(OP_OF[text[0]], micro_batch, stage)

    return tuple(tuple(tuple(work(t) for t in text.split("&")) for text in phase) for phase in phases)
