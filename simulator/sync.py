"""Gradients summed and parameters brought back in a step: after the last backward, or stage by stage beside chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from simulator.chunks import COMM, COMPUTE
from simulator.engine import Task
from simulator.finish import Finish

BARRIER, FINISH, BESIDE = "barrier", "optimizer", "beside"
"""Categories of tasks that are no chunk; what runs beside chunks fills no time of its own in the budget."""
SUM = "reduce-scatter"
"""How the sum of gradients is called; all ranks that hold the parameters begin it together."""


class Slot(NamedTuple):
    """A task and the line of the time budget it counts under."""

    task: Task
    category: str


class Span(NamedTuple):
    """Where a rank's work on one of its stages begins and ends: indices of the tasks."""

    rank: int
    stage: int
    first_forward: int
    last_backward: int


def after_chunks(
    last: Sequence[int], finish: Sequence[Finish], peers: Sequence[Sequence[int]], offset: int
) -> list[Slot]:
    """Tasks after the last backward: gradients, a barrier (the norm over all gradients), update, parameters.

    Gradients are summed with all ranks that hold the same parameters, so they wait for each other.

    last     [rank]  its last chunk;  peers   [rank]  ranks that hold the same parameters
    offset   number of tasks before these
    """
    ranks = range(len(last))
    reduce_at, barrier_at = offset, offset + len(last)
    slots = []
    for rank in ranks:
        after = tuple(sorted(last[peer] for peer in peers[rank]))
        slots.append(Slot(Task(rank, COMM, SUM, finish[rank].reduce_s, after), FINISH))
    slots.append(_norm(range(reduce_at, barrier_at)))
    for rank in ranks:
        slots.append(_update(rank, finish[rank], barrier_at))
        after = (offset + len(slots) - 1,)
        slots.append(Slot(Task(rank, COMM, "all-gather", finish[rank].gather_s, after), FINISH))
    return slots


def beside_chunks(
    slots: Sequence[Slot], spans: Sequence[Span], by_stage: Sequence[Finish], finish: Sequence[Finish]
) -> tuple[Slot, ...]:
    """All tasks of a step in which each stage's parameters and gradients travel by themselves.

    Parameters come back before the first forward of their stage: those of the update before, for a step begins where
    the last one ended. Gradients go after the last backward of their stage on all ranks that hold it. What no chunk
    of the rank can hide, its first gather and its last sum, counts as the optimiser's.

    slots   chunks and sends;  by_stage   [stage]  of each stage's parameters alone;  finish   [rank]  for the update
    """
    done = list(slots)
    for span in sorted(spans, key=lambda span: (span.rank, span.first_forward)):
        first = span.first_forward == min(other.first_forward for other in spans if other.rank == span.rank)
        done.append(_moved(span, "all-gather", by_stage[span.stage].gather_s, (), first))
        task, category = done[span.first_forward]
        done[span.first_forward] = Slot(replace(task, after=(*task.after, len(done) - 1)), category)
    sums_at = len(done)
    for span in sorted(spans, key=lambda span: (span.rank, span.last_backward)):
        last = span.last_backward == max(other.last_backward for other in spans if other.rank == span.rank)
        after = tuple(sorted(other.last_backward for other in spans if other.stage == span.stage))
        done.append(_moved(span, SUM, by_stage[span.stage].reduce_s, after, last))
    barrier_at = len(done)
    done.append(_norm(range(sums_at, barrier_at)))
    return (*done, *(_update(rank, each, barrier_at) for rank, each in enumerate(finish)))


def _moved(span: Span, name: str, seconds: float, after: tuple[int, ...], bare: bool) -> Slot:
    """One stage's parameters or gradients on their way."""
    return Slot(Task(span.rank, COMM, f"{name} s{span.stage}", seconds, after), FINISH if bare else BESIDE)


def _norm(sums: range) -> Slot:
    """The barrier at which all gradients are summed and their norm is known."""
    return Slot(Task(0, "barrier", "gradient norm", 0.0, tuple(sums)), BARRIER)


def _update(rank: int, finish: Finish, barrier_at: int) -> Slot:
    """One rank's optimiser."""
    return Slot(Task(rank, COMPUTE, "optimizer", finish.update_s, (barrier_at,)), FINISH)
