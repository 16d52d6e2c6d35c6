"""timeline.json: a run's traces in the form of PyTorch's profiler (Kineto), for Perfetto and trace analysers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from reports import chunks
from simulator.result import Result
from simulator.trace import Trace
from topologies import units

COMPUTE_STREAM, FIRST_OTHER_STREAM = 7, 16
"""Stream numbers: PyTorch computes on 7; any other number serves for the rest."""

NETWORK_KERNEL = "ncclKernel "
"""Put before the name of every communication, since Holistic Trace Analysis knows it by ^nccl.*Kernel."""

US_DIGITS = 3
"""Times are microseconds with nanosecond digits."""

Event = dict[str, Any]


def text(result: Result) -> str:
    """All pipeline ranks (process = rank) and, as a last process, the inside of one overlapped pair."""
    step, inside = result.step_trace, result.pair_trace
    ranks = sorted(set(step.rank.tolist()))
    names = {rank: f"pipeline rank {rank}" for rank in ranks}
    events = _events(step, names, {rank: rank for rank in ranks}, 0)
    pair_rank = sorted(set(inside.rank.tolist()))
    after = max(ranks, default=-1) + 1
    pids = {rank: after + place for place, rank in enumerate(pair_rank)}
    pair_names = {rank: f"inside one overlapped pair, rank {rank}" for rank in pair_rank}
    events += _events(inside, pair_names, pids, len(step.rank))
    return _document(result.name, events, 0, len(ranks))


def of_rank(trace: Trace, rank: int, world_size: int) -> str:
    """One rank alone, the way Holistic Trace Analysis reads a job: one file a rank."""
    events = _events(trace, {rank: f"pipeline rank {rank}"}, {rank: rank}, 0)
    return _document(f"rank {rank}", events, rank, world_size)


def _document(name: str, events: Iterable[Event], rank: int, world_size: int) -> str:
    """Head and events, one event a line."""
    head = {
        "schemaVersion": 1,
        "displayTimeUnit": "ms",
        "traceName": name,
        "distributedInfo": {"backend": "nccl", "rank": rank, "world_size": world_size},
        "deviceProperties": [{"id": 0, "name": "simulated GPU"}],
    }
    lines = ",\n".join(json.dumps(event, separators=(",", ":"), ensure_ascii=False) for event in events)
    start = json.dumps(head, ensure_ascii=False)[:-1]
    return f'{start}, "traceEvents": [\n{lines}\n]}}\n'


def _events(trace: Trace, names: Mapping[int, str], pids: Mapping[int, int], first: int) -> list[Event]:
    """Names of processes and threads, then one complete event a task that takes time.

    names   rank -> name of its process; ranks without one are left out
    pids    rank -> process number
    first   correlation numbers count from here
    """
    numbers = _stream_numbers(trace)
    busy = trace.end_s > trace.start_s
    lanes = set(zip(trace.rank[busy].tolist(), trace.stream[busy].tolist(), strict=True))
    used = sorted(lane for lane in lanes if lane[0] in names)
    events = [_named("process_name", pids[rank], 0, name) for rank, name in names.items()]
    events += [_sorted("process_sort_index", pids[rank], 0, pids[rank]) for rank in names]
    for rank, stream in used:
        name = f"stream {numbers[stream]} {trace.streams[stream]}"
        events.append(_named("thread_name", pids[rank], numbers[stream], name))
        events.append(_sorted("thread_sort_index", pids[rank], numbers[stream], numbers[stream]))
    return events + _tasks(trace, pids, numbers, first)


def _tasks(trace: Trace, pids: Mapping[int, int], numbers: list[int], first: int) -> list[Event]:
    """Complete events ("ph": "X") by process, stream and time; barriers of no length are left out."""
    nanosecond_s = units.parse("1 ns", "s")
    start = np.rint(trace.start_s / nanosecond_s).astype(np.int64)
    length = np.rint(trace.end_s / nanosecond_s).astype(np.int64) - start
    number = np.asarray([*numbers, 0])[trace.stream]
    order = np.lexsort((start, number, trace.rank))
    columns = (trace.rank, trace.stream, trace.name, start, length)
    events: list[Event] = []
    for rank, stream, name, ts, dur in zip(*(column[order].tolist() for column in columns), strict=True):
        if rank in pids and dur > 0:
            called = trace.names[name]
            events.append(
                {
                    "ph": "X", "cat": "kernel",
                    "name": NETWORK_KERNEL + called if chunks.moves_data(trace.streams[stream], called) else called,
                    "pid": pids[rank], "tid": numbers[stream], "ts": ts / 10**US_DIGITS, "dur": dur / 10**US_DIGITS,
                    "args": {"stream": numbers[stream], "device": 0, "correlation": first + len(events) + 1},
                }
            )  # fmt: skip
    return events


def _stream_numbers(trace: Trace) -> list[int]:
    """[stream] its number, the same in every trace that has the same streams."""
    others = sorted(name for name in trace.streams if name != chunks.COMPUTE)
    return [
        COMPUTE_STREAM if name == chunks.COMPUTE else FIRST_OTHER_STREAM + others.index(name) for name in trace.streams
    ]


def _named(what: str, pid: int, tid: int, name: str) -> Event:
    """Metadata event that names a process or a thread."""
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "ts": 0, "args": {"name": name}}


def _sorted(what: str, pid: int, tid: int, place: int) -> Event:
    """Metadata event that says where a process or a thread stands."""
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "ts": 0, "args": {"sort_index": place}}
