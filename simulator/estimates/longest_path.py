"""Compiled loops of the estimate: a pipeline's order played by longest path, and the inside of a chunk on all ranks."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@njit(cache=True)
def play_order(  # noqa: PLR0913, PLR0917
    rank: Ints, needs: Ints, sends: Ints, seconds: Floats, taken: Floats, freed: Floats, release: Floats, send_s: float
) -> tuple[Floats, Floats, Floats]:
    """Play all steps of all ranks; a rank does its own in order, and sends its results one at a time.

    rank      [step]  who does it; steps stand in an order in which none comes before what it waits for
    needs     [step, work, 3]  step and work that a chunk waits for, and whether they are on another rank; -1 for none
    sends     [step, work]  whether another rank waits for it
    seconds   [step];  taken, freed   [step]  bytes of activations taken at its start, free at its end
    release   [step]  earliest start
    returns   [step] end in seconds, [rank] seconds at work, [rank] most bytes held at once
    """
    steps, ranks = len(rank), rank.max() + 1
    end, arrived = np.zeros(steps), np.zeros((steps, 2))
    free, port, busy = np.zeros(ranks), np.zeros(ranks), np.zeros(ranks)
    held, most = np.zeros(ranks), np.zeros(ranks)
    for step in range(steps):
        mine = rank[step]
        start = max(free[mine], release[step])
        for work in range(2):
            before = needs[step, work, 0]
            if before >= 0:
                ready = arrived[before, needs[step, work, 1]] if needs[step, work, 2] else end[before]
                start = max(start, ready)
        end[step] = free[mine] = start + seconds[step]
        busy[mine] += seconds[step]
        for work in range(2):
            if sends[step, work]:
                port[mine] = max(port[mine], end[step]) + send_s
                arrived[step, work] = port[mine]
        held[mine] += taken[step]
        most[mine] = max(most[mine], held[mine])
        held[mine] -= freed[step]
    return end, busy, most


@njit(cache=True)
def play_bytes(rank: Ints, taken: Floats, freed: Floats) -> Floats:
    """Most bytes that each rank holds at once; arguments and order of steps as in `play_order`: [rank]."""
    held, most = np.zeros(rank.max() + 1), np.zeros(rank.max() + 1)
    for step in range(len(rank)):
        mine = rank[step]
        held[mine] += taken[step]
        most[mine] = max(most[mine], held[mine])
        held[mine] -= freed[step]
    return most


@njit(cache=True)
def playable(rank: Ints, after: Ints) -> Ints:
    """Number the steps so that each comes after those it waits for and those before it on its rank.

    rank    [step]  ascending;  after   [step, work]  steps waited for, -1 for none
    returns [step]  position; -1 where steps wait for each other
    """
    steps, ranks = len(rank), rank.max() + 1
    position = np.full(steps, -1, np.int32)
    following, last = np.zeros(ranks, np.int32), np.zeros(ranks, np.int32)
    for step in range(steps):
        last[rank[step]] = step + 1
    following[1:] = last[:-1]
    done, moved = 0, True
    while moved:
        moved = False
        for mine in range(ranks):
            while following[mine] < last[mine]:
                step = following[mine]
                ready = True
                for work in range(after.shape[1]):
                    before = after[step, work]
                    ready = ready and (before < 0 or before == step or position[before] >= 0)
                if not ready:
                    break
                position[step] = done
                done += 1
                following[mine] += 1
                moved = True
    return position


@njit(cache=True)
def play_chunk(kind: Ints, seconds: Floats, waits: Ints, loads: Floats, slowness: Floats) -> float:
    """Play the parts of a chunk on every rank and draw, as `lockstep` does on arrays; seconds, mean over draws.

    kind      [part, 4]  stream (0 compute, 1 transfers), load, whether ranks start it together, whose load counts
                         (its number in `simulator.lockstep.WHOSE`)
    seconds   [part, 2]  fixed, and by load
    waits     [part, most]  parts it waits for; -1 for none
    loads     [whose, draw, layer, rank];  slowness   [draw, rank]  of computing
    """
    parts, (_, draws, _, ranks) = len(kind), loads.shape
    total, end, free = 0.0, np.zeros((parts, ranks)), np.zeros((2, ranks))
    start = np.zeros(ranks)
    for draw in range(draws):
        free[:] = 0.0
        last = 0.0
        for part in range(parts):
            stream, load, together, whose = kind[part]
            start[:] = free[stream]
            for before in waits[part]:
                if before >= 0:
                    for one in range(ranks):
                        start[one] = max(start[one], end[before, one])
            if together:
                start[:] = start.max()
            own = loads[whose, draw, load]
            for one in range(ranks):
                spent = seconds[part, 0] + seconds[part, 1] * own[one]
                end[part, one] = start[one] + (spent if stream else spent * slowness[draw, one])
                free[stream, one] = end[part, one]
                last = max(last, end[part, one])
        total += last
    mean_s: float = total / draws
    return mean_s
