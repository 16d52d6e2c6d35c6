"""What holds for every graph of tasks that the engine plays."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.engine import Task, play
from simulator.trace import Trace

UNSHARED = ("compute", "comm")
STREAMS = (*UNSHARED, "link:out")


def graphs(least_link_s: int = 0, streams: tuple[str, ...] = STREAMS) -> st.SearchStrategy[list[Task]]:
    """Tasks that wait for earlier ones only; whole seconds, so that many things happen at the same instant."""
    stream = st.sampled_from([(rank, stream) for rank in range(3) for stream in streams])
    rows = st.tuples(stream, st.integers(0, 3), st.lists(st.integers(1, 24), max_size=3))

    def tasks(rows: list[tuple[tuple[int, str], int, list[int]]]) -> list[Task]:
        least = [least_link_s if stream.startswith("link:") else 0 for (_, stream), _, _ in rows]
        return [
            Task(rank, stream, f"t{i}", max(duration_s, least[i]), tuple(i - back for back in backs if back <= i))
            for i, ((rank, stream), duration_s, backs) in enumerate(rows)
        ]

    return st.lists(rows, max_size=24).map(tasks)


def arrival_s(tasks: list[Task], trace: Trace, index: int) -> float:
    """When all that a task waits for has ended."""
    return max((float(trace.end_s[i]) for i in tasks[index].after), default=0.0)


def lines(tasks: list[Task], link: bool) -> list[list[int]]:
    """Tasks of each stream, or of each link."""
    streams = sorted({(t.rank, t.stream) for t in tasks if t.stream.startswith("link:") == link})
    return [[i for i, t in enumerate(tasks) if (t.rank, t.stream) == stream] for stream in streams]


@given(graphs())
def test_no_task_starts_before_what_it_waits_for_has_ended(tasks: list[Task]) -> None:
    trace = play(tasks)
    assert all(trace.start_s[i] >= arrival_s(tasks, trace, i) for i in range(len(tasks)))


@given(graphs())
def test_each_task_lasts_its_duration(tasks: list[Task]) -> None:
    trace = play(tasks)
    assert (trace.end_s - trace.start_s).tolist() == [task.duration_s for task in tasks]


@given(graphs())
def test_no_stream_does_two_tasks_at_once(tasks: list[Task]) -> None:
    trace = play(tasks)
    for line in lines(tasks, link=False) + lines(tasks, link=True):
        spans = sorted((trace.start_s[i], trace.end_s[i]) for i in line)
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


@given(graphs())
def test_a_stream_keeps_the_listed_order_and_waits_no_longer_than_it_must(tasks: list[Task]) -> None:
    trace = play(tasks)
    for line in lines(tasks, link=False):
        free_s = 0.0
        for index in line:
            assert trace.start_s[index] == max(free_s, arrival_s(tasks, trace, index))
            free_s = trace.end_s[index]


@given(graphs(least_link_s=1))
def test_a_link_serves_in_order_of_arrival_and_then_of_listing(tasks: list[Task]) -> None:
    trace = play(tasks)
    for line in lines(tasks, link=True):
        free_s = 0.0
        for arrived_s, index in sorted((arrival_s(tasks, trace, i), i) for i in line):
            assert trace.start_s[index] == max(free_s, arrived_s)
            free_s = trace.end_s[index]


@given(graphs())
def test_the_same_tasks_give_the_same_trace(tasks: list[Task]) -> None:
    one, other = play(tasks), play(tasks)
    assert np.array_equal(one.start_s, other.start_s)
    assert np.array_equal(one.end_s, other.end_s)


@given(graphs())
def test_row_i_of_the_trace_is_task_i(tasks: list[Task]) -> None:
    trace = play(tasks)
    rows = [
        (int(r), trace.streams[s], trace.names[n]) for r, s, n in zip(trace.rank, trace.stream, trace.name, strict=True)
    ]
    assert rows == [(task.rank, task.stream, task.name) for task in tasks]


@given(graphs(streams=UNSHARED), st.integers(0, 23))
def test_where_no_link_is_shared_a_longer_task_ends_nothing_earlier(tasks: list[Task], which: int) -> None:
    longer = [replace(task, duration_s=task.duration_s + (i == which)) for i, task in enumerate(tasks)]
    assert (play(longer).end_s >= play(tasks).end_s).all()
