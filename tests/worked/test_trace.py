"""A trace as columns and as a frame."""

from __future__ import annotations

from simulator.engine import Task, play

TRACE = play([Task(1, "compute", "F", 2), Task(0, "link:out", "send", 1, (0,)), Task(1, "compute", "B", 4)])


def test_streams_and_names_are_codes_in_the_trace_and_words_in_its_frame() -> None:
    assert TRACE.stream.tolist() == [0, 1, 0]
    assert TRACE.streams == ("compute", "link:out")
    assert TRACE.to_frame().to_dict("list") == {
        "rank": [1, 0, 1],
        "stream": ["compute", "link:out", "compute"],
        "name": ["F", "send", "B"],
        "start_s": [0.0, 2.0, 2.0],
        "end_s": [2.0, 3.0, 6.0],
    }


def test_the_makespan_is_the_end_of_the_last_task() -> None:
    assert TRACE.makespan_s == 6.0
