"""Pictures of candidates: the front is the front, every place is named once, and no number stands over another."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports import pareto_picture
from reports.attribution_picture import MOST_COLUMNS, REST, Row, attribution_picture
from reports.parallel_picture import MOST_AXES, Line, Scale, parallel, shortened, spaced, wrapped
from reports.pareto_picture import Measure, Point, front, pareto

LESS, MORE = Measure("Cost", "USD"), Measure("Speed", "", less=False)
VALUES = st.lists(st.tuples(st.floats(1, 100), st.floats(1, 100)), min_size=1, max_size=30)
PLACE = re.compile(r'<text x="([\d.]+)" y="([\d.]+)" class="place" text-anchor="(\w+)">([^<]+)</text>')


def drawn(values: list[tuple[float, float]]) -> str:
    """The picture of some candidates, the first of which is the choice."""
    ahead = front(values, LESS, LESS)
    points = [Point(at, f"c{at}", *value, ahead[at - 1], at == 1) for at, value in enumerate(values, start=1)]
    return str(pareto("p", points, (LESS, LESS), "tables/x.csv").svg)


@given(VALUES)
def test_the_front_is_what_no_other_is_at_least_as_good_as_and_better_in_something(
    values: list[tuple[float, float]],
) -> None:
    for one, ahead in zip(values, front(values, LESS, MORE), strict=True):
        beaten = any(o[0] <= one[0] and o[1] >= one[1] and o != one for o in values)
        assert ahead is not beaten


def test_what_is_not_known_is_neither_on_the_front_nor_drawn() -> None:
    assert front([(1.0, math.nan), (2.0, 3.0)], LESS, LESS) == [False, True]
    svg = drawn([(2.0, 3.0), (1.0, math.nan)])
    assert "c1" in svg and "c2" not in svg


@settings(max_examples=60)
@given(VALUES)
def test_every_candidate_is_named_and_no_number_stands_over_another(values: list[tuple[float, float]]) -> None:
    svg = drawn(values)
    for number in range(1, len(values) + 1):
        assert f"{number}: c{number}" in svg
    boxes = []
    for x, y, _, text in PLACE.findall(svg):
        half = pareto_picture.LETTER * len(text) / 2
        boxes.append((float(x) - half + 0.1, float(y) - 9.9, float(x) + half - 0.1, float(y) + 2.9))
    assert len(boxes) <= len(values)
    over = [(a, b) for at, a in enumerate(boxes) for b in boxes[:at] if pareto_picture._overlap(a, b)]
    assert not over


def test_the_choice_is_a_square_and_said_in_words() -> None:
    svg = drawn([(1.0, 2.0), (2.0, 1.0), (3.0, 3.0)])
    assert "The choice: 1, c1, 1 USD, 2 USD" in svg
    assert "On the front: 2, c2" in svg
    assert "for 1 more, another is as good in both" in svg


@given(st.lists(st.floats(0, 330), max_size=25).map(sorted))
def test_numbers_at_the_edge_keep_their_order_and_distance(places: list[float]) -> None:
    found = spaced(places, 12.0, (0.0, 330.0))
    assert all(after - before >= 12.0 - 1e-9 for before, after in pairwise(found))
    assert all(0.0 <= one <= max(330.0, 12.0 * (len(places) - 1)) + 1e-9 for one in found)


def test_a_parallel_view_has_every_place_and_says_what_is_left_out() -> None:
    lines = [Line(1, "a", "chosen"), Line(2, "b", "second"), Line(3, "c")]
    variables = [Scale(f"v{at}", (1.0, 2.0, 4.0)) for at in range(MOST_AXES + 2)]
    picture = parallel("p", "t", lines, (variables, [Scale("Cost", (3.0, 4.0, 5.0), "USD", True)]), "tables/x.csv")
    assert sorted(text for *_, text in PLACE.findall(str(picture.svg))) == ["1", "2", "3"]
    left_out = 3
    assert picture.caption.endswith(f"Not drawn: {', '.join(one.title for one in variables[-left_out:])}.")
    assert "1, a: v0 1, " in str(picture.svg) and "Cost 3 USD" in str(picture.svg)


def test_levels_of_numbers_rise_with_the_numbers_also_with_units() -> None:
    assert Scale("rate", (1e11, 2.5e10, 5e10), "bytes/s").levels == (2.5e10, 5e10, 1e11)
    assert Scale("n", ("10", "9", "100")).levels == ("9", "10", "100")
    assert Scale("kind", ("b", "a", None, "b")).levels == ("a", "b")
    assert Scale("Cost", (1.0, 2.0), "USD", True).levels == ()


def test_a_line_is_broken_where_a_value_is_missing() -> None:
    scales = [Scale("a", (1.0, 2.0)), Scale("b", (None, 2.0)), Scale("c", (1.0, 2.0))]
    svg = str(parallel("p", "t", [Line(1, "x", "chosen"), Line(2, "y")], (scales, []), "").svg)
    assert svg.count("<title>2: y</title>") == 1
    assert svg.count("<title>1: x</title>") == 0


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("schedule.kind", ["schedule.kind"]),
        ("nic.achievable_ratio", ["nic.", "achievable", "ratio"]),
        ("sequences_per_step", ["sequences per", "step"]),
        ("kernels.all_to_all", ["kernels.all", "to all"]),
    ],
)
def test_titles_are_broken_between_their_words(title: str, lines: list[str]) -> None:
    assert wrapped(title, 13) == lines


def test_a_long_name_keeps_both_ends() -> None:
    assert shortened("deepep-2025-02-25", 11) == "deepe…02-25"
    assert shortened("deepep", 11) == "deepep"


@given(st.lists(st.dictionaries(st.sampled_from("abcdefghijklm"), st.floats(-10, 10)), min_size=1, max_size=8))
def test_terms_of_a_row_add_up_whatever_is_put_together(adds: list[dict[str, float]]) -> None:
    rows = [Row(f"r{at}", one) for at, one in enumerate(adds)]
    svg = str(attribution_picture(rows, "t", "s", "tables/x.csv").svg)
    things = {thing for one in adds for thing in one}
    heads = re.findall(r'y="42" class="axis" text-anchor="middle">([^<]+)<', svg)
    assert len(heads) == min(len(things), MOST_COLUMNS)
    assert (REST in heads) == (len(things) > MOST_COLUMNS)
    for row in rows:
        assert row.name in svg
