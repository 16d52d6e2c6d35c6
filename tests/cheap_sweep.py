"""A sweep whose points cost next to nothing: the real course, store and engines over a function of the number alone.

Run as a program, `python -m tests.cheap_sweep STORE POINTS`, it works one store out as often as it reads a line, each
time in a process of its own, which says after each commit how many points are kept.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from simulator.sweep.course import Course, Progress
from simulator.sweep.jobs import DONE, Answer, Engine, Here, Job, Outcome
from simulator.sweep.store import Heading, open_store

BATCH_S = 0.005
POINT_S = 0.0002


def key(number: int) -> str:
    """Key of a point."""
    return hashlib.sha256(b"%d" % number).hexdigest()


def heading(points: int) -> Heading:
    """How the store knows the sweep."""
    return Heading(f"cheap {points}", "cheap", "", "events", "1", points, "")


def outcome(number: int) -> Outcome:
    """A point: its square."""
    time.sleep(POINT_S)
    return Outcome(number, key(number), DONE, "", f'{{"square":{number * number}}}')


def answer(question: bytes, job: Job) -> Answer:
    """A worker's answer; a question that is a number is of a point that ends its process."""
    if question.isdigit() and int(question) in job.numbers:
        os._exit(9)
    if job.what == "keys":
        return Answer(job, keys=tuple(key(number) for number in job.numbers))
    began_s = time.perf_counter()
    outcomes = tuple(outcome(number) for number in job.numbers)
    return Answer(job, (), outcomes, time.perf_counter() - began_s)


def aloud(progress: Progress) -> None:
    """Say how many points are kept."""
    os.write(1, b"%d\n" % progress.done)


def follow(path: Path, points: int, engine: Engine, told: Callable[[Progress], None] = lambda progress: None) -> Course:
    """Work a store out; returns the course when it is done."""
    with open_store(path, heading(points)) as store:
        course = Course(store, engine, lambda number: (f"n={number}", f'{{"n":{number}}}'), told, batch_s=BATCH_S)
        course.follow(range(points))
    return course


def main(path: Path, points: int) -> None:
    """Work a store out, aloud, in a process of its own for each line that is read; say its id and how it ended."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            follow(path, points, Here(lambda job: answer(b"", job)), aloud)
            os._exit(0)
        os.write(1, b"began %d\n" % child)
        os.write(1, b"ended %d\n" % os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
