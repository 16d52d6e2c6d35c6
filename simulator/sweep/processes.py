"""An engine of processes on this machine; one that is killed is replaced, and its job is said to be lost."""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from simulator.sweep.jobs import READY, TASK, Answer, Job

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Each process has a core to itself."""
MOST_STARTS = 3
"""Processes of one place that may end before they are ready: one may be killed, all of them do not start."""
LOOK_S = 0.5
"""How often a waiting process looks whether it was interrupted."""


class NotStarted(OSError):
    """Workers cannot be started at all; what is kept is kept."""


class Processes:
    """Workers, each started once and fed through a pipe. Nothing of the caller's own script is run again."""

    def __init__(self, places: int, question: bytes, task: str) -> None:
        self.places = places
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._answers: queue.Queue[Answer | BaseException] = queue.Queue()
        self._closing = threading.Event()
        self._seats = [_Seat(question, task, self._closing) for _ in range(places)]
        self._threads = [threading.Thread(target=self._serve, args=(seat,), daemon=True) for seat in self._seats]
        for thread in self._threads:
            thread.start()

    def give(self, job: Job) -> None:
        """Put it where the first free worker takes it."""
        self._jobs.put(job)

    def take(self) -> Answer:
        """Wait for a worker. Raises what a worker could not be started for."""
        while True:
            try:
                found = self._answers.get(timeout=LOOK_S)
            except queue.Empty:
                continue
            if isinstance(found, BaseException):
                raise found
            return found

    def close(self) -> None:
        """End all workers; what they are at is lost."""
        self._closing.set()
        for _ in self._threads:
            self._jobs.put(None)
        for seat in self._seats:
            seat.end()
        for thread in self._threads:
            thread.join()

    def _serve(self, seat: _Seat) -> None:
        """Take jobs for one worker until there are no more."""
        while (job := self._jobs.get()) is not None and not self._closing.is_set():
            try:
                self._answers.put(seat.work(job))
            except Exception as error:
                self._answers.put(error)


class _Seat:
    """One worker's place: its process, and another when that has ended."""

    def __init__(self, question: bytes, task: str, closing: threading.Event) -> None:
        self._question, self._task, self._closing = question, task, closing
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._is_ready = False
        self._failed_starts = 0

    def work(self, job: Job) -> Answer:
        """The answer of the worker; a lost one if its process ends. Raises what the worker could not answer for."""
        process = self._running()
        if process is None or process.stdin is None or process.stdout is None:
            return Answer(job, lost=True)
        if not self._is_ready and not self._made_ready(process.stdout):
            return Answer(job, lost=True)
        try:
            pickle.dump(job, process.stdin)
            process.stdin.flush()
            found = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            self.end()
            return Answer(job, lost=True)
        if isinstance(found, BaseException):
            raise found
        return found if isinstance(found, Answer) else Answer(job, lost=True)

    def _made_ready(self, answers: IO[bytes]) -> bool:
        """Wait until the process has what it needs. Raises NotStarted where that fails time and again."""
        try:
            self._is_ready = pickle.load(answers) == READY
        except (EOFError, OSError, pickle.UnpicklingError):
            self.end()
            self._failed_starts += 1
            if self._failed_starts == MOST_STARTS and not self._closing.is_set():
                raise NotStarted("workers end before they are ready; above is what they said") from None
        return self._is_ready

    def end(self) -> None:
        """Kill the process, if there is one."""
        with self._lock:
            process, self._process = self._process, None
            self._is_ready = False
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close(pipe)

    def _running(self) -> subprocess.Popen[bytes] | None:
        """The process, started if there is none; none once all are to end."""
        with self._lock:
            if self._closing.is_set():
                return None
            if self._process is None:
                self._process = _started(self._task, self._question)
            return self._process


def cores() -> int:
    """Cores that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def _close(pipe: IO[bytes]) -> None:
    """Close a pipe whose other end may be gone."""
    try:
        pipe.close()
    except OSError:
        return


def _started(task: str, question: bytes) -> subprocess.Popen[bytes]:
    """A worker that has been told its question."""
    paths = [path or os.getcwd() for path in sys.path]
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator.sweep.worker", task],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **dict.fromkeys(ONE_THREAD, "1")},
    )
    if process.stdin is not None:
        try:
            pickle.dump(question, process.stdin)
            process.stdin.flush()
        except OSError:
            return process
    return process


@contextmanager
def processes(places: int, question: bytes, task: str = TASK) -> Iterator[Processes]:
    """Workers for a question, ended when it is left. task   `module:function` that answers a job"""
    engine = Processes(places, question, task)
    try:
        yield engine
    finally:
        engine.close()
