"""Parts of a search shared among processes, so that what is found does not depend on how many there are."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

J = TypeVar("J")
K = TypeVar("K")
R = TypeVar("R")
BEHIND = 12
"""Jobs by which what a job is told is older than itself, so that as many can be worked on at once."""


def in_turn(
    jobs: Sequence[J], tell: Callable[[], K], work: Callable[[J, K], R], take: Callable[[int, R], None], workers: int
) -> None:
    """Do jobs in order; each is told what was known when the job BEHIND before it had been taken.

    tell   what is known now;  work   does a job, in another process where there are several
    take   is given the results in the order of the jobs
    """
    with pool(workers) as submit:
        waiting: list[tuple[int, Callable[[], R]]] = []
        for number, job in enumerate(jobs):
            if len(waiting) == BEHIND:
                first, result = waiting.pop(0)
                take(first, result())
            waiting.append((number, submit(work, job, tell())))
        for number, result in waiting:
            take(number, result())


@contextmanager
def pool(workers: int) -> Iterator[Callable[..., Callable[[], R]]]:
    """A function that begins a call and gives a function that waits for its result; one process is this one."""
    if workers == 1:
        yield _at_once
        return
    pool = ProcessPoolExecutor(workers, initializer=_leave_interrupts_to_the_parent)
    try:
        yield lambda work, *given: _result_of(pool.submit(work, *given))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _result_of(future: Future[R]) -> Callable[[], R]:
    """A function that waits for a result."""
    return future.result


def _at_once(work: Callable[..., R], *given: object) -> Callable[[], R]:
    """Do it now."""
    result = work(*given)
    return lambda: result


def _leave_interrupts_to_the_parent() -> None:
    """Ctrl-C reaches every process of a terminal; the parent alone answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
