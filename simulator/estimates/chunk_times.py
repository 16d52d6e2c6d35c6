"""Seconds of chunks for the estimate: short stages played on all ranks, long ones continued from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator import chunks
from simulator.blocks import BlockPlan
from simulator.chunks import COMPUTE, Labelled, Part, loads_of
from simulator.lockstep import WHOSE, grows_with
from simulator.run import Skew, loads_under
from workloads.schedule import Op

Floats = NDArray[np.float64]
Runs = tuple[tuple[str, int], ...]
"""Kinds of a stage's blocks and how many of each follow one another."""
LAYERS = ("dense", "moe")
PLAYED, PLAYED_WEIGHTS = 8, 12
"""Equal layers in a row that are played one by one; each further one adds what the later half of these added in the
mean, for one layer's draws are few. Nobody waits between weight gradients, so that loads of many layers even out: it
takes more of them until each adds as much."""
MOST_LOADS = 56
"""Different loads that a chunk played needs at most: every layer and direction routes anew."""


def runs_of(kinds: Sequence[str]) -> Runs:
    """Count equal kinds that follow one another."""
    return tuple((kind, len(tuple(group))) for kind, group in groupby(kinds))


class Skewed(NamedTuple):
    """What makes ranks unlike, for MOST_LOADS layers.

    loads      [whose, draw, layer, rank]  as `WHOSE` lists them
    slowness   [draw, rank]  factor on the time of what a GPU computes
    """

    loads: Floats
    slowness: Floats


@lru_cache(maxsize=8)
def skewed(skew: Skew) -> Skewed:
    """Draw loads and speeds; where all ranks are alike one of them stands for all."""
    loads = loads_under(skew, MOST_LOADS)
    if loads is None:
        return Skewed(np.ones((len(WHOSE), 1, MOST_LOADS, 1)), np.ones((1, 1)))
    shape = (loads.rank.shape[0], loads.rank.shape[2])
    every = np.stack([np.broadcast_to(getattr(loads, whose), loads.rank.shape) for whose in WHOSE])
    slowness = np.ascontiguousarray(np.broadcast_to(loads.slowness, shape))
    return Skewed(every, slowness)


@dataclass(slots=True)
class ChunkTimes:
    """Times of chunks of one share of the layers, remembered."""

    blocks: Mapping[str, BlockPlan]
    skew: Skew
    known: dict[tuple[object, ...], float] = field(default_factory=dict)

    def alone(self, op: Op, stage: Runs) -> float:
        """Seconds of one chunk of a stage."""
        key = (op, stage)
        if key not in self.known:
            self.known[key] = self._alone(op, stage)
        return self.known[key]

    def pair(self, ahead: Runs, back: Runs) -> float:
        """Seconds of a forward of one stage overlapped with a backward of another."""
        key = (ahead, back)
        if key not in self.known:
            self.known[key] = self._pair(ahead, back)
        return self.known[key]

    def _alone(self, op: Op, stage: Runs) -> float:
        """Play a short stage; continue a long one from those of half and all of the layers that are played."""
        longest = _longest(stage)
        played = PLAYED_WEIGHTS if op == "W" else PLAYED
        more = stage[longest][1] - played
        if more <= 0:
            return self._play(_parts(op, self._blocks(stage)))
        long, short = (_shortened(stage, longest, more + fewer) for fewer in (0, played // 2))
        return _continued(self.alone(op, long), self.alone(op, short), more, played)

    def _pair(self, ahead: Runs, back: Runs) -> float:
        """As `_alone`: first layers that both have, then those that one has more than the other."""
        longest = _longest(ahead), _longest(back)
        counts = ahead[longest[0]][1], back[longest[1]][1]
        half = PLAYED // 2
        both = min(counts) - PLAYED
        if both > 0:
            long, short = (
                (_shortened(ahead, longest[0], both + fewer), _shortened(back, longest[1], both + fewer))
                for fewer in (0, half)
            )
            return _continued(self.pair(*long), self.pair(*short), both, PLAYED)
        more = max(counts) - 2 * PLAYED
        if more <= 0:
            return self._play(chunks.pair(self._blocks(ahead), self._blocks(back)))
        if counts[0] > counts[1]:
            long_s, short_s = (self.pair(_shortened(ahead, longest[0], more + fewer), back) for fewer in (0, half))
        else:
            long_s, short_s = (self.pair(ahead, _shortened(back, longest[1], more + fewer)) for fewer in (0, half))
        return _continued(long_s, short_s, more, PLAYED)

    def _blocks(self, stage: Runs) -> list[Labelled]:
        """A stage's blocks, layers numbered from 0."""
        kinds = [kind for kind, count in stage for _ in range(count)]
        routed = (*LAYERS, "mtp")
        return [Labelled(self.blocks[kind].block, at if kind in routed else None) for at, kind in enumerate(kinds)]

    def _play(self, parts: Sequence[Part]) -> float:
        """The compiled play of a chunk."""
        from simulator.estimates.longest_path import play_chunk

        if not parts:
            return 0.0
        if loads_of(parts) > MOST_LOADS:
            raise ValueError(f"a chunk routes {loads_of(parts)} times, loads are drawn for {MOST_LOADS}")
        kinds, seconds, waits = _columns(parts)
        return float(play_chunk(kinds, seconds, waits, *skewed(self.skew)))


def _parts(op: Op, stage: Sequence[Labelled]) -> tuple[Part, ...]:
    """Lay out one chunk."""
    if op == "F":
        return chunks.forward(stage)
    return chunks.weight_gradient(stage) if op == "W" else chunks.backward(stage, op == "B")


def _continued(long_s: float, short_s: float, more: int, played: int) -> float:
    """So many more layers than the long chunk has, each as the mean of those it has more than the short one."""
    return long_s + more * (long_s - short_s) / (played // 2)


def _longest(stage: Runs) -> int:
    """Place of the longest run of layers."""
    return max(range(len(stage)), key=lambda at: stage[at][1] * (stage[at][0] in LAYERS))


def _shortened(stage: Runs, at: int, fewer: int) -> Runs:
    """The stage with so many layers fewer in one run."""
    kind, count = stage[at]
    return (*stage[:at], (kind, count - fewer), *stage[at + 1 :])


def _columns(parts: Sequence[Part]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parts as `longest_path.play_chunk` reads them."""
    most = max(1, max(len(part.after) for part in parts))
    waits = np.full((len(parts), most), -1, np.int32)
    for at, part in enumerate(parts):
        waits[at, : len(part.after)] = part.after
    kinds = [(part.stream != COMPUTE, part.load, part.together, WHOSE.index(grows_with(part))) for part in parts]
    return np.array(kinds, np.int32), np.array([part.seconds for part in parts]), waits
