"""The tasks of a whole step: every rank's chunks in schedule order, the sends between them, the step's end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.chunks import COMPUTE
from simulator.engine import Task
from simulator.finish import Finish
from simulator.sync import Slot, Span, after_chunks, beside_chunks
from workloads.order import Chunk, resolve
from workloads.schedule import Step, Work

SEND_STREAM = "link:network-out"
CATEGORY = {"F": "1f", "B": "1b", "I": "1b", "W": "1w"}
PAIR = "1f1b"
SEND = "send"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take in a pipeline.

    step_s    seconds of each distinct step content, by its key
    send_s    seconds of one activation (or its gradient) from a stage to the next
    finish    [rank]  what each rank does at the end;  peers   [rank]  ranks that hold the same parameters
    by_stage  [stage]  the same for each stage's parameters alone, where they travel beside chunks; else empty
    """

    step_s: Mapping[tuple[Work, ...], float]
    send_s: float
    finish: Sequence[Finish]
    peers: Sequence[Sequence[int]]
    by_stage: Sequence[Finish] = ()


def content(step: Step) -> tuple[Work, ...]:
    """What a step does, whatever the micro-batch: two steps of one content take the same time."""
    return tuple(work._replace(micro_batch=0) for work in step)


def name(step: Step) -> str:
    """How a step is called in a timeline ("F 12 s3 & B 4 s12")."""
    return " & ".join(f"{work.op} {work.micro_batch} s{work.stage}" for work in step)


def tasks(orders: Sequence[Sequence[Step]], pace: Pace) -> tuple[Slot, ...]:
    """Return all tasks of a step, each with what it waits for.

    orders   [rank][step]
    A chunk's result goes to the next stage when its step has ended, over the rank's own port, one message at a time;
    where the next stage is on the same rank nothing is sent.
    """
    chunks = resolve(orders)
    first = _first_of_each(orders)
    sends = _sends(chunks, first[-1])
    waits: dict[int, list[int]] = {}
    for chunk in chunks:
        if chunk.after is not None:
            source = chunks[chunk.after]
            same = source.rank == chunk.rank
            index = first[source.rank] + source.step if same else sends[chunk.after]
            waits.setdefault(first[chunk.rank] + chunk.step, []).append(index)
    slots = []
    for rank, order in enumerate(orders):
        for at, step in enumerate(order):
            mine = first[rank] + at
            after = tuple(sorted({index for index in waits.get(mine, ()) if index != mine}))
            task = Task(rank, COMPUTE, name(step), pace.step_s[content(step)], after)
            slots.append(Slot(task, CATEGORY[step[0].op] if len(step) == 1 else PAIR))
    for index in sends:
        source = chunks[index]
        title = f"send {name((source.work,))}"
        after = (first[source.rank] + source.step,)
        slots.append(Slot(Task(source.rank, SEND_STREAM, title, pace.send_s, after), SEND))
    if pace.by_stage:
        return beside_chunks(slots, _spans(orders, first), pace.by_stage, pace.finish)
    last = [first[rank + 1] - 1 for rank in range(len(orders))]
    return (*slots, *after_chunks(last, pace.finish, pace.peers, len(slots)))


def _spans(orders: Sequence[Sequence[Step]], first: Sequence[int]) -> list[Span]:
    """Where each rank's work on each of its stages begins and ends."""
    forward: dict[tuple[int, int], int] = {}
    backward: dict[tuple[int, int], int] = {}
    for rank, order in enumerate(orders):
        for at, work in ((at, work) for at, step in enumerate(order) for work in step):
            if work.op == "F":
                forward.setdefault((rank, work.stage), first[rank] + at)
            else:
                backward[rank, work.stage] = first[rank] + at
    return [Span(*place, begin, backward[place]) for place, begin in forward.items()]


def _first_of_each(orders: Sequence[Sequence[Step]]) -> list[int]:
    """Index of each rank's first task, and one past the last rank's last."""
    firsts = [0]
    for order in orders:
        firsts.append(firsts[-1] + len(order))
    return firsts


def _sends(chunks: Sequence[Chunk], offset: int) -> dict[int, int]:
    """Task index of the send of each chunk that a chunk on another rank waits for."""
    remote = sorted({c.after for c in chunks if c.after is not None and chunks[c.after].rank != c.rank})
    return {chunk: offset + place for place, chunk in enumerate(remote)}


def sends_of_ranks(orders: Sequence[Sequence[Step]]) -> list[int]:
    """Number of activations and gradients that each rank sends to another in a step."""
    chunks = resolve(orders)
    counted = [0] * len(orders)
    for index in _sends(chunks, 0):
        counted[chunks[index].rank] += 1
    return counted
