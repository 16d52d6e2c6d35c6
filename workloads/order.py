"""What follows from the orders of all ranks: which chunk waits for which, and how many each rank holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from workloads.schedule import ScheduleError, Step, Work


class Chunk(NamedTuple):
    """One chunk with its place in the schedule.

    step    index of its step in the order of `rank`
    after   index, in what `resolve` returns, of the chunk it waits for; None if it waits for none
    """

    rank: int
    step: int
    work: Work
    after: int | None


class Held(NamedTuple):
    """Micro-batches of which a rank holds activations while it does one step.

    whole         forward has begun, input gradient has not ended before the step
    weight_only   input gradient has ended, the postponed weight gradient has not
    """

    whole: int
    weight_only: int


def resolve(orders: Sequence[Sequence[Step]]) -> tuple[Chunk, ...]:
    """Return all chunks, rank after rank and step after step, each with the chunk it waits for.

    orders   [rank][step]
    Takes time in proportion to the number of chunks. Raises ScheduleError if a chunk is done twice, or if one
    that another waits for is never done.
    """
    placed = [(r, s, work) for r, order in enumerate(orders) for s, step in enumerate(order) for work in step]
    last_stage = max((work.stage for _, _, work in placed), default=0)
    index_of: dict[Key, int] = {}
    for index, (rank, _, work) in enumerate(placed):
        if index_of.setdefault(_gives(work), index) != index:
            raise ScheduleError(f"{_gives(work)} is done twice, the second time on rank {rank} by {work}")
    chunks = []
    for rank, step, work in placed:
        needed = _needs(work, last_stage)
        if needed is not None and needed not in index_of:
            raise ScheduleError(f"{work} on rank {rank} waits for {needed}, which no rank does")
        chunks.append(Chunk(rank, step, work, None if needed is None else index_of[needed]))
    return tuple(chunks)


def held(order: Sequence[Step]) -> tuple[Held, ...]:
    """Return what one rank holds during each of its steps.

    order   [step]; a forward is held from its own step on, a backward frees after its own step
    """
    during = []
    whole = weight_only = 0
    for step in order:
        ops = [work.op for work in step]
        whole += ops.count("F")
        during.append(Held(whole, weight_only))
        whole -= ops.count("B") + ops.count("I")
        weight_only += ops.count("I") - ops.count("W")
    return tuple(during)


def most_in_flight(order: Sequence[Step]) -> int:
    """Return the most micro-batches of which one rank holds any activation at once.

    A micro-batch counts from the start of its forward to the end of its backward (where that is split: of its
    weight gradient), once for each stage that the rank does for it.
    """
    return max((whole + weight_only for whole, weight_only in held(order)), default=0)


class Key(NamedTuple):
    """A result that others wait for: `what` is "forward", "gradient" (of the input) or "weight gradient"."""

    what: str
    micro_batch: int
    stage: int


_GIVES = {"F": "forward", "B": "gradient", "I": "gradient", "W": "weight gradient"}


def _gives(work: Work) -> Key:
    """Name the result of a chunk."""
    return Key(_GIVES[work.op], work.micro_batch, work.stage)


def _needs(work: Work, last_stage: int) -> Key | None:
    """Name the result that a chunk waits for, None for a forward on the first stage."""
    op, micro_batch, stage = work
    if op == "F":
        return Key("forward", micro_batch, stage - 1) if stage else None
    if op == "W":
        return Key("gradient", micro_batch, stage)
    return Key("gradient", micro_batch, stage + 1) if stage < last_stage else Key("forward", micro_batch, stage)
