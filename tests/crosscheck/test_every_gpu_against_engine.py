"""Every GPU on arrays against every GPU as tasks of its own in the event engine, with the same loads and speeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest

from simulator.chunks import COMM, COMPUTE, Part, loads_of
from simulator.engine import Task, play
from simulator.gpus.every_gpu import loads_of_step, play_every_gpu, speed_of_gpus
from simulator.pipeline import content
from simulator.plan import Plan, plan
from workloads.order import resolve
from workloads.scenario import SCENARIOS, catalogue, load_scenario

TINY: dict[str, object] = {
    "cluster.nodes": 2, "layout.pp": 2, "layout.dp": 8, "layout.ep": 4, "job.sequences_per_step": 48,
    "job.sequence_length": 1024, "model.layers": 4, "model.dense_layers": 1, "model.hidden": 1024, "model.vocab": 8192,
    "model.experts.gate.experts": 32, "job.gpu_speed_variation": 0.1,
}  # fmt: skip
Name = tuple[object, ...]
Place = tuple[int, int]
"""Pipeline rank and step of its order."""


class Arrival(NamedTuple):
    """What a step waits for on each GPU: the end of a step, or the send (by number) that follows it."""

    what: str
    rank: int
    step: int
    number: int | None

    def at(self, gpu: int) -> Name:
        """The task of one GPU."""
        return (*(part for part in self if part is not None), gpu)


class Piece(NamedTuple):
    """A task before its waits have numbers."""

    name: Name
    gpu: int
    stream: str
    seconds: float
    after: list[Name]


def arrivals(decided: Plan) -> dict[Place, list[Arrival]]:
    """What each step of a rank's order waits for: steps of its own rank, or what others send."""
    works = resolve(decided.orders)
    comes: dict[Place, list[Arrival]] = {}
    for chunk in works:
        source = None if chunk.after is None else works[chunk.after]
        if source is not None and (source.rank, source.step) != (chunk.rank, chunk.step):
            what = "out" if source.rank == chunk.rank else "send"
            arrival = Arrival(what, source.rank, source.step, chunk.after if what == "send" else None)
            comes.setdefault((chunk.rank, chunk.step), []).append(arrival)
    return comes


def pieces(decided: Plan) -> Iterator[Piece]:
    """Every GPU's parts, gates into and out of each chunk, meetings, sends, and the step's end."""
    gpus, comes = decided.scenario.layout.ranks_per_stage, arrivals(decided)
    for rank, order in enumerate(decided.orders):
        for at, step in enumerate(order):
            for gpu in range(gpus):
                waits = [arrival.at(gpu) for arrival in comes.get((rank, at), [])]
                yield from inside(decided, (rank, at), decided.timelines[content(step)], gpu, waits)
        yield from ending(decided, rank)
    sent = {arrival for many in comes.values() for arrival in many if arrival.what == "send"}
    for send in sorted(sent, key=lambda arrival: arrival.number or 0):
        for gpu in range(gpus):
            waits = [("out", send.rank, send.step, gpu)]
            yield Piece(send.at(gpu), send.rank * gpus + gpu, "link:out", decided.send.seconds, waits)


def ending(decided: Plan, rank: int) -> Iterator[Piece]:
    """Gradients summed when all that hold the same are done, a barrier, the update, parameters."""
    gpus, end = decided.scenario.layout.ranks_per_stage, decided.finish[rank]
    holders: list[Name] = [
        ("out", peer, len(decided.orders[peer]) - 1, gpu) for peer in decided.peers[rank] for gpu in range(gpus)
    ]
    for me in range(rank * gpus, (rank + 1) * gpus):
        yield Piece(("sum", me), me, COMM, end.reduce_s, holders)
        yield Piece(("update", me), me, COMPUTE, end.update_s, [("sum", g) for g in range(gpus * len(decided.orders))])
        yield Piece(("gather", me), me, COMM, end.gather_s, [("update", me)])


def inside(decided: Plan, place: Place, parts: tuple[Part, ...], gpu: int, waits: list[Name]) -> Iterator[Piece]:
    """One GPU's chunk: a gate in, its parts, a gate out; a part done together waits for all streams that take part."""
    (rank, at), layout = place, decided.scenario.layout
    me, block = rank * layout.ranks_per_stage + gpu, layout.tp * layout.cp
    neighbours = range(gpu - gpu % block, gpu - gpu % block + block)
    before: list[Name] = [("out", rank, at - 1, gpu)] if at else []
    yield Piece(("in", rank, at, gpu), me, "gate", 0.0, [*waits, *before])
    for number, part in enumerate(parts):
        members = layout.group(gpu, "ep") if part.together else neighbours if part.stream == COMM else [gpu]
        earlier = [*part.after, *[n for n in range(number) if parts[n].stream == part.stream]]
        needed: list[Name] = [("part", rank, at, n, g) for n in earlier for g in members]
        needed += [("in", rank, at, g) for g in members]
        yield Piece(
            ("part", rank, at, number, gpu), me, part.stream, seconds(decided, place, parts, number, gpu), needed
        )
    done: list[Name] = [("part", rank, at, n, g) for n in range(len(parts)) for g in neighbours]
    yield Piece(("out", rank, at, gpu), me, "gate", 0.0, done)


def seconds(decided: Plan, place: Place, parts: tuple[Part, ...], number: int, gpu: int) -> float:
    """How long one part takes on one GPU."""
    part, ep = parts[number], decided.scenario.layout.ep
    loads = loads_of_step(decided, *place, loads_of(parts))
    group, seat = divmod(gpu, ep)
    if part.stream == COMPUTE:
        load, speed = float(loads.rank[group, part.load, seat]), float(speed_of_gpus(decided)[place[0], gpu])
        return (part.seconds.fixed_s + part.seconds.per_load_s * load) / speed
    back = part.name.startswith(("combine(F)", "dispatch(B)"))
    of = (loads.rank if part.own else loads.node)[group, part.load]
    load = float(of.max() if back else of[seat])
    return part.seconds.fixed_s + part.seconds.per_load_s * load


@pytest.mark.parametrize(
    "changes",
    [
        {"layout.schedule.kind": "dualpipe"},
        {"layout.schedule.kind": "zbv"},
        {"layout.tp": 2, "layout.dp": 4},
        {"cluster.nodes": 4, "layout.dp": 16, "layout.ep": 16, "job.sequences_per_step": 96},
    ],
    ids=str,
)
def test_events_give_the_same_end_on_every_gpu(changes: dict[str, object]) -> None:
    scenario = load_scenario(SCENARIOS / "deepseek-v3-pretrain.yaml")
    decided = plan(scenario.with_changes({**TINY, **changes}, catalogue()))
    made = list(pieces(decided))
    number = {piece.name: index for index, piece in enumerate(made)}
    trace = play(
        [Task(p.gpu, p.stream, str(p.name), p.seconds, tuple({number[name] for name in p.after})) for p in made]
    )
    every = play_every_gpu(decided)
    assert every.step_s == pytest.approx(trace.makespan_s, rel=1e-12)
    ends_s = [trace.end_s[number["gather", gpu]] for gpu in every.gpus["gpu"]]
    assert every.gpus["end_s"].to_numpy() == pytest.approx(np.array(ends_s), rel=1e-12)
    for stream, column in ((COMPUTE, "compute_s"), (COMM, "transfer_s")):
        spent_s = np.zeros(len(every.gpus))
        for piece in made:
            if piece.name[0] == "part" and piece.stream == stream:
                spent_s[piece.gpu] += piece.seconds
        assert every.gpus[column].to_numpy() == pytest.approx(spent_s, rel=1e-12)
