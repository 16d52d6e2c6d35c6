"""What a pipeline schedule is: which chunk each rank does after which; an order, never a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal, NamedTuple

from topologies.spec import Spec

Op = Literal["F", "B", "I", "W"]


class ScheduleError(ValueError):
    """A schedule cannot run on these ranks and micro-batches; the message says why and what would work."""


class Work(NamedTuple):
    """One chunk: what is done for one micro-batch by one stage of the model.

    op   F forward; B full backward, that is input and weight gradient; I input gradient alone; W the weight
         gradient that an I postponed
    """

    op: Op
    micro_batch: int
    stage: int


Step = tuple[Work, ...]
"""One chunk alone, or two whose computation and communication overlap: (forward, backward)."""


def apart(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The same order with nothing overlapped: the two chunks of a pair one after the other."""
    return tuple((work,) for step in steps for work in step)


class ChunkTimes(NamedTuple):
    """Seconds of one chunk, the same for all stages, as the published bubble formulas take them.

    pair_s   a forward overlapped with a full backward; forward_s + backward_s if overlap saves nothing
    """

    forward_s: float
    input_grad_s: float
    weight_grad_s: float
    pair_s: float

    @property
    def backward_s(self) -> float:
        """Seconds of a full backward: input gradient, then weight gradient."""
        return self.input_grad_s + self.weight_grad_s

    def turn_s(self, overlap: bool) -> float:
        """Seconds of a forward and a full backward, overlapped or one after the other."""
        return self.pair_s if overlap else self.forward_s + self.backward_s


class ScheduleSpec(Spec):
    """A pipeline schedule. A file in workloads/schedules with one subclass adds one.

    What waits for what is the same for all: F(m, s) for F(m, s-1); B or I(m, s) for B or I(m, s+1), on the
    last stage for its own F; W(m, s) for I(m, s). The rank that does a stage of a micro-batch is the one in
    whose order it stands.
    """

    kind: str
    formula_counts_own_span: ClassVar[bool] = False
    """True where the published bubble counts from a rank's own first chunk to its last, not over the whole step."""

    def stages(self, ranks: int) -> int:
        """Number of stages that the model is cut into."""
        return ranks

    def stages_of(self, rank: int, ranks: int) -> tuple[int, ...]:
        """Stages whose parameters `rank` holds."""
        return (rank,)

    def holders(self, stage: int, ranks: int) -> tuple[int, ...]:
        """Pipeline ranks that hold the parameters of a stage, ascending."""
        return tuple(rank for rank in range(ranks) if stage in self.stages_of(rank, ranks))

    def problems(self, ranks: int, micro_batches: int) -> list[str]:
        """Say why the schedule cannot run like this, and what would work; empty if it can."""
        few = {"pipeline rank": ranks, "micro-batch": micro_batches}
        return [f"{self.kind} needs at least 1 {what}, not {n}" for what, n in few.items() if n < 1]

    def check(self, ranks: int, micro_batches: int) -> None:
        """Raise ScheduleError with all `problems`, if there are any."""
        if problems := self.problems(ranks, micro_batches):
            raise ScheduleError("; ".join(problems))

    def order(self, rank: int, ranks: int, micro_batches: int) -> tuple[Step, ...]:
        """Return the steps of one rank, first to last; raise ScheduleError where `check` does."""
        raise NotImplementedError(f"{type(self).__name__} has no order")

    def orders(self, ranks: int, micro_batches: int) -> tuple[tuple[Step, ...], ...]:
        """Return the order of every rank."""
        return tuple(self.order(rank, ranks, micro_batches) for rank in range(ranks))

    def published_bubble_s(self, ranks: int, chunk: ChunkTimes) -> float | None:
        """Seconds that a rank stands idle in a step by the published formula; None if there is none."""
        return None

    def published_in_flight(self, ranks: int, micro_batches: int) -> int | None:
        """Most micro-batches whose activations a rank holds, as published; None if it is not."""
        return None


class Folded(ScheduleSpec):
    """A schedule whose micro-batches turn at the last rank and come back: each rank does two stages."""

    def stages(self, ranks: int) -> int:
        """Twice as many as ranks."""
        return 2 * ranks

    def stages_of(self, rank: int, ranks: int) -> tuple[int, ...]:
        """Stages whose parameters `rank` holds: one on the way in, one on the way back."""
        return (rank, 2 * ranks - 1 - rank)
