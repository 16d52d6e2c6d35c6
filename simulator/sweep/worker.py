"""A worker's own process: it reads a question and then jobs from its input, and writes answers, until that ends."""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import sys
from typing import BinaryIO

from simulator.sweep.jobs import READY, by_name


def main(task: str, jobs: BinaryIO, answers: BinaryIO) -> None:
    """Answer every job by `module:function`, which gets the question and the job."""
    importlib.import_module(task.partition(":")[0])
    question = pickle.load(jobs)
    pickle.dump(READY, answers)
    answers.flush()
    while True:
        try:
            job = pickle.load(jobs)
        except EOFError:
            return
        try:
            found = by_name(task, question, job)
        except Exception as error:
            found = error
        pickle.dump(found, answers)
        answers.flush()


if __name__ == "__main__":
    # Ctrl-C is for whoever started the worker; what is printed must not get between the answers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    private = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        main(sys.argv[1], sys.stdin.buffer, private)
    except BrokenPipeError:
        sys.exit(0)
