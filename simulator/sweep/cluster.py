"""An engine on a Dask cluster: its workers may come, go and be killed while the sweep goes on."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simulator.sweep.jobs import TASK, Answer, Job, by_name
from topologies.problems import InvalidInput, Problem

if TYPE_CHECKING:
    from distributed import Client, Future

REACHED_S = 10.0
"""How long a scheduler may take to answer."""
DESERTED_S = 60.0
"""How long a cluster may be without workers before the sweep ends, to be resumed."""
LOOK_S = 0.5
EXTRA = "clustercast[dask]"


class Deserted(OSError):
    """The cluster is gone, or has had no worker for too long; the sweep goes on when it is asked for again."""


class Cluster:
    """Jobs as tasks of a Dask client; a task whose worker dies goes to another, and is lost where none survives it."""

    def __init__(self, client: Client, question: bytes, task: str) -> None:
        self._client, self._question, self._task = client, question, task
        self._ended: queue.Queue[tuple[Job, Future[Any]]] = queue.Queue()
        self._worker_seen_s = time.monotonic()
        self._looked_s = -LOOK_S
        self._places = 1

    @property
    def places(self) -> int:
        """Threads of all workers, looked at again now and then."""
        if time.monotonic() - self._looked_s > LOOK_S:
            self._looked_s = time.monotonic()
            self._places = max(1, sum(self._client.nthreads().values()))
        return self._places

    def give(self, job: Job) -> None:
        """Submit it as a task of its own."""
        future = self._client.submit(by_name, self._task, self._question, job, pure=False)
        future.add_done_callback(lambda ended: self._ended.put((job, ended)))

    def take(self) -> Answer:
        """Wait for a task. Raises Deserted, and what a worker could not answer for."""
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        while True:
            try:
                job, future = self._ended.get(timeout=LOOK_S)
            except queue.Empty:
                self._require_workers()
                continue
            try:
                found = future.result()
            except KilledWorker:
                return Answer(job, lost=True)
            except FutureCancelledError as error:
                raise Deserted(f"the scheduler is gone ({error.reason}); what was acknowledged is kept") from None
            finally:
                future.release()
            return found if isinstance(found, Answer) else Answer(job, lost=True)

    def _require_workers(self) -> None:
        """Raise Deserted where the scheduler or all workers have been away for too long."""
        if self._client.status not in ("running", "connecting"):
            raise Deserted("the connection to the scheduler is closed; what was acknowledged is kept")
        if self._client.status == "running" and self._client.nthreads():
            self._worker_seen_s = time.monotonic()
        elif time.monotonic() - self._worker_seen_s > DESERTED_S:
            raise Deserted(f"the cluster has had no worker for {DESERTED_S:.0f} s; what was acknowledged is kept")


@contextmanager
def cluster(scheduler: str, question: bytes, task: str = TASK) -> Iterator[Cluster]:
    """An engine on the cluster of a scheduler (`tcp://host:8786`). Raises InvalidInput where none answers.

    task   `module:function` that answers a job
    """
    try:
        from distributed import Client
        from distributed.comm import get_address_host_port, parse_address
    except ImportError:
        raise _invalid(f"--engine dask needs Dask: install {EXTRA}") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        if parse_address(scheduler)[0] in ("tcp", "tls"):
            get_address_host_port(scheduler)
        client = Client(scheduler, timeout=REACHED_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _invalid(f"no Dask scheduler answers at {scheduler}: {str(error) or type(error).__name__}") from None
    try:
        yield Cluster(client, question, task)
    finally:
        client.close(timeout=REACHED_S)


def _invalid(why: str) -> InvalidInput:
    """An engine that cannot be used."""
    return InvalidInput([Problem("engine", 0, 0, "", why)])
