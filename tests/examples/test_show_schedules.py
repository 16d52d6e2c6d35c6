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


def table(text: str) -> dict[str, list[str]]:
    """Cells of the table by schedule."""
    lines = text.splitlines()
    first = next(at for at, line in enumerate(lines) if line.split()[:2] == ["schedule", "stages"])
    return {kind: told for kind, *told in map(str.split, lines[first + 2 : lines.index("", first)])}


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
        ("1f1b", ["4", "33", "9", "9", "9", "0", "4", "4", "0"]),
        ("gpipe", ["4", "33", "9", "9", "9", "0", "8", "8", "0"]),
        ("interleaved", ["8", "28.5", "4.5", "4.5", "4.5", "0", "5.5", "5.5", "0"]),
        ("zb-h1", ["4", "27", "3", "3", "3", "0", "4", "4", "0"]),
        ("zb-h2", ["4", "27", "3", "0", "0", "0", "7", "7", "0"]),
        ("zbv", ["8", "25.5", "1.5", "0", "0", "0", "4", "4", "0"]),
        ("dualpipe", ["4", "26", "2", "2", "2", "0", "5", "5", "0"]),
        ("dualpipev", ["8", "27", "3", "3", "3", "0", "4.5", "4.5", "0"]),
    ],
)
def test_the_table_gives_stages_step_idle_time_formula_and_micro_batches_held(kind: str, told: list[str]) -> None:
    """With f = b = w = 1, 4 ranks and 8 micro-batches: 24 of work a rank, and what the formulas say."""
    assert table(clustercast("show", "schedule").out)[kind] == told


def test_a_schedule_that_cannot_run_like_this_says_why_in_its_place() -> None:
    ended = clustercast("show", "schedule", "--ranks", "3", "--micro-batches", "4")
    assert ended.code == 0
    assert "use pp = 2 or 4" in ended.out
    assert "needs at least 2 x pp - 1 = 5 micro-batches" in ended.out
    assert len(rows_of(ended.out, "zb-h2")) == 3


def test_with_a_longer_input_gradient_the_table_shows_by_how_much_a_formula_is_off() -> None:
    """F = 1, b = 1.5, W = 0.5 on 16 ranks: DualPipe idles 23.5, and (16/2 - 1)(3 + 2 - 1.5) = 24.5."""
    ended = clustercast("show", "schedule", "--ranks", "16", "--micro-batches", "120", "--times", "1,1.5,0.5")
    assert ended.code == 0
    rows = table(ended.out)
    assert rows["dualpipe"] == ["16", "383.5", "23.5", "23.5", "24.5", "-1", "17", "17", "0"]
    assert rows["zb-h1"] == ["16", "390", "30", "30", "30", "0", "16", "16", "0"]
    assert rows["zbv"][2:6] == ["15", "15", "-", "-"]
    assert "Pictures are left out" in ended.out and "use 112 or 128 micro-batches" in ended.out
    assert max(map(len, ended.out.splitlines())) < 200


def test_the_picture_has_the_times_given() -> None:
    """Two columns a unit; rank 0 has its first input gradient from 3.5 to 5, its second from 6 to 7.5."""
    words = ("--ranks", "2", "--micro-batches", "2", "--times", "1,1.5,0.5")
    rows = rows_of(clustercast("show", "schedule", *words).out, "zb-h1")
    assert rows == ["F0F1...I0-W.I1-W", "..F0I0-F1I1-WW.."]


def test_a_pair_may_take_less_than_its_parts() -> None:
    """A rank does 24 of work less 0.5 in each of 3 pairs, and idles (4/2 - 1)(2.5 + 2 - 3)."""
    words = ("schedule", "dualpipe", "--ranks", "4", "--micro-batches", "8", "--times")
    saved, not_saved = (table(clustercast("show", *words, times).out) for times in ("1,1,1,2.5", "1,1,1"))
    assert saved["dualpipe"] == ["4", "24", "1.5", "1.5", "1.5", "0", "5", "5", "0"]
    assert not_saved["dualpipe"][1] == "26"


def test_one_schedule_is_drawn_below_its_orders() -> None:
    ended = clustercast("show", "schedule", "zb-h1", "--times", "2,3,2")
    assert len(rows_of(ended.out, "zb-h1")) == 4
    assert list(table(ended.out)) == ["zb-h1"]
    assert "forward 2, input gradient 3, weight gradient 2, overlapped pair 7" in ended.out


@pytest.mark.parametrize(
    "times",
    ["1,1", "1,1,1,1,1", "a,b,c", "1,0,1", "1,-1,1", "1,nan,1", "inf,1,1", "1;1;1", "", "1,1,1,0", "1e-300,1,1"],
)
def test_times_that_cannot_be_are_read_back_with_what_is_allowed(times: str) -> None:
    ended = clustercast("show", "schedule", "--times", times)
    assert (ended.code, ended.out) == (2, "")
    said = " ".join(ended.err.split())
    assert f"read `{times}`; write F,b,W or F,b,W,PAIR, each a number from 0.000001 to 1,000,000" in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("gpu", "h800", "--times", "1,1,1"), 2, "--times go with `show schedule NAME` or `show schedule`"),
        (("schedule", "dualpipe", "--html", "x.html"), 2, "--html FILE goes with `show model NAME`"),
        (("schedule", "--html", "x.html", "--gpu", "h100"), 2, "or with `show schedule`"),
        (("schedule", "--ranks", "1000", "--micro-batches", "1000"), 4, "up to 40,000 are drawn"),
        (("schedule", "zbv", "--times", "1,1,1", "--ranks", "8", "--micro-batches", "8"), 3, "pp = 4 or fewer"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_can(words: tuple[str, ...], code: int, said: str) -> None:
    ended = clustercast("show", *words)
    assert ended.code == code
    assert said in " ".join(ended.err.split())
