"""A schedule's orders as arrays, in an order in which they can be played step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workloads.schedule import Op, ScheduleError, Step

Ints = NDArray[np.int32]
OPS: tuple[Op, ...] = ("F", "B", "I", "W")
FORWARD, WEIGHTS = OPS.index("F"), OPS.index("W")


class Held(NamedTuple):
    """A stage on a rank, with the first and the last step that the rank does for it."""

    rank: int
    stage: int
    first: int
    last: int


class Contents(NamedTuple):
    """Distinct contents: for each the works of a step, as (place in OPS or -1, stage); equal for orders alike."""

    ops: tuple[tuple[int, int], ...]
    stages: tuple[tuple[int, int], ...]

    @staticmethod
    def of(ops: Ints, stages: Ints) -> Contents:
        """From arrays [content, work]."""
        return Contents(*(tuple(map(tuple, column.tolist())) for column in (ops, stages)))


@dataclass(frozen=True, slots=True, eq=False)
class CompiledOrder:
    """Steps of all ranks, none before what it waits for; see `longest_path.play_order`.

    contents   what steps do, whatever the micro-batch;  code   [step]  index into them
    rank     [step];  needs   [step, work, 3];  sends   [step, work]
    last     [rank]  its last step;  held     stages on their ranks
    """

    contents: Contents
    code: Ints
    rank: Ints
    needs: Ints
    sends: Ints
    last: Ints
    held: tuple[Held, ...]


def compiled_order(orders: Sequence[Sequence[Step]]) -> CompiledOrder:
    """Lay the orders out; orders   [rank][step]. Raises ScheduleError for orders that cannot be played."""
    from simulator.estimates.longest_path import playable

    rank, ops, micro_batches, stages = _columns(orders)
    after = _after(ops, micro_batches, stages)
    position = playable(rank, np.where(after >= 0, after // 2, -1))
    if position.min(initial=0) < 0:
        raise ScheduleError("the orders of the ranks wait for each other")
    sequence = np.argsort(position)
    needs, sends = _needs(rank, after, position)
    example, code = _contents(ops, stages)
    return CompiledOrder(
        contents=Contents.of(ops[example], stages[example]),
        code=code[sequence].astype(np.int32),
        rank=rank[sequence],
        needs=needs[sequence],
        sends=sends[sequence],
        last=position[np.append(np.flatnonzero(np.diff(rank)), len(rank) - 1)],
        held=_held(rank, stages, ops, position),
    )


def _columns(orders: Sequence[Sequence[Step]]) -> tuple[Ints, Ints, Ints, Ints]:
    """Steps of all ranks one behind the other: [step] rank, [step, work] op, micro-batch and stage; -1 for none."""
    rank = np.repeat(np.arange(len(orders), dtype=np.int32), [len(order) for order in orders])
    number = {op: place for place, op in enumerate(OPS)}
    none = (-1, -1, -1)
    rows = [
        (*((number[work.op], work.micro_batch, work.stage) for work in step), *[none] * (2 - len(step)))
        for order in orders
        for step in order
    ]
    works = np.array(rows, np.int32).reshape(len(rank), 2, 3)
    ops, micro_batches, stages = (np.ascontiguousarray(works[:, :, column]) for column in range(3))
    return rank, ops, micro_batches, stages


def _after(ops: Ints, micro_batches: Ints, stages: Ints) -> Ints:
    """Twice the step, and the work in it, that each chunk waits for: [step, work], -1 for none (see ScheduleSpec)."""
    last = int(stages.max())
    shape = (int(micro_batches.max()) + 1, last + 1)
    forward, gradient = np.full(shape, -1, np.int32), np.full(shape, -1, np.int32)
    place = np.arange(ops.size, dtype=np.int32).reshape(ops.shape)
    forwards, gradients = ops == FORWARD, (ops > FORWARD) & (ops < WEIGHTS)
    forward[micro_batches[forwards], stages[forwards]] = place[forwards]
    gradient[micro_batches[gradients], stages[gradients]] = place[gradients]
    after = np.full(ops.shape, -1, np.int32)
    later = forwards & (stages > 0)
    after[later] = forward[micro_batches[later], stages[later] - 1]
    turning, back = gradients & (stages == last), gradients & (stages < last)
    after[turning] = forward[micro_batches[turning], last]
    after[back] = gradient[micro_batches[back], stages[back] + 1]
    weights = ops == WEIGHTS
    after[weights] = gradient[micro_batches[weights], stages[weights]]
    if (after[later | gradients | weights] < 0).any():
        raise ScheduleError("a chunk waits for another that no rank does")
    return after


def _needs(rank: Ints, after: Ints, position: Ints) -> tuple[Ints, Ints]:
    """What each chunk waits for as `play_order` reads it, and which chunks another rank waits for."""
    source, work = np.where(after >= 0, after // 2, 0), after % 2
    own = np.arange(len(rank))[:, None]
    there = (after >= 0) & (source != own)
    remote = there & (rank[source] != rank[:, None])
    needs = np.stack([position[source], work, remote], axis=2).astype(np.int32)
    needs[~there] = -1
    sends = np.zeros(after.shape, np.int32)
    sends[source[remote], work[remote]] = 1
    return needs, sends


def _held(rank: Ints, stages: Ints, ops: Ints, position: Ints) -> tuple[Held, ...]:
    """First forward and last backward of each stage on each rank."""
    shape = (int(rank.max()) + 1, int(stages.max()) + 1)
    first, last = np.full(shape, len(rank)), np.full(shape, -1)
    for work in range(ops.shape[1]):
        forwards, backwards = ops[:, work] == FORWARD, ops[:, work] > FORWARD
        np.minimum.at(first, (rank[forwards], stages[forwards, work]), position[forwards])
        np.maximum.at(last, (rank[backwards], stages[backwards, work]), position[backwards])
    places = zip(*(axis.tolist() for axis in np.nonzero(last >= 0)), strict=True)
    return tuple(Held(one, stage, int(first[one, stage]), int(last[one, stage])) for one, stage in places)


def _contents(ops: Ints, stages: Ints) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """A step of each distinct content, and for each step which of them it is like."""
    number = stages.max() + 2
    keys = ((ops[:, 0] * number + stages[:, 0] + 1) * len(OPS) + ops[:, 1] + 1) * number + stages[:, 1] + 1
    _, example, code = np.unique(keys.astype(np.int64), return_index=True, return_inverse=True)
    return example, code.reshape(-1)
