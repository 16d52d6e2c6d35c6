"""Where the time of a step goes: what is computed, what of the transfers nothing hides, waiting, both ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from simulator.chunks import COMM, COMPUTE
from simulator.estimates.chunk_times import MOST_LOADS
from simulator.lockstep import lockstep, on_one_rank, trace
from simulator.run import loads_under
from simulator.serving.engine.step import Engine, Step
from simulator.trace import Trace

WORDS: Mapping[str, str] = {
    "projections": "attention's projections",
    "attention": "attention from its core to the gate",
    "experts": "routed experts",
    "shared experts": "shared experts",
    "dispatch(F)": "dispatch",
    "combine(F)": "combine",
    "sum of attention": "sums of attention over tensor ranks",
    "sum of mlp": "sums of the MLP over tensor ranks",
}
"""Name of a part of a timeline -> as it is told."""
WAIT = "wait for "
DENSE_MLP = "dense MLP"


class Spent(NamedTuple):
    """One line: seconds in all, of them those in which nothing is computed (all of what is computed counts)."""

    seconds: float
    counted_s: float


def played(engine: Engine, step: Step) -> Trace:
    """What one GPU does in the layers that are played: the one that computes for about as long as the mean of all."""
    loads = loads_under(engine.setting.skew, MOST_LOADS)
    if loads is None:
        return on_one_rank(step.parts)
    together = lockstep(step.parts, loads)
    computes = [part.stream == COMPUTE for part in step.parts]
    busy_s = (together.end - together.start)[computes].sum(axis=0)
    draw, rank = np.unravel_index(np.abs(busy_s - busy_s.mean()).argmin(), busy_s.shape)
    return trace(step.parts, together, int(draw), int(rank))


def terms(engine: Engine, step: Step) -> pd.DataFrame:
    """Lines that add up to the step.

    Layers with experts are those of one GPU, scaled to all of them; of a transfer and of waiting for the slowest GPU
    only what nothing hides counts.

    returns  [term]  term, seconds (of all, hidden or not), counted_s (adds up to the step), share of the step
    """
    spent = _of_layers(played(engine, step))
    counted_s = sum(one.counted_s for one in spent.values())
    often = step.layers_s / counted_s if counted_s else 0.0
    rows = [(name, one.seconds * often, one.counted_s * often) for name, one in spent.items()]
    if engine.setting.model.experts is None:
        rows = [(DENSE_MLP if row[0] == WORDS["experts"] else row[0], row[1], row[2]) for row in rows]
    ends = step.ends
    for name, end_s in (
        ("layers without experts", ends.dense_s),
        ("output head", ends.head_s),
        ("embedding", ends.embedding_s),
        ("moving experts", ends.moving_s),
    ):
        if end_s > 0:
            rows.append((name, end_s, end_s))
    frame = pd.DataFrame(rows, columns=["term", "seconds", "counted_s"])
    frame["share"] = frame["counted_s"] / step.seconds
    return frame


def _of_layers(one: Trace) -> dict[str, Spent]:
    """Seconds of each kind of part; gaps of the compute stream go to what the transfers do meanwhile."""
    names = [_told(name) for name in one.names]
    found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    computes = _intervals(one, COMPUTE, names)
    for name, start, end in computes:
        found[name][0] += end - start
        found[name][1] += end - start
    gaps = _gaps([(start, end) for _, start, end in computes], one.makespan_s)
    for name, start, end in _intervals(one, COMM, names):
        found[name][0] += end - start
        found[name][1] += sum(max(0.0, min(end, last) - max(start, first)) for first, last in gaps)
    return {name: Spent(*both) for name, both in found.items()}


def _told(name: str) -> str:
    """A part's name without the number of its micro-batch, as a person says it."""
    own = name.removeprefix(WAIT).rstrip("12").strip()
    return "waiting for the slowest GPU" if name.startswith(WAIT) else WORDS.get(own, own)


def _intervals(one: Trace, stream: str, names: Sequence[str]) -> list[tuple[str, float, float]]:
    """Tasks of one stream in order: name, start, end."""
    if stream not in one.streams:
        return []
    own = np.flatnonzero(one.stream == one.streams.index(stream))
    return [(names[one.name[at]], float(one.start_s[at]), float(one.end_s[at])) for at in own]


def _gaps(busy: Sequence[tuple[float, float]], until_s: float) -> list[tuple[float, float]]:
    """Where nothing is computed."""
    found, free = [], 0.0
    for start, end in sorted(busy):
        if start > free:
            found.append((free, start))
        free = max(free, end)
    return [*found, (free, until_s)] if until_s > free else found
