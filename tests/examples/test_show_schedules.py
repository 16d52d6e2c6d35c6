"""`clustercast show schedule` draws all schedules on one scale of time."""

from __future__ import annotations

import pytest

from tests.command import clustercast

KINDS = ["1f1b", "dualpipe", "dualpipev", "gpipe", "interleaved", "zb-h1", "zb-h2", "zbv"]


def rows_of(text: str, kind: str) -> list[str]:
    """Rows of a schedule's picture, without the rank."""
    lines = text.splitlines()
    first = lines.index(kind) + 1
    return [line.split()[1] for line in lines[first : lines.index("", first)]]


def test_every_schedule_is_drawn_and_has_a_line_in_the_table() -> None:
    ended = clustercast("show", "schedule")
    assert ended.code == 0
    table = [line.split() for line in ended.out.splitlines()]
    for kind in KINDS:
        assert len(rows_of(ended.out, kind)) == 4
        assert any(row[:1] == [kind] and len(row) >= 5 for row in table)


def test_a_row_is_the_time_of_a_rank() -> None:
    rows = rows_of(clustercast("show", "schedule", "--ranks", "2", "--micro-batches", "4").out, "zb-h1")
    assert rows == ["F0F1..I0W0F2I1W1F3I2W2I3W3", "..F0I0F1I1W0F2I2W1F3I3W2W3"]


def test_a_folded_pipeline_turns_into_small_letters() -> None:
    rows = rows_of(clustercast("show", "schedule", "--ranks", "2", "--micro-batches", "4").out, "dualpipev")
    assert rows == ["FFFfiwfF&b.f&Bb2.f&Bb3IWIW", ".FfFfFb0f&BF&bf&Bb2B2.iIwW"]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("1f1b", ["4", "33", "9", "9", "4"]),
        ("gpipe", ["4", "33", "9", "9", "8"]),
        ("interleaved", ["8", "28.5", "4.5", "4.5", "5.5"]),
        ("zb-h1", ["4", "27", "3", "3", "4"]),
        ("zb-h2", ["4", "27", "3", "0", "7"]),
        ("zbv", ["8", "25.5", "1.5", "0", "4"]),
        ("dualpipe", ["4", "26", "2", "2", "5"]),
        ("dualpipev", ["8", "27", "3", "3", "4.5"]),
    ],
)
def test_the_table_gives_stages_step_idle_time_formula_and_micro_batches_held(kind: str, told: list[str]) -> None:
    """With f = b = w = 1, 4 ranks and 8 micro-batches: 24 of work a rank, and what the formulas say."""
    rows = [line.split() for line in clustercast("show", "schedule").out.splitlines()]
    assert [kind, *told] in rows


def test_a_schedule_that_cannot_run_like_this_says_why_in_its_place() -> None:
    ended = clustercast("show", "schedule", "--ranks", "3", "--micro-batches", "4")
    assert ended.code == 0
    assert "use pp = 2 or 4" in ended.out
    assert "needs at least 2 x pp - 1 = 5 micro-batches" in ended.out
    assert len(rows_of(ended.out, "zb-h2")) == 3
