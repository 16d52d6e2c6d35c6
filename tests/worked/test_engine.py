"""The engine on a handful of tasks, each time worked out by hand."""

from __future__ import annotations

import math

import pytest

from simulator.engine import Deadlock, Task, play


def spans(tasks: list[Task]) -> list[tuple[float, float]]:
    """Start and end of each task."""
    trace = play(tasks)
    return list(zip(trace.start_s.tolist(), trace.end_s.tolist(), strict=True))


def test_streams_of_a_rank_run_beside_each_other_and_each_in_listed_order() -> None:
    tasks = [
        Task(0, "compute", "attention", 3),
        Task(0, "comm", "dispatch", 2, (0,)),
        Task(0, "compute", "other attention", 4),
        Task(0, "compute", "mlp", 1, (1,)),
    ]
    assert spans(tasks) == [(0, 3), (3, 5), (3, 7), (7, 8)]


def test_a_stream_stands_at_a_task_that_is_not_ready_though_the_next_one_is() -> None:
    tasks = [Task(0, "comm", "slow", 5), Task(0, "compute", "waits", 1, (0,)), Task(0, "compute", "ready", 1)]
    assert spans(tasks) == [(0, 5), (5, 6), (6, 7)]


def test_a_barrier_of_zero_length_lets_all_go_when_the_last_arrives() -> None:
    tasks = [
        Task(0, "compute", "fast", 1),
        Task(1, "compute", "slow", 4),
        Task(-1, "barrier", "all", 0, (0, 1)),
        Task(0, "compute", "next", 1, (2,)),
        Task(1, "compute", "next", 1, (2,)),
    ]
    assert spans(tasks)[2:] == [(4, 4), (4, 5), (4, 5)]


def test_a_link_serves_who_comes_first_not_who_is_listed_first() -> None:
    tasks = [
        Task(0, "compute", "late", 3),
        Task(0, "comm", "early", 1),
        Task(0, "link:out", "send late", 4, (0,)),
        Task(0, "link:out", "send early", 4, (1,)),
    ]
    assert spans(tasks)[2:] == [(5, 9), (1, 5)]


def test_of_two_sends_that_arrive_at_once_the_first_listed_goes_first() -> None:
    tasks = [
        Task(0, "link:out", "send b", 2, (3,)),
        Task(0, "link:out", "send c", 2, (2,)),
        Task(0, "compute", "c", 1),
        Task(1, "compute", "b", 1),
    ]
    assert spans(tasks)[:2] == [(1, 3), (3, 5)]


def test_a_send_that_arrives_through_barriers_of_the_same_instant_still_arrives_at_once() -> None:
    tasks = [
        Task(0, "link:out", "behind two barriers", 2, (1,)),
        Task(1, "barrier", "second", 0, (2,)),
        Task(2, "barrier", "first", 0, (4,)),
        Task(0, "link:out", "behind none", 2, (4,)),
        Task(0, "compute", "work", 1),
    ]
    assert spans(tasks) == [(1, 3), (1, 1), (1, 1), (3, 5), (0, 1)]


def test_a_send_that_arrives_as_the_link_falls_free_takes_its_turn_by_listing() -> None:
    tasks = [
        Task(0, "compute", "work", 2),
        Task(0, "link:out", "arrives at 2", 1, (0,)),
        Task(0, "link:out", "holds the link until 2", 2),
        Task(0, "link:out", "in the queue since 0", 1),
    ]
    assert spans(tasks) == [(0, 2), (3, 4), (0, 2), (2, 3)]


def test_ranks_have_links_of_their_own() -> None:
    assert spans([Task(0, "link:out", "a", 2), Task(1, "link:out", "b", 2)]) == [(0, 2), (0, 2)]


def test_waiting_twice_for_one_task_is_waiting_for_it() -> None:
    assert spans([Task(0, "compute", "a", 2), Task(0, "comm", "b", 1, (0, 0))])[1] == (2, 3)


def test_no_tasks_take_no_time() -> None:
    assert play([]).makespan_s == 0


def test_a_deadlock_names_the_first_blocked_tasks_and_what_they_wait_for() -> None:
    tasks = [
        Task(0, "compute", "done", 1),
        Task(0, "compute", "forward", 1, (2,)),
        Task(1, "compute", "gradient", 1, (3,)),
        Task(0, "compute", "backward", 1),
    ]
    with pytest.raises(Deadlock) as deadlock:
        play(tasks)
    assert str(deadlock.value).splitlines() == [
        "3 of 4 tasks can never start; the first of them:",
        "  forward (rank 0, compute, task 1) waits for gradient (rank 1, compute, task 2)",
        "  gradient (rank 1, compute, task 2) waits for backward (rank 0, compute, task 3)",
    ]


def test_a_deadlock_of_many_streams_counts_those_it_does_not_name() -> None:
    circle = [Task(rank, "compute", "turn", 1, ((rank + 1) % 9,)) for rank in range(9)]
    with pytest.raises(Deadlock, match="and 4 more streams stand still"):
        play(circle)


@pytest.mark.parametrize("duration_s", [-1.0, math.nan, math.inf])
def test_a_duration_that_cannot_be_is_refused(duration_s: float) -> None:
    with pytest.raises(ValueError, match=r"task 0 \(work\) lasts"):
        play([Task(0, "compute", "work", duration_s)])


@pytest.mark.parametrize("index", [-1, 1])
def test_waiting_for_a_task_outside_the_list_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match=f"waits for task {index}; allowed: 0 to 0"):
        play([Task(0, "compute", "work", 1, (index,))])
