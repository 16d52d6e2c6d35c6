"""What holds for all pictures of services: bars add up, columns are as large as their shares, dots keep their order."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from reports import batch_pictures, histogram_pictures, request_pictures, stacked_bars, unit_pictures
from reports.chart import Axis, from_zero
from reports.service_page import document, page
from tests.made_service import PROMISES, made_histograms, made_tables, made_timeline, served, with_requests

RECTANGLE = re.compile(r"M([\d.-]+) ([\d.-]+)h([\d.]+)v([\d.]+)h-")
FULL = stacked_bars.RIGHT - stacked_bars.LEFT
SECONDS = st.floats(min_value=1e-6, max_value=10.0)


def rectangles(svg: Markup) -> list[tuple[float, float, float, float]]:
    """x, y, width, height of every rectangle of a drawing."""
    return [(float(x), float(y), float(w), float(h)) for x, y, w, h in RECTANGLE.findall(str(svg))]


def steps_of(both_s: list[tuple[float, float]]) -> pd.DataFrame:
    """One unit's step of lines with these seconds counted, and these hidden."""
    rows = [("decode", f"line {place}", a + b, a) for place, (a, b) in enumerate(both_s)]
    return pd.DataFrame(rows, columns=["unit", "term", "seconds", "counted_s"])


@given(st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=12))
def test_what_is_counted_and_what_is_hidden_are_two_bars_without_gaps(both_s: list[tuple[float, float]]) -> None:
    drawn = rectangles(unit_pictures.steps(steps_of(both_s)).svg)
    longest_s = max(sum(one) for one in zip(*both_s, strict=True))
    for row, seconds in enumerate(zip(*both_s, strict=True)):
        bar = [one for one in drawn if one[1] == pytest.approx(stacked_bars.TOP + stacked_bars.PITCH * row)]
        assert sum(one[2] for one in bar) == pytest.approx(FULL * sum(seconds) / longest_s, abs=0.06 * len(both_s))
        for left, right in pairwise(bar):
            assert left[0] + left[2] == pytest.approx(right[0], abs=0.16)


def test_the_lines_of_a_step_fill_its_bar_and_the_lighter_bar_is_the_rest_of_them() -> None:
    table = served("deepseek-v3-profile-decode").tables["steps"]
    drawn = rectangles(unit_pictures.steps(table).svg)
    first, second = (sum(one[2] for one in drawn if one[1] == y) for y in sorted({one[1] for one in drawn}))
    assert first == pytest.approx(FULL, abs=0.6)
    hidden = (table["seconds"].sum() - table["counted_s"].sum()) / table["counted_s"].sum()
    assert second == pytest.approx(FULL * hidden, abs=0.6)


def test_a_bar_of_memory_is_all_that_a_gpu_can_use() -> None:
    drawn = rectangles(unit_pictures.memory(served("sglang-96-h100").tables["memory"]).svg)
    for y in {one[1] for one in drawn}:
        assert sum(one[2] for one in drawn if one[1] == y) == pytest.approx(FULL, abs=0.6)


def test_columns_of_a_histogram_are_as_large_as_their_shares_and_late_ones_have_another_colour() -> None:
    for cell in histogram_pictures.histograms(made_histograms(), PROMISES).cells:
        areas = [width * height for _, _, width, height in rectangles(getattr(cell, "svg", Markup("")))]
        metric = cell.title
        own = made_histograms().query(f"metric == '{metric_of(metric)}'")
        whole = [area / sum(areas) for area in areas]
        assert max(whole) == pytest.approx(own["share"].max(), rel=0.05), metric


def metric_of(title: str) -> str:
    """Metric that a histogram is called so."""
    return next(metric for metric, said in histogram_pictures.METRICS.items() if said == title)


def test_the_share_that_comes_late_is_that_behind_the_promise() -> None:
    table = pd.DataFrame(
        [("tpot", 0.04, 0.06, 0.5), ("tpot", 0.06, 0.08, 0.5)], columns=["metric", "low_s", "high_s", "share"]
    )
    (cell,) = histogram_pictures.histograms(table, PROMISES).cells
    assert getattr(cell, "caption", "") == "75.0% are later than promised."


@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.floats(0.0, 2.0))
def test_a_bin_cut_at_a_limit_keeps_its_share(low: float, width: float, limit_s: float) -> None:
    parts = histogram_pictures.parted((low, low + width, 0.3), limit_s)
    assert sum(share for _, _, share in parts) == pytest.approx(0.3)
    assert all(not first < limit_s < last for first, last, _ in parts)


def test_batches_that_do_not_fit_are_rings_and_the_promise_is_a_ground() -> None:
    table = with_requests().tables["answers"]
    drawn = str(batch_pictures.batches(table, 256.0, 0.05).svg)
    assert drawn.count('fill="var(--paper)"') == int((~table["fits"]).sum())
    assert "fill-opacity" in drawn
    assert "fill-opacity" not in str(batch_pictures.batches(table, 256.0, None).svg)
    assert "256 (this service)" in drawn


@pytest.mark.parametrize(
    ("gains", "turn"),
    [((-0.2, 0.2), 15.0), ((0.1, 0.2), None), ((-0.1, -0.2), None), ((0.0, 0.1), 10.0)],
)
def test_a_loss_turns_into_a_gain_between_two_sizes(gains: tuple[float, float], turn: float | None) -> None:
    assert batch_pictures.turns_at([10.0, 20.0], gains) == turn


@given(st.floats(1e-6, 1e6), st.floats(1.5, 1e6))
def test_an_axis_has_a_few_round_numbers_in_order(low: float, ratio: float) -> None:
    for axis in (Axis("", (low, low * ratio), "", True), from_zero("", [low])):
        ticks = axis.ticks()
        assert list(ticks) == sorted(ticks)
        places = [axis.share(one) for one in ticks]
        assert all(0 <= place <= 1 for place in places)
        assert len(axis.labels()) == len(ticks)


def test_a_long_timeline_is_thinned_and_keeps_its_means() -> None:
    whole = made_timeline(3000).query("unit == 'decode'").drop(columns="unit")
    drawn = request_pictures.thinned(whole)
    assert len(drawn) <= request_pictures.MOST_POINTS
    assert drawn["running"].mean() == pytest.approx(whole["running"].mean())


ALL = (
    "step", "batch", "memory", "guesses", "requests", "day", "more", "figures", "assumptions", "words", "reproduce",
)  # fmt: skip
"""Sections of a page with all tables."""


@pytest.mark.parametrize("left_out", [*made_tables(), "steps", "units", "memory", "answers", "prompts", "guesses"])
def test_a_page_without_one_of_its_tables_still_says_the_rest(left_out: str) -> None:
    result = with_requests()
    tables = {name: frame for name, frame in result.tables.items() if name != left_out}
    told = page(replace(result, tables=tables))
    assert "What this stands on" in told
    names = {"classes": "day", "unheard_of": "more"}.get(left_out, left_out)
    assert {one.name for one in document(result).sections} - {names} == set(ALL) - {names}


def test_a_table_nobody_has_heard_of_is_shown_under_its_own_name() -> None:
    assert "Unheard of" in page(with_requests())


def test_what_is_not_known_is_passed_over() -> None:
    bins = pd.DataFrame(
        [("ttft", 0.1, 0.2, 1.0), ("ttft", 0.2, float("inf"), 0.0), ("tpot", 0.1, 0.2, float("nan"))],
        columns=["metric", "low_s", "high_s", "share"],
    )
    cells = histogram_pictures.histograms(bins, None).cells
    assert [cell.title for cell in cells] == [histogram_pictures.METRICS["ttft"]]
    line = made_timeline(50).assign(kv_share=float("nan"))
    load = made_tables()["throughput"].assign(ttft_s=float("nan"))
    drawn = [one.svg for one in request_pictures.timelines(line)]
    drawn += [getattr(one, "svg", Markup("")) for one in request_pictures.over_load(load).cells]
    assert not [one for one in drawn if re.search(r'd="[^"]*nan', one) or 'd="M"' in one]


def test_a_step_that_hides_nothing_speaks_of_no_lighter_bar() -> None:
    assert "lighter" not in unit_pictures.steps(steps_of([(1.0, 0.0)])).caption
    assert "lighter" in unit_pictures.steps(steps_of([(1.0, 0.5)])).caption
