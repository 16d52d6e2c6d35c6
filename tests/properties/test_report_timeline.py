"""timeline.json: fits its schema, holds every task once, never two at once on one stream."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from reports import timeline
from simulator.result import Result
from simulator.trace import Trace
from tests.made_result import made_result

SCHEMA = Path(__file__).parents[2] / "reports/schemas/timeline.schema.json"
LARGEST_BYTES = 10_000_000
COMMUNICATION = re.compile(r"^nccl.*Kernel")
"""How Holistic Trace Analysis 0.5 knows a communication kernel."""


@pytest.fixture(scope="module")
def result() -> Result:
    return made_result()


@pytest.fixture(scope="module")
def document(result: Result) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(timeline.text(result))
    return read


def tasks(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [event for event in document["traceEvents"] if event["ph"] == "X"]


def test_it_fits_its_schema(result: Result) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    small = json.loads(timeline.text(made_result("small", 4, 8)))
    Draft202012Validator(schema).validate(small)


def test_sixteen_ranks_and_120_micro_batches_stay_small_enough_to_open(result: Result) -> None:
    assert len(timeline.text(result).encode()) <= LARGEST_BYTES


def test_no_stream_shows_two_tasks_at_once(document: dict[str, Any]) -> None:
    lanes: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for task in tasks(document):
        lanes[task["pid"], task["tid"]].append((task["ts"], task["ts"] + task["dur"]))
    for spans in lanes.values():
        assert all(after[0] >= before[1] - 1e-6 for before, after in pairwise(sorted(spans)))


def test_every_task_stands_there_once_at_its_time(document: dict[str, Any], result: Result) -> None:
    trace = result.step_trace
    ranks = set(trace.rank.tolist())
    shown = [task for task in tasks(document) if task["pid"] in ranks]
    assert len(shown) == len(trace.rank)
    assert sum(task["dur"] for task in shown) / 1e6 == pytest.approx(float((trace.end_s - trace.start_s).sum()))
    assert max(task["ts"] + task["dur"] for task in shown) / 1e6 == pytest.approx(trace.makespan_s)
    assert len({task["args"]["correlation"] for task in tasks(document)}) == len(tasks(document))


def test_the_inside_of_a_pair_is_a_process_of_its_own(document: dict[str, Any], result: Result) -> None:
    names = {e["pid"]: e["args"]["name"] for e in document["traceEvents"] if e["name"] == "process_name"}
    assert names[0] == "pipeline rank 0"
    assert names[16] == "inside one overlapped pair, rank 0"
    assert sum(task["pid"] == 16 for task in tasks(document)) == len(result.pair_trace.rank)


def test_communication_and_nothing_else_carries_the_name_that_analysers_know(document: dict[str, Any]) -> None:
    streams = {
        (e["pid"], e["tid"]): e["args"]["name"].split(maxsplit=2)[2]
        for e in document["traceEvents"]
        if e["name"] == "thread_name"
    }
    for task in tasks(document):
        collective = any(word in task["name"] for word in ("reduce-scatter", "all-gather"))
        expected = streams[task["pid"], task["tid"]] != "compute" or collective
        assert bool(COMMUNICATION.match(task["name"])) == expected, task


def test_one_rank_alone_names_itself(result: Result) -> None:
    read = json.loads(timeline.of_rank(result.step_trace, 3, 16))
    assert read["distributedInfo"] == {"backend": "nccl", "rank": 3, "world_size": 16}
    assert {event["pid"] for event in read["traceEvents"]} == {3}
    assert len(tasks(read)) == int((result.step_trace.rank == 3).sum())


def test_a_barrier_of_no_length_is_left_out() -> None:
    code = np.zeros(2, np.int32)
    trace = Trace(code, code, np.array([0, 1], np.int32), np.array([0.0, 1.0]), np.ones(2), ("compute",), ("a", "b"))
    assert [task["name"] for task in tasks(json.loads(timeline.of_rank(trace, 0, 1)))] == ["a"]
