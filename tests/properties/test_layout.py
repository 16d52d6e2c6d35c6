"""What holds for every layout: places and groups of ranks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.divide import nearest_divisors, nearest_multiples
from workloads.layout import Axis, Layout
from workloads.schedules.one_f_one_b import OneFOneB

AXES: list[Axis] = ["tp", "cp", "dp", "pp", "ep", "edp", "dp x cp"]


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """Small layouts with any ep that divides the ranks of a stage."""
    tp, cp, dp, pp = (draw(st.integers(1, 4)) for _ in range(4))
    ep = draw(st.sampled_from([n for n in range(1, tp * cp * dp + 1) if tp * cp * dp % n == 0]))
    return Layout(tp=tp, cp=cp, dp=dp, pp=pp, ep=ep, schedule=OneFOneB())


@given(layouts())
def test_a_rank_is_where_its_place_says(layout: Layout) -> None:
    places = [layout.coordinates(rank) for rank in range(layout.ranks)]
    assert len(set(places)) == layout.ranks
    assert [layout.rank(place) for place in places] == list(range(layout.ranks))


@pytest.mark.parametrize("axis", AXES)
@given(layouts())
def test_groups_along_an_axis_share_out_the_ranks(axis: Axis, layout: Layout) -> None:
    groups = {layout.group(rank, axis) for rank in range(layout.ranks)}
    assert sorted(rank for group in groups for rank in group) == list(range(layout.ranks))
    assert all(layout.group(rank, axis) == group for group in groups for rank in group)


@pytest.mark.parametrize("axis", ["tp", "cp", "dp", "pp"])
@given(layouts())
def test_a_group_along_an_axis_differs_in_that_coordinate_only(axis: Axis, layout: Layout) -> None:
    for rank in range(layout.ranks):
        places = [layout.coordinates(other)._asdict() for other in layout.group(rank, axis)]
        assert [place.pop(axis) for place in places] == list(range(len(places)))
        assert all(place == places[0] for place in places)


@given(layouts())
def test_ranks_with_the_same_dense_parameters_have_the_same_tp_and_pp(layout: Layout) -> None:
    places = {rank: layout.coordinates(rank) for rank in range(layout.ranks)}
    for rank, place in places.items():
        same = [r for r, other in places.items() if (other.tp, other.pp) == (place.tp, place.pp)]
        assert list(layout.group(rank, "dp x cp")) == same


@given(layouts())
def test_an_expert_group_and_its_copies_fill_the_stage(layout: Layout) -> None:
    for rank in range(layout.ranks):
        copies = [layout.group(other, "edp") for other in layout.group(rank, "ep")]
        stage = {other for group in copies for other in group}
        assert {layout.coordinates(other).pp for other in stage} == {layout.coordinates(rank).pp}
        assert len(stage) == layout.ranks_per_stage


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_divisors_named_are_the_nearest(number: int, near: int) -> None:
    every = [d for d in range(1, number + 1) if number % d == 0]
    named = [int(word) for word in nearest_divisors(number, near).split(" or ")]
    assert named == ([d for d in every if d <= near][-1:] + [d for d in every if d > near][:1])


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_multiples_named_are_the_nearest(number: int, near: int) -> None:
    named = [int(word) for word in nearest_multiples(number, near).split(" or ")]
    assert all(word % number == 0 and abs(word - near) <= number for word in named)
