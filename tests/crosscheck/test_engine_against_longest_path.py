"""Where no link is shared, what is played ends when the longest path through the graph does."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from simulator.engine import Task, play
from tests.replay import tasks as tasks_of
from workloads.schedule import ChunkTimes, ScheduleSpec
from workloads.schedules.dualpipe import DualPipe
from workloads.schedules.dualpipev import DualPipeV
from workloads.schedules.gpipe import GPipe
from workloads.schedules.one_f_one_b import OneFOneB
from workloads.schedules.zb_h1 import ZbH1
from workloads.schedules.zb_h2 import ZbH2
from workloads.schedules.zbv import ZbV


def longest_path_s(tasks: list[Task]) -> float:
    """Heaviest path, an edge carrying the duration of the task it leaves."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    last: dict[tuple[int, str], int] = {}
    end = len(tasks)
    for index, task in enumerate(tasks):
        before = last.get((task.rank, task.stream))
        for earlier in {*task.after, *([] if before is None else [before])}:
            graph.add_edge(earlier, index, weight=tasks[earlier].duration_s)
        graph.add_edge(index, end, weight=task.duration_s)
        last[task.rank, task.stream] = index
    return float(nx.dag_longest_path_length(graph))


def random_tasks(seed: int, number: int = 400) -> list[Task]:
    """Tasks on five ranks and two streams each, waiting for up to three earlier ones."""
    random = np.random.default_rng(seed)
    tasks = []
    for index in range(number):
        after = tuple(int(i) for i in random.integers(0, index, random.integers(0, 4))) if index else ()
        stream = ("compute", "comm")[random.integers(2)]
        tasks.append(Task(int(random.integers(5)), stream, "work", float(random.exponential()), after))
    return tasks


@pytest.mark.parametrize("seed", range(8))
def test_random_graphs_end_with_their_longest_path(seed: int) -> None:
    tasks = random_tasks(seed)
    assert play(tasks).makespan_s == pytest.approx(longest_path_s(tasks), rel=1e-12)


SCHEDULES = [DualPipe(), DualPipeV(), GPipe(), OneFOneB(), ZbH1(), ZbH2(), ZbV()]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.kind)
def test_schedules_end_with_their_longest_path(schedule: ScheduleSpec) -> None:
    tasks = tasks_of(schedule.orders(8, 24), ChunkTimes(0.0491, 0.0754, 0.0320, 0.1438))
    assert play(tasks).makespan_s == pytest.approx(longest_path_s(tasks), rel=1e-12)
