"""The inside of a chunk on all GPUs of a pipeline rank at once, each starting when it could."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.gpus.script import ENTRY, Script
from simulator.lockstep import WHOSE
from workloads.loads import Loads

Times = NDArray[np.float64]


class Stay(NamedTuple):
    """What each GPU did between entering a chunk and leaving it: [gpu]. The three after `end_s` add up to the stay.

    compute_s, exposed_transfer_s   it computes; it only sends or receives
    wait_for_slowest_s   nothing runs: others that take part in the next transfer, or leave with it, are not ready yet
    transfer_s       all of its transfers
    kept_waiting_s   what the others' transfers waited for this GPU, which was the last to be ready, added up
    """

    end_s: Times
    compute_s: Times
    exposed_transfer_s: Times
    wait_for_slowest_s: Times
    transfer_s: Times
    kept_waiting_s: Times


def play(what: Script, entry_s: Times, loads: Loads, slowness: Times) -> Stay:
    """Play one chunk.

    entry_s   [gpu]  when each could start;  slowness   [gpu]  seconds of a computation over those at the mean speed
    loads     [group, load, gpu of the group]  one draw for each group of GPUs that share experts
    """
    seconds = what.fixed_s + what.per_load_s * _table(loads)[what.load]
    seconds[what.compute] *= slowness
    ready, start, end = _run(what, entry_s, seconds)
    own_end_s = end.max(axis=0)
    end_s = meet(own_end_s, what.leave)
    transfer_s = seconds[what.comm].sum(axis=0)
    hidden_s = _hidden_s(what, start, end)
    hidden_waits_s = _hidden_s(what, ready, end) - hidden_s
    waited = start[what.joint] - ready[what.joint]
    return Stay(
        end_s=end_s,
        compute_s=seconds[what.compute].sum(axis=0),
        exposed_transfer_s=transfer_s - hidden_s,
        wait_for_slowest_s=waited.sum(axis=0) - hidden_waits_s + (end_s - own_end_s),
        transfer_s=transfer_s,
        kept_waiting_s=_kept_waiting_s(what, ready, waited),
    )


def _table(loads: Loads) -> Times:
    """Everything that a part's time may grow with, one kind after the other: [kind x load, gpu]."""
    shape = loads.rank.shape
    kinds = np.stack([np.broadcast_to(getattr(loads, kind), shape) for kind in WHOSE])
    return kinds.transpose(0, 2, 1, 3).reshape(len(WHOSE) * shape[1], -1)


def _run(what: Script, entry_s: Times, seconds: Times) -> tuple[Times, Times, Times]:
    """When each part could start, starts and ends on each GPU: [part, gpu], the ends with the entry behind them."""
    parts, gpus = seconds.shape
    ready, start, end = np.empty((parts, gpus)), np.empty((parts, gpus)), np.empty((parts + 1, gpus))
    end[ENTRY] = entry_s
    ends, lengths = list(end), list(seconds)
    for at, (ready_s, start_s) in enumerate(zip(ready, start, strict=True)):
        np.maximum(ends[what.before[at]], ends[what.awaits[at]], out=ready_s)
        start_s[:] = meet(ready_s, what.meets[at])
        np.add(start_s, lengths[at], out=ends[at])
    return ready, start, end


def meet(ready_s: Times, gpus: int) -> Times:
    """When the last of so many neighbours is ready: [gpu]."""
    if gpus == 1:
        return ready_s
    return np.repeat(ready_s.reshape(-1, gpus).max(axis=1), gpus)


def _hidden_s(what: Script, begin: Times, end: Times) -> Times:
    """Seconds in which the GPU computes between begin and end of its transfers: [gpu].

    begin   [part, gpu]  when transfers start or, in `ready`, begin to wait; a computation starts when it is ready
    """
    sent, done = what.beside
    common = np.minimum(end[sent], end[done]) - np.maximum(begin[sent], begin[done])
    hidden_s: Times = np.maximum(common, 0.0, out=common).sum(axis=0)
    return hidden_s


def _kept_waiting_s(what: Script, ready: Times, waited: Times) -> Times:
    """What others waited for each GPU: all waits of a meeting count for the one that was ready last."""
    kept_waiting_s = np.zeros(ready.shape[1])
    for at, waits in zip(what.joint.tolist(), waited, strict=True):
        size = what.meets[at]
        last = ready[at].reshape(-1, size).argmax(axis=1) + np.arange(0, len(kept_waiting_s), size)
        kept_waiting_s[last] += waits.reshape(-1, size).sum(axis=1)
    return kept_waiting_s
