"""A chunk's parts as arrays: in which order, what waits for what, which GPUs start what together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.chunks import COMPUTE, SHARDED, Part, loads_of
from simulator.lockstep import WHOSE, grows_with
from workloads.layout import Layout

Places = NDArray[np.intp]
ENTRY = -1
"""Place of the chunk's own start, before all parts."""


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """A chunk, ready to be played. Parts are named by their place in order of issue.

    before     [part]  the part before it on its stream;  awaits   [part]  the last it waits for on the other stream
    meets      [part]  number of neighbouring GPUs that start it together; 1 where each starts by itself
    fixed_s, per_load_s   [part, 1]
    loads      how many different loads count in the chunk
    load       [part]  row of what its time grows with: loads as `WHOSE` lists them
    compute, comm, joint   parts on either stream; parts that GPUs start together
    beside     [pair]  a transfer, and a computation that may run at the same time: neither waits for the other
    leave      number of neighbouring GPUs that leave the chunk together
    """

    before: tuple[int, ...]
    awaits: tuple[int, ...]
    meets: tuple[int, ...]
    fixed_s: NDArray[np.float64]
    per_load_s: NDArray[np.float64]
    loads: int
    load: Places
    compute: Places
    comm: Places
    joint: Places
    beside: tuple[Places, Places]
    leave: int


def script(parts: Sequence[Part], layout: Layout) -> Script:
    """Lay a chunk out. A stream does its parts in order, so of each stream only the last awaited one counts."""
    computes = [part.stream == COMPUTE for part in parts]
    before = tuple(_last(computes[:at], computes[at]) for at in range(len(parts)))
    awaits = tuple(
        max((place for place in part.after if computes[place] != own), default=ENTRY)
        for part, own in zip(parts, computes, strict=True)
    )
    meets = tuple(_meets(part, layout) for part in parts)
    loads = loads_of(parts)
    compute, comm = np.flatnonzero(computes), np.flatnonzero(~np.array(computes, bool))
    return Script(
        before=before,
        awaits=awaits,
        meets=meets,
        fixed_s=np.array([part.seconds.fixed_s for part in parts]).reshape(-1, 1),
        per_load_s=np.array([part.seconds.per_load_s for part in parts]).reshape(-1, 1),
        loads=loads,
        load=np.array([WHOSE.index(grows_with(part)) * loads + part.load for part in parts], np.intp),
        compute=compute,
        comm=comm,
        joint=np.flatnonzero(np.array(meets) > 1),
        beside=_beside(_waits(before, awaits), comm, compute),
        leave=layout.tp * layout.cp,
    )


def _last(computes: Sequence[bool], own: bool) -> int:
    """Place of the last part on the same stream."""
    return max((place for place, other in enumerate(computes) if other == own), default=ENTRY)


def _meets(part: Part, layout: Layout) -> int:
    """How many neighbours start the part together: those that share experts, that split a head or a sequence, or all.

    A block's parameters and gradients travel over dp x cp; with tp its ranks meet as well, as they do at each split.
    """
    if part.stream == COMPUTE:
        return 1
    if part.together:
        experts = layout.group(0, "ep")
        return len(experts) * experts.step
    return layout.ranks_per_stage if part.name.startswith(SHARDED) else layout.tp * layout.cp


def _waits(before: Sequence[int], awaits: Sequence[int]) -> list[int]:
    """All that each part waits for, itself among them: a bit for each place."""
    waits: list[int] = []
    for at, earlier in enumerate(zip(before, awaits, strict=True)):
        bits = 1 << at
        for place in earlier:
            bits |= waits[place] if place != ENTRY else 0
        waits.append(bits)
    return waits


def _beside(waits: Sequence[int], comm: Places, compute: Places) -> tuple[Places, Places]:
    """Pairs of a transfer and a computation of which neither waits for the other."""
    pairs = [
        (sent, done)
        for sent in comm.tolist()
        for done in compute.tolist()
        if not (waits[sent] >> done & 1 or waits[done] >> sent & 1)
    ]
    sent, done = np.array(pairs, np.intp).reshape(-1, 2).T
    return sent, done
