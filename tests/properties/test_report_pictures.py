"""The pictures tell the truth: as much colour as seconds, nothing outside the frame, small whatever the trace."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import chunks, rank_rows, schedule_picture, words
from reports.pair_picture import pair
from simulator.trace import Trace
from tests.made_result import made_result

RECTANGLE = re.compile(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-")
PATH = re.compile(r'<path fill="var\(--([\w-]+)\)" d="([^"]*)">')
SCALE = 1160.0 - 58 - 64
"""Units of the picture for the whole step."""


def drawn_widths(svg: str) -> dict[str, float]:
    """Colour -> summed width of its rectangles."""
    widths: dict[str, float] = {}
    for colour, path in PATH.findall(svg):
        widths[colour] = widths.get(colour, 0.0) + sum(float(width) for _, _, width, _ in RECTANGLE.findall(path))
    return widths


def many(count: int) -> Trace:
    """One rank with `count` equal forward chunks back to back, then as long a wait."""
    edges = np.linspace(0.0, 1.0, count + 1)
    rank = np.zeros(count + 1, np.int32)
    names = (*(f"F {place} s0" for place in range(count)), "optimizer")
    starts, ends = np.append(edges[:-1], 1.99), np.append(edges[1:], 2.0)
    return Trace(rank, rank, np.arange(count + 1, dtype=np.int32), starts, ends, ("compute",), names)


def test_the_schedule_shows_as_much_of_a_colour_as_there_are_seconds() -> None:
    trace = made_result().step_trace
    frame = trace.to_frame()
    pairs = frame[frame["name"].str.contains("&")]
    expected = float((pairs["end_s"] - pairs["start_s"]).sum()) / trace.makespan_s * SCALE
    widths = drawn_widths(str(schedule_picture.schedule(trace, {}).svg))
    assert widths["pair-0"] + widths["pair-1"] + rank_rows.BLOCK_GAP * len(pairs) == pytest.approx(expected, rel=0.01)


def test_chunks_too_narrow_to_see_are_drawn_as_runs_of_colour() -> None:
    svg = str(schedule_picture.schedule(many(20_000), {}).svg)
    assert len(svg) < 20_000
    assert drawn_widths(svg)["forward-0"] == pytest.approx(SCALE / 2, abs=2)


@pytest.mark.parametrize("count", [1, 10, 300])
def test_no_block_leaves_the_frame(count: int) -> None:
    for picture in (schedule_picture.schedule(many(count), {0: 1.0}), schedule_picture.both_ends(many(count))):
        for x, y, width, height in RECTANGLE.findall(str(picture.svg)):
            assert 0 <= float(x) <= float(x) + float(width) <= 1160.2
            assert 0 <= float(y) <= float(y) + float(height) <= 60


def test_a_thousand_ranks_still_make_a_picture_that_can_be_read() -> None:
    rank = np.arange(1000, dtype=np.int32)
    code = np.zeros(1000, np.int32)
    trace = Trace(rank, code, code, np.zeros(1000), np.ones(1000), ("compute",), ("F 0 s0",))
    svg = str(schedule_picture.schedule(trace, {}).svg)
    assert svg.count("rank ") == schedule_picture.MOST_ROWS
    assert len(svg) < 30_000


def test_the_pair_names_every_phase_wide_enough_for_its_name() -> None:
    trace = made_result().pair_trace
    svg = str(pair(trace).svg)
    assert svg.count('class="block"') > len(trace.rank)
    assert "attn(F) l3: 4.8 ms" in svg


def test_waiting_for_a_slower_rank_does_not_look_like_work() -> None:
    code = np.arange(2, dtype=np.int32)
    names = ("wait for dispatch(B) l3", "dispatch(B) l3")
    trace = Trace(np.zeros(2, np.int32), np.zeros(2, np.int32), code, np.array([0.0, 1.0]), np.array([1.0, 2.0]),
                  ("comm",), names)  # fmt: skip
    picture = pair(trace)
    assert [key.colour for key in picture.legend] == ["backward-0", "other", "hatch"]
    assert set(drawn_widths(str(picture.svg))) == {"backward-0", "other"}
    assert "network busy 50 %" in picture.svg


@given(st.floats(1e-6, 1e4), st.floats(0, 1e4))
def test_ticks_are_few_and_inside(length_s: float, start_s: float) -> None:
    ticks = schedule_picture.ticks(start_s, start_s + length_s)
    assert len(ticks) <= 12
    assert all(start_s - 1e-6 * length_s <= tick + 1e-9 and tick <= start_s + length_s * (1 + 1e-6) for tick in ticks)


def test_micro_batches_that_enter_at_the_far_end_are_known() -> None:
    assert chunks.from_the_far_end(made_result().step_trace) == frozenset(range(60, 120))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("F 12 s3", "F"), ("I 4 s12", "I"), ("F 12 s3 & B 4 s12", "pair"), ("gradient norm", "optimizer"),
     ("send F 12 s3", "send"), ("F 12", "other"), ("", "other")],
)  # fmt: skip
def test_a_tasks_name_says_its_kind(name: str, kind: str) -> None:
    assert chunks.kind(name) == kind


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [(19.926, "s", "19.93 s"), (0.29, "s", "0.2900 s"), (0.0491, "s", "49.1 ms"), (0.389, "ratio", "38.9 %"),
     (2_788_000.0, "GPU h", "2.788 million GPU-hours"), (84_943_110_144.0, "bytes", "84.94 GB"), (0.0, "USD", "0 USD"),
     (272.8e9, "tokens/day", "272.8 billion tokens/day"), (-1500.0, "USD", "-1.500 thousand USD")],
)  # fmt: skip
def test_a_figure_is_written_for_people(value: float, unit: str, said: str) -> None:
    assert str(words.quantity(value, unit)) == said


@pytest.mark.parametrize(
    ("column", "unit"),
    [("step_1f_s", "s"), ("bytes_per_s", "bytes/s"), ("seconds", "s"), ("usd", "USD"), ("hidden_s", "s"),
     ("link_bytes_per_s", "bytes/s"), ("load_ratio", "ratio"), ("stages", ""), ("share", "ratio")],
)  # fmt: skip
def test_a_columns_name_says_its_unit(column: str, unit: str) -> None:
    assert words.unit_of(column) == unit


@given(st.lists(st.floats(1, 1e15), min_size=1, max_size=8), st.sampled_from(["s", "bytes", "flop/s", ""]))
def test_a_columns_largest_number_keeps_four_figures(values: list[float], unit: str) -> None:
    scale = words.scale(values, unit)
    largest = max(values, key=abs)
    read = float(scale.text(largest).replace(",", "")) * scale.divisor
    assert read == pytest.approx(largest, rel=5.001e-4, abs=1e-12 * scale.divisor)
