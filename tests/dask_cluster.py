"""A Dask cluster of processes on this machine, whose workers a test may kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.command import ROOT

PATIENCE_S = 60.0


class Started(NamedTuple):
    """A scheduler's address and the processes of its workers."""

    address: str
    workers: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[Started]:
    """Start a scheduler and so many workers of one thread; all are ended on leaving."""
    file = folder / "scheduler.json"
    with ExitStack() as running:
        running.enter_context(_dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)))
        alone = ("--nworkers", "1", "--nthreads", "1", "--no-nanny", "--local-directory", str(folder))
        names = [f"worker-{at}" for at in range(workers)]
        every = [
            running.enter_context(_dask("worker", "--scheduler-file", str(file), "--name", name, *alone))
            for name in names
        ]
        began_s = time.monotonic()
        while not file.exists():
            assert time.monotonic() - began_s < PATIENCE_S, "no scheduler"
            time.sleep(0.05)
        yield Started(json.loads(file.read_text())["address"], tuple(every))


@contextmanager
def _dask(role: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A scheduler or a worker, killed on leaving."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{role}", "--no-dashboard", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()
