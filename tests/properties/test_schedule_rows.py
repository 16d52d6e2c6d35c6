"""A schedule as text: whatever its chunks take, none vanishes and no row is too wide to be read."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.schedule_rows import FORWARD_COLUMNS, WIDEST, place, rows_of, scale
from simulator.replay import Setting, replay
from simulator.trace import Trace
from workloads.schedule import ChunkTimes, ScheduleSpec
from workloads.schedules.interleaved import Interleaved
from workloads.schedules.one_f_one_b import OneFOneB
from workloads.schedules.zb_h1 import ZbH1
from workloads.schedules.zbv import ZbV

RANKS = 2
WITHOUT_PAIRS: list[ScheduleSpec] = [OneFOneB(), Interleaved(), ZbH1(), ZbV()]
times_s = st.one_of(st.sampled_from([0.25, 0.5, 1.0, 1.5]), st.floats(0.05, 5.0))


def traces(times: ChunkTimes, micro_batches: int = 4) -> list[Trace]:
    """Schedules in which a letter stands for one chunk."""
    return [replay(schedule, Setting(RANKS, micro_batches, times)).trace for schedule in WITHOUT_PAIRS]


@given(times_s, times_s, times_s)
def test_each_chunk_is_seen_and_each_row_can_be_read(forward_s: float, input_s: float, weight_s: float) -> None:
    played = traces(ChunkTimes(forward_s, input_s, weight_s, forward_s + input_s + weight_s))
    drawn = scale(played, forward_s)
    for trace in played if drawn.readable else []:
        rows = rows_of(trace, RANKS, drawn.columns)
        chunks = int((trace.end_s > trace.start_s).sum())
        assert sum(letter in "FBIWfbiw" for row in rows for letter in row) == chunks
        assert all(len(row) <= WIDEST for row in rows)


@given(times_s, times_s, times_s)
def test_pictures_are_left_out_only_where_the_shortest_chunk_would_have_no_column(
    forward_s: float, input_s: float, weight_s: float
) -> None:
    played = traces(ChunkTimes(forward_s, input_s, weight_s, forward_s + input_s + weight_s), micro_batches=16)
    shortest_s = min(forward_s, input_s, weight_s) / 2
    longest_s = max(trace.makespan_s for trace in played)
    assert scale(played, forward_s).readable == (place(longest_s / shortest_s) <= WIDEST)


def test_times_that_divide_evenly_get_whole_columns() -> None:
    drawn = scale(traces(ChunkTimes(1.0, 1.5, 0.5, 3.0)), 1.0)
    assert drawn.columns == 4
    assert scale(traces(ChunkTimes(1.0, 1.0, 1.0, 3.0)), 1.0).columns == FORWARD_COLUMNS


@given(st.integers(0, 4000).map(lambda twentieths: twentieths / 20))
@example(0.5)
@example(1.5)
def test_instants_a_column_apart_stand_in_neighbouring_columns(columns: float) -> None:
    assert place(columns + 1) - place(columns) == 1
    assert place(columns) == pytest.approx(columns, abs=0.501)
