"""Discrete events: tasks on streams and links, who waits for whom, when each starts and ends."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray
from simpy import Environment, Event
from simpy.events import EventPriority

from simulator.trace import Trace

LINK_PREFIX = "link:"
# SimPy serves equal times by priority (0 urgent, 1 normal): a link chooses after all arrivals of its instant.
AFTER_ARRIVALS = EventPriority(2)
NAMED_IN_A_DEADLOCK = 5

Process = Generator[Event, object, None]


class Deadlock(RuntimeError):
    """Tasks are left that can never start; the message names the first and what each waits for."""


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work: `duration_s` seconds on `stream` of `rank`, once all tasks `after` have ended.

    after   indices into the list of tasks that `play` is given
    """

    rank: int
    stream: str
    name: str
    duration_s: float
    after: tuple[int, ...] = ()


def play(tasks: Sequence[Task]) -> Trace:
    """Run all tasks and say when each started and ended.

    A stream, that is one (rank, stream), does its tasks one at a time in listed order; each starts when the
    stream is free and all of its `after` have ended. A stream named "link:..." serves in order of arrival
    instead: a task arrives when its `after` have ended; at the same instant the first listed goes first.
    A barrier is a task of zero length that others wait for.

    Raises Deadlock where tasks wait for each other, ValueError on a duration or an index that cannot be.
    """
    _check(tasks)
    world = _World(tasks)
    for line in _lines(tasks).values():
        link = tasks[line[0]].stream.startswith(LINK_PREFIX)
        world.env.process(world.by_arrival(line) if link else world.in_order(line))
    world.env.run()
    if world.left:
        raise Deadlock(_blocked(tasks, world.end_s))
    return _trace(tasks, world.start_s, world.end_s)


class _World:
    """What changes while the tasks run: what each still waits for, which streams stand waiting."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.env = Environment()
        self.left = len(tasks)
        self.duration_s = [float(task.duration_s) for task in tasks]
        self.start_s = [math.nan] * len(tasks)
        self.end_s = [math.nan] * len(tasks)
        self.missing = [len(task.after) for task in tasks]
        self.followers: list[list[int]] = [[] for _ in tasks]
        for index, task in enumerate(tasks):
            for earlier in task.after:
                self.followers[earlier].append(index)
        self.awaited: dict[int, Event] = {}
        self.queue_of: dict[int, _Queue] = {}

    def in_order(self, line: list[int]) -> Process:
        """Do the tasks of a stream in listed order, waiting where one is not ready."""
        for index in line:
            if self.missing[index]:
                self.awaited[index] = ready = self.env.event()
                yield ready
            yield from self.do(index)

    def by_arrival(self, line: list[int]) -> Process:
        """Do the tasks of a link in the order in which they become ready."""
        queue = _Queue(self.env)
        for index in line:
            if self.missing[index]:
                self.queue_of[index] = queue
            else:
                queue.put(index)
        for _ in line:
            if not queue.waiting:
                yield queue.next_arrival()
            yield queue.rest_of_this_instant()
            yield from self.do(queue.take())

    def do(self, index: int) -> Process:
        """Spend a task's time, then let those go on that waited for it."""
        self.start_s[index] = self.env.now
        if self.duration_s[index]:
            yield self.env.timeout(self.duration_s[index])
        self.end_s[index] = self.env.now
        self.left -= 1
        missing = self.missing
        for follower in self.followers[index]:
            missing[follower] -= 1
            if not missing[follower]:
                self.becomes_ready(follower)

    def becomes_ready(self, index: int) -> None:
        """Wake the stream that stands at this task, or put the task into its link's queue."""
        if (ready := self.awaited.pop(index, None)) is not None:
            ready.succeed()
        elif (queue := self.queue_of.pop(index, None)) is not None:
            queue.put(index)


class _Queue:
    """Tasks ready for a link, in order of arrival and, within an instant, of listing."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.waiting: list[tuple[float, int]] = []
        self.arrival: Event | None = None

    def put(self, index: int) -> None:
        """Add a task that arrives now."""
        heappush(self.waiting, (self.env.now, index))
        if self.arrival is not None:
            self.arrival.succeed()
            self.arrival = None

    def next_arrival(self) -> Event:
        """Event that happens when the next task arrives."""
        self.arrival = self.env.event()
        return self.arrival

    def rest_of_this_instant(self) -> Event:
        """Event that happens now, but after everything else that happens now."""
        pause = self.env.event()
        pause._ok, pause._value = True, None
        self.env.schedule(pause, AFTER_ARRIVALS)
        return pause

    def take(self) -> int:
        """Remove and return the task whose turn it is."""
        return heappop(self.waiting)[1]


def _lines(tasks: Sequence[Task]) -> dict[tuple[int, str], list[int]]:
    """Task indices of each stream, in listed order."""
    lines: dict[tuple[int, str], list[int]] = {}
    for index, task in enumerate(tasks):
        lines.setdefault((task.rank, task.stream), []).append(index)
    return lines


def _check(tasks: Sequence[Task]) -> None:
    """Raise ValueError for a duration that is negative or not finite, or an `after` outside the list."""
    for index, task in enumerate(tasks):
        if not 0 <= task.duration_s < math.inf:
            raise ValueError(f"task {index} ({task.name}) lasts {task.duration_s} s; allowed: 0 or more, finite")
        for earlier in task.after:
            if not 0 <= earlier < len(tasks):
                last = len(tasks) - 1
                raise ValueError(f"task {index} ({task.name}) waits for task {earlier}; allowed: 0 to {last}")


def _blocked(tasks: Sequence[Task], end_s: Sequence[float]) -> str:
    """Say which tasks stand first on their streams and what each waits for."""
    left = [index for index, end in enumerate(end_s) if math.isnan(end)]
    first = sorted({(tasks[i].rank, tasks[i].stream): i for i in reversed(left)}.values())
    lines = [f"{len(left)} of {len(tasks)} tasks can never start; the first of them:"]
    for index in first[:NAMED_IN_A_DEADLOCK]:
        waits = ", ".join(_called(tasks, other) for other in tasks[index].after if math.isnan(end_s[other]))
        lines.append(f"  {_called(tasks, index)} waits for {waits}")
    if len(first) > NAMED_IN_A_DEADLOCK:
        lines.append(f"  and {len(first) - NAMED_IN_A_DEADLOCK} more streams stand still")
    return "\n".join(lines)


def _called(tasks: Sequence[Task], index: int) -> str:
    """Name a task for a person."""
    task = tasks[index]
    return f"{task.name} (rank {task.rank}, {task.stream}, task {index})"


def _trace(tasks: Sequence[Task], start_s: Sequence[float], end_s: Sequence[float]) -> Trace:
    """Make columns of what was played."""
    stream, streams = _codes([task.stream for task in tasks])
    name, names = _codes([task.name for task in tasks])
    rank = np.fromiter((task.rank for task in tasks), np.int32, len(tasks))
    return Trace(rank, stream, name, np.array(start_s), np.array(end_s), streams, names)


def _codes(words: Sequence[str]) -> tuple[NDArray[np.int32], tuple[str, ...]]:
    """Number the distinct words in order of first use: codes [word] int32, and the words."""
    number: dict[str, int] = {}
    codes = np.fromiter((number.setdefault(word, len(number)) for word in words), np.int32, len(words))
    return codes, tuple(number)
