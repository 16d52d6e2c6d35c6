"""What a task's name says: operation, micro-batch, stage, layer, and whether it moves data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from simulator.trace import Trace

COMPUTE = "compute"
WAIT = "wait for "
"""Begins the name of a phase in which a stream only waits for slower ranks."""
OPTIMIZER = frozenset({"reduce-scatter", "gradient norm", "optimizer", "all-gather"})
MOVES_DATA = frozenset({"reduce-scatter", "all-gather", "send"})

_CHUNK = re.compile(r"([FBIW]) (\d+) s(\d+)")
_PHASE = re.compile(r"(?P<what>.+)\((?P<op>[FBIW])\)(?: l(?P<layer>\d+))?")


class Chunk(NamedTuple):
    """One operation (F, B, I or W) of one micro-batch on one model stage."""

    op: str
    micro_batch: int
    stage: int


class Phase(NamedTuple):
    """A part of a layer ("attn", "dispatch") in one operation; layer -1 where the name gives none."""

    what: str
    op: str
    layer: int


def chunks(name: str) -> tuple[Chunk, ...]:
    """The chunk of "F 12 s3", the two of "F 12 s3 & B 4 s12", none for any other name."""
    found = [_CHUNK.fullmatch(part) for part in name.split(" & ")]
    if None in found:
        return ()
    return tuple(Chunk(m[1], int(m[2]), int(m[3])) for m in found if m is not None)


def phase(name: str) -> Phase | None:
    """The phase of "attn(F) l3", None for any other name."""
    match = _PHASE.fullmatch(name)
    return Phase(match["what"], match["op"], int(match["layer"] or -1)) if match else None


def kind(name: str) -> str:
    """F, B, I or W of a chunk alone, "pair", "optimizer", "send", or "other"."""
    parts = chunks(name)
    if parts:
        return parts[0].op if len(parts) == 1 else "pair"
    if name in OPTIMIZER:
        return "optimizer"
    return "send" if name.startswith("send ") else "other"


def moves_data(stream: str, name: str) -> bool:
    """True for communication: every stream but "compute", and collectives wherever they run."""
    return stream != COMPUTE or name.partition(" ")[0] in MOVES_DATA


def from_the_far_end(trace: Trace) -> frozenset[int]:
    """Micro-batches that do not enter at the first rank where any enters (DualPipe: the other half).

    Empty where all micro-batches enter at one rank.
    """
    enters = dict(_entries(trace))
    first = min(enters.values(), default=0)
    return frozenset(micro_batch for micro_batch, rank in enters.items() if rank != first)


def _entries(trace: Trace) -> Iterable[tuple[int, int]]:
    """Micro-batch and the rank that runs its forward of stage 0."""
    parsed = [chunks(name) for name in trace.names]
    for rank, code in zip(trace.rank.tolist(), trace.name.tolist(), strict=True):
        for chunk in parsed[code]:
            if chunk.op == "F" and chunk.stage == 0:
                yield chunk.micro_batch, rank
