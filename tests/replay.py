"""Replay of a schedule with equal chunks and free sends, as the published bubble formulas assume."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.engine import Task, play
from workloads.order import resolve
from workloads.schedule import ChunkTimes, Step

COMPUTE = "compute"


class Replay(NamedTuple):
    """Seconds of the whole step and, by rank, of standing idle.

    bubble_s   [rank]  in the whole step
    waits_s    [rank]  from the rank's own first step to its last
    """

    step_s: float
    bubble_s: NDArray[np.float64]
    waits_s: NDArray[np.float64]


def replay(orders: tuple[tuple[Step, ...], ...], chunk: ChunkTimes) -> Replay:
    """Play one task a step on one stream a rank."""
    trace = play(tasks(orders, chunk))
    busy_s = np.bincount(trace.rank, weights=trace.end_s - trace.start_s)
    own = [trace.rank == rank for rank in range(len(orders))]
    there_s = np.array([trace.end_s[mine].max() - trace.start_s[mine].min() for mine in own])
    bubble_s, waits_s = (np.asarray(seconds - busy_s, np.float64) for seconds in (trace.makespan_s, there_s))
    return Replay(trace.makespan_s, bubble_s, waits_s)


def tasks(orders: tuple[tuple[Step, ...], ...], chunk: ChunkTimes) -> list[Task]:
    """One task a step, rank after rank."""
    chunks = resolve(orders)
    number = {place: i for i, place in enumerate(dict.fromkeys((c.rank, c.step) for c in chunks))}
    after: list[set[int]] = [set() for _ in number]
    for one in chunks:
        if one.after is not None:
            before = chunks[one.after]
            after[number[one.rank, one.step]].add(number[before.rank, before.step])
    return [
        Task(rank, COMPUTE, name(orders[rank][step]), seconds(orders[rank][step], chunk), tuple(sorted(after[i])))
        for (rank, step), i in number.items()
    ]


def name(step: Step) -> str:
    """Operations of a step: "F", or "F&B" for a pair."""
    return "&".join(work.op for work in step)


def seconds(step: Step, chunk: ChunkTimes) -> float:
    """Time of a step."""
    if len(step) == 2:
        return chunk.pair_s
    return {
        "F": chunk.forward_s,
        "B": chunk.backward_s,
        "I": chunk.input_grad_s,
        "W": chunk.weight_grad_s,
    }[step[0].op]
