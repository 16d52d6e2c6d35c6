"""The inside of a chunk on all ranks that share experts at once: uneven loads, and who waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.chunks import COMM, COMPUTE, Part
from simulator.engine import Task, play
from simulator.trace import Trace
from workloads.loads import Loads

Times = NDArray[np.float64]
Whose = Literal["rank", "node", "worst_node", "worst_rank"]
WHOSE: tuple[Whose, ...] = ("rank", "node", "worst_node", "worst_rank")
"""Whose load a part's time may grow with, in the order in which compiled code numbers them."""
WAIT = "wait for "
FROM_EXPERTS = ("combine(F)", "dispatch(B)")
"""Transfers from the experts back: the gradient of a dispatch goes that way too."""


@dataclass(frozen=True, slots=True, eq=False)
class Lockstep:
    """When each part ran on each rank in each draw: [part, draw, rank].

    ready   a rank could start the part; `start` is later where it had to wait for the slowest rank
    """

    ready: Times
    start: Times
    end: Times

    @property
    def seconds(self) -> float:
        """Until the slowest rank is done, mean over draws."""
        return float(self.end.max(axis=(0, 2)).mean()) if len(self.end) else 0.0

    @property
    def wait_s(self) -> Times:
        """Mean over draws and ranks of what each part waits for the slowest rank: [part]."""
        waited: Times = (self.start - self.ready).mean(axis=(1, 2))
        return waited


def lockstep(parts: Sequence[Part], loads: Loads) -> Lockstep:
    """Play the parts on every rank and draw at once.

    On each rank a part starts when its stream is free and what it waits for has ended, as in the engine; one that the
    ranks do together starts when all of them could. A transfer takes its time at the mean load, longer on a node whose
    experts get more (its ports receive more), or on a GPU whose own links set the time; a combine as long as on the
    fullest one, from which all wait. A slow GPU takes longer for what it computes.

    loads   one for each of the chunk's (see `Part.load`)
    """
    shape = (len(parts), loads.rank.shape[0], loads.rank.shape[2])
    ready, start, end = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    free = {COMPUTE: np.zeros(shape[1:]), COMM: np.zeros(shape[1:])}
    for at, part in enumerate(parts):
        ready[at] = np.maximum.reduce([free[part.stream], *(end[earlier] for earlier in part.after)])
        start[at] = ready[at].max(axis=-1, keepdims=True) if part.together else ready[at]
        end[at] = start[at] + _seconds(part, loads)
        free[part.stream] = end[at]
    return Lockstep(ready, start, end)


def _seconds(part: Part, loads: Loads) -> Times:
    """How long the part takes: [draw, rank], or [draw, 1] where it is the same for all ranks."""
    seconds_s = part.seconds.fixed_s + part.seconds.per_load_s * _load(part, loads)
    return seconds_s * loads.slowness if part.stream == COMPUTE else seconds_s


def _load(part: Part, loads: Loads) -> Times:
    """What the part's time grows with: [draw, rank], or [draw, 1] where it is the same for all ranks."""
    of_each: Times = getattr(loads, grows_with(part))
    return of_each[:, part.load]


def grows_with(part: Part) -> Whose:
    """Which of the loads a part's time grows with."""
    if part.stream == COMPUTE:
        return "rank"
    if part.name.startswith(FROM_EXPERTS):
        return "worst_rank" if part.own else "worst_node"
    return "rank" if part.own else "node"


def trace(parts: Sequence[Part], played: Lockstep, draw: int = 0, rank: int = 0) -> Trace:
    """What one rank did in one draw, with its waits for the slowest rank as tasks of the stream that waits."""
    rows = []
    for at, part in enumerate(parts):
        ready, start, end = (float(times[at, draw, rank]) for times in (played.ready, played.start, played.end))
        if start > ready:
            rows.append((part.stream, f"{WAIT}{part.name}", ready, start))
        rows.append((part.stream, part.name, start, end))
    names = tuple(dict.fromkeys(name for _, name, _, _ in rows))
    streams = tuple(dict.fromkeys(stream for stream, _, _, _ in rows))
    return Trace(
        rank=np.zeros(len(rows), np.int32),
        stream=np.array([streams.index(row[0]) for row in rows], np.int32),
        name=np.array([names.index(row[1]) for row in rows], np.int32),
        start_s=np.array([row[2] for row in rows]),
        end_s=np.array([row[3] for row in rows]),
        streams=streams,
        names=names,
    )


def on_one_rank(parts: Sequence[Part]) -> Trace:
    """The same on one GPU with balanced loads, by discrete events."""
    return play([Task(0, part.stream, part.name, part.seconds.mean_s, part.after) for part in parts])
