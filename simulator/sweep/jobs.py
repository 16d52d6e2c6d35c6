"""What goes between a sweep's course and its engine: jobs of some points, and what became of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

DONE, INVALID, REFUSED, NO_FIT, BUG = "done", "invalid", "refused", "does not fit", "bug"
"""What may become of a point; only one that is done has figures."""

What = Literal["keys", "points"]


class Job(NamedTuple):
    """Some points, by their numbers: find their keys, or work them out."""

    what: What
    numbers: tuple[int, ...]


class Outcome(NamedTuple):
    """One point worked out.

    key       digest of what was simulated;  status   one of those above;  why   what a refusal says
    figures   JSON of name -> SI value, empty unless it is done
    """

    number: int
    key: str
    status: str
    why: str
    figures: str


class Answer(NamedTuple):
    """What an engine says of a job.

    keys       of the points, "" for one that is not valid; for jobs of keys
    outcomes   for jobs of points
    work_s     seconds it took;  first   whether it was the first of its process, which had to make ready
    lost       whether the process ended before it was done
    """

    job: Job
    keys: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    work_s: float = 0.0
    first: bool = False
    lost: bool = False


READY = "ready"
"""What a worker's process says once it has what it needs."""
TASK = "simulator.sweep.work:answer"
"""What answers jobs, by its name: whoever hands them out need not import what a simulation takes."""


def by_name(task: str, question: bytes, job: Job) -> object:
    """What `module:function` says of a question's job."""
    module, _, name = task.partition(":")
    return getattr(importlib.import_module(module), name)(question, job)


class Engine(Protocol):
    """What works jobs out: processes on this machine, or a cluster."""

    @property
    def places(self) -> int:
        """Jobs that are worked on at once."""

    def give(self, job: Job) -> None:
        """Hand a job over; returns at once."""

    def take(self) -> Answer:
        """The next answer, whichever job it is of; waits for it."""


class Here:
    """An engine in this very process: one job after another, when its answer is taken."""

    places = 1

    def __init__(self, answer: Callable[[Job], Answer]) -> None:
        self._answer = answer
        self._given: list[Job] = []

    def give(self, job: Job) -> None:
        """Keep it until it is asked for."""
        self._given.append(job)

    def take(self) -> Answer:
        """Work the oldest job out."""
        return self._answer(self._given.pop(0))
