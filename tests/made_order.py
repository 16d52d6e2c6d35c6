"""A DualPipe-like order and its tasks, made for tests of what reads a trace (durations are invented)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from simulator.engine import Task

Work = tuple[str, int]
"""Operation (F, B, I, W) and direction (0 enters at the rank's own end, 1 at the other)."""

SECONDS = {"F": 0.0491, "B": 0.0754, "I": 0.0434, "W": 0.0320}
PAIR_S = 0.1438
SEND_S = 0.0006


def rank_order(rank: int, ranks: int, micro_batches: int) -> Iterator[tuple[Work, ...]]:
    """Steps of one rank: single chunks and overlapped pairs, in DualPipe's eight phases."""
    half, near = ranks // 2, min(rank, ranks - 1 - rank)
    rest = half - near - 1
    yield from [(("F", 0),)] * (2 * rest)
    yield from [(("F", 0),), (("F", 1),)] * (near + 1)
    yield from [(("I", 1),), (("W", 1),), (("F", 1),)] * rest
    for turn in range(micro_batches // 2 - ranks + near + 1):
        middle = rest == 0 and turn == 0
        yield from [(("F", 0),), (("B", 1),)] if middle else [(("F", 0), ("B", 1))]
        yield (("F", 1), ("B", 0))
    yield from [(("B", 1),), (("F", 1), ("B", 0))] * rest
    for turn in range(near + 1):
        flip = (near + 1) // 2
        yield (("I" if turn > flip or (turn == flip and near % 2) else "B", 1),)
        yield (("I" if turn >= flip else "B", 0),)
    yield from [(("W", 0),), (("I", 0),)] * rest


def tasks(ranks: int, micro_batches: int) -> list[Task]:
    """Tasks of the whole step: chunks on "compute", sends on "link:ib-out", the optimiser at the end."""
    built = _Builder(ranks, micro_batches)
    for rank in range(ranks):
        built.add_rank(rank)
    return built.finish()


class _Builder:
    """Tasks by name first; names become indices once all are known."""

    def __init__(self, ranks: int, micro_batches: int) -> None:
        self.ranks, self.half = ranks, micro_batches // 2
        self.made: list[tuple[int, str, str, float, tuple[str, ...]]] = []
        self.index: dict[str, int] = {}

    def add_rank(self, rank: int) -> None:
        """Append the rank's chunks in order, then the weight gradients left over, then the optimiser."""
        forward, backward = (count(), count()), (count(), count())
        owed: list[tuple[int, int]] = []
        for step in rank_order(rank, self.ranks, 2 * self.half):
            parts = []
            for op, way in step:
                if op == "W":
                    parts.append(f"W {self._batch(rank, *owed.pop(0))}")
                    continue
                turn = next(forward[way]) if op == "F" else next(backward[way])
                parts.append(f"{op} {self._batch(rank, way, turn)}")
                if op == "I":
                    owed.append((way, turn))
            self._chunk(rank, parts)
        for left in owed:
            self._chunk(rank, [f"W {self._batch(rank, *left)}"])
        for name, seconds in (("reduce-scatter", 0.11), ("optimizer", 0.13), ("all-gather", 0.05)):
            self.made.append((rank, "compute", f"{name}", seconds, ()))

    def _batch(self, rank: int, way: int, turn: int) -> str:
        """Micro-batch and stage of a direction's turn-th chunk, as they stand in a task's name."""
        from_first = (rank < self.ranks // 2) == (way == 0)
        micro_batch = turn if from_first else turn + self.half
        return f"{micro_batch} s{rank if from_first else self.ranks - 1 - rank}"

    def _chunk(self, rank: int, parts: list[str]) -> None:
        name = " & ".join(parts)
        heavy = 1.12 if any(part.endswith(f"s{self.ranks - 1}") for part in parts) else 1.0
        seconds = PAIR_S if len(parts) == 2 else SECONDS[parts[0][0]]
        for part in parts:
            self.index[part.replace("I ", "B ")] = len(self.made)
        waits = tuple(wait for part in parts for wait in self._waits(part))
        self.made.append((rank, "compute", name, seconds * heavy, waits))
        for part in parts:
            op, stage = part[0], int(part.rpartition("s")[2])
            if (op == "F" and stage < self.ranks - 1) or (op in "BI" and stage > 0):
                key = f"send {part}".replace("I ", "B ")
                self.index[key] = len(self.made)
                self.made.append((rank, "link:ib-out", f"send {part}", SEND_S, (key[5:],)))

    def _waits(self, part: str) -> Iterator[str]:
        """Names of what a chunk waits for: its micro-batch on the stage before (or after, backward)."""
        op, batch, stage = part[0], part.split()[1], int(part.rpartition("s")[2])
        if op == "F" and stage > 0:
            yield f"send F {batch} s{stage - 1}"
        if op in "BI":
            last = stage == self.ranks - 1
            yield f"F {batch} s{stage}" if last else f"send B {batch} s{stage + 1}"

    def finish(self) -> list[Task]:
        """Turn names into indices; the optimiser's reduce-scatter is left to the order of the stream."""
        return [
            Task(rank, stream, name, seconds, tuple(self.index[wait] for wait in waits))
            for rank, stream, name, seconds, waits in self.made
        ]
