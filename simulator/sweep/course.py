"""The course of a sweep: which points are worked out next, what is kept of them, and how long the rest will take."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.sweep.jobs import Answer, Engine, Job
from simulator.sweep.store import Asked, Store

BATCH_S = 0.5
"""Work of one job: what a killed process loses, and how often points are acknowledged."""
MOST_IN_BATCH = 1_000
AHEAD = 2
"""Jobs given for each place of an engine, so that none waits for the store."""
STRIKES = 3
"""Times that a point alone may end the process that works on it before it is given up."""
ORDER_SEED = 10
"""The order of points is shuffled by it, the same every time, so that the first ones stand for all."""


class Progress(NamedTuple):
    """How far a sweep is. left_s   seconds that the rest will take, None while nobody knows"""

    done: int
    whole: int
    left_s: float | None


Describe = Callable[[int], tuple[str, str]]
"""Number of a point -> its label, and JSON of what is changed."""


@dataclass(slots=True)
class Course:
    """A sweep under way.

    describe   what is written of a point
    told       called with the progress each time that points were kept
    twins      point -> others with the same values, which are not worked out by themselves
    batch_s    work of one job;  lost   points whose process ended each time
    """

    store: Store
    engine: Engine
    describe: Describe
    told: Callable[[Progress], None] = lambda progress: None
    twins: Mapping[int, Sequence[int]] = field(default_factory=dict)
    batch_s: float = BATCH_S
    lost: list[int] = field(default_factory=list)
    _waiting: deque[int] = field(default_factory=deque)
    _again: deque[Job] = field(default_factory=deque)
    _strikes: Counter[int] = field(default_factory=Counter)
    _given: int = 0
    _done: int = 0
    _whole: int = 0
    _paid: dict[bool, tuple[float, int]] = field(default_factory=dict)

    def follow(self, numbers: Iterable[int]) -> None:
        """Work out and keep all points that are not kept yet. Points that end their process each time are in `lost`."""
        every = list(numbers)
        kept = self.store.done()
        missing = [number for number in every if not kept.issuperset(self._with_twins(number))]
        random.Random(ORDER_SEED).shuffle(missing)
        self._waiting.extend(missing)
        self._whole = sum(len(self._with_twins(number)) for number in every)
        self._done = self._whole - sum(len(self._with_twins(number)) for number in missing)
        self.told(self.progress())
        while self._waiting or self._again or self._given:
            while (self._waiting or self._again) and self._given < AHEAD * self.engine.places:
                self.engine.give(self._next())
                self._given += 1
            answer = self.engine.take()
            self._given -= 1
            self._hear(answer)

    def progress(self) -> Progress:
        """How far it is; the time left is that of the points so far, without those that had to make ready."""
        spent_s, points = self._paid.get(False) or self._paid.get(True) or (0.0, 0)
        left_s = spent_s / points * (self._whole - self._done) / self.engine.places if points else None
        return Progress(self._done, self._whole, left_s)

    def _next(self) -> Job:
        """The next job: one that comes again, or as many new points as fill its time."""
        if self._again:
            return self._again.popleft()
        spent_s, points = self._paid.get(False, (0.0, 0))
        fill = int(self.batch_s * points / spent_s) if spent_s else 1
        fair = -(-len(self._waiting) // (AHEAD * self.engine.places))
        number = max(1, min(fill, fair, MOST_IN_BATCH))
        taken = tuple(self._waiting.popleft() for _ in range(min(number, len(self._waiting))))
        return Job("keys" if self.store.may_know() else "points", taken)

    def _hear(self, answer: Answer) -> None:
        """Keep what was found, and ask again where a process ended or a point is not known yet."""
        if answer.lost:
            self._lose(answer.job)
        elif answer.job.what == "keys":
            self._look_up(answer)
        else:
            spent_s, points = self._paid.get(answer.first, (0.0, 0))
            self._paid[answer.first] = (spent_s + answer.work_s, points + len(answer.outcomes))
            asked = [row for one in answer.outcomes for row in self._asked(one.number, one.key)]
            self._keep(lambda: self.store.put(answer.outcomes, asked), len(asked))

    def _look_up(self, answer: Answer) -> None:
        """Take from the store what is there; the rest is worked out."""
        there = self.store.known(answer.keys)
        pairs = list(zip(answer.job.numbers, answer.keys, strict=True))
        missing = tuple(number for number, key in pairs if key not in there)
        if missing:
            self._again.append(Job("points", missing))
        asked = [row for number, key in pairs if key in there for row in self._asked(number, key)]
        if asked:
            self._keep(lambda: self.store.put((), asked), len(asked))

    def _keep(self, put: Callable[[], None], rows: int) -> None:
        """Put rows into the store, then say so."""
        put()
        self._done += rows
        self.told(self.progress())

    def _lose(self, job: Job) -> None:
        """Give the points of a process that ended one by one; one that ends its process each time is given up."""
        if len(job.numbers) > 1:
            self._again.extend(Job(job.what, (number,)) for number in job.numbers)
            return
        (number,) = job.numbers
        self._strikes[number] += 1
        if self._strikes[number] < STRIKES:
            self._again.append(job)
        else:
            self.lost.extend(self._with_twins(number))

    def _asked(self, number: int, key: str) -> list[Asked]:
        """Rows of a point and its twins."""
        return [Asked(one, *self.describe(one), key) for one in self._with_twins(number)]

    def _with_twins(self, number: int) -> tuple[int, ...]:
        """A point and those with the same values."""
        return (number, *self.twins.get(number, ()))
