"""`clustercast balance` reads a CSV file, places experts, and says what is wrong with it in one message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import clustercast
from tests.published.test_eplb_example import PLACED, TOKENS

ROWS = ["layer,expert,tokens"] + [
    f"{layer},{expert},{int(count)}" for layer, row in enumerate(TOKENS) for expert, count in enumerate(row)
]
WORDS = ("--replicas", "16", "--groups", "4", "--nodes", "2", "--gpus", "8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The published example as a file."""
    path = tmp_path / "loads.csv"
    path.write_text("\n".join(ROWS), encoding="utf-8")
    return path


def test_a_line_says_before_after_and_where_experts_go(file: Path) -> None:
    ended = clustercast("balance", str(file), *WORDS)
    assert ended.code == 0, ended.err
    first = ended.out.splitlines()[4]
    assert first.split()[:3] == ["0", "1.851", "1.208"]
    assert first.endswith("5 6 | 5 7 | 8 4 | 3 4 | 10 9 | 10 2 | 0 1 | 11 1")


def test_json_holds_the_same_for_programs(file: Path) -> None:
    told = json.loads(clustercast("balance", str(file), *WORDS, "--json").out)
    assert [layer["expert"] for layer in told["layers"]] == PLACED
    assert told["layers"][0]["gpu"] == [slot // 2 for slot in range(16)]
    assert told["layers"][1]["busiest_over_mean_before"] == pytest.approx(344 * 8 / 1156)


def test_groups_that_do_not_divide_among_nodes_are_placed_globally(file: Path) -> None:
    words = ("--replicas", "15", "--groups", "4", "--nodes", "3", "--gpus", "3")
    ended = clustercast("balance", str(file), *words)
    assert ended.code == 0
    assert "global" in ended.out.splitlines()[0]


@pytest.mark.parametrize(
    ("line", "text", "place", "said"),
    [
        (0, "layer,expert,token", ":1:", "unknown column (did you mean `tokens`?)"),
        (0, "layer,expert", ":1:", "tokens: this column is needed"),
        (3, "0,2,-40", ":4:", "read `-40`; write a number of tokens, 0 or more"),
        (3, "0,2,many", ":4:", "read `many`; write a number of tokens"),
        (3, "0,2,nan", ":4:", "read `nan`"),
        (3, "0,2,inf", ":4:", "read `inf`"),
        (3, "0,2.5,40", ":4:", "expert: read `2.5`; write a whole number"),
        (3, "0,2", ":4:", "2 cells under a header of 3"),
        (3, "0,1,40", ":4:", "layer 0 has expert 1 in line 3 already"),
        (3, "# none", ":2:", "layer 0 lacks expert 2; write 0 tokens for an idle one"),
        (3, "0,900000000,1", ":4:", "read 900000000; experts count from 0 without a gap"),
    ],
)
def test_a_mistake_in_the_file_ends_with_3_and_its_place(
    file: Path, line: int, text: str, place: str, said: str
) -> None:
    rows = [*ROWS[:line], text, *ROWS[line + 1 :]]
    file.write_text("\n".join(rows), encoding="utf-8")
    ended = clustercast("balance", str(file), *WORDS)
    assert ended.code == 3
    assert f"{file}{place}" in ended.err
    assert said in ended.err
    assert ended.out == ""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--replicas", "16", "--gpus", "6"), 3, "16 replicas do not divide among 6 GPUs; 18 would"),
        (("--replicas", "8", "--gpus", "8"), 3, "8 replicas are fewer than the 12 experts"),
        (("--replicas", "16", "--gpus", "8", "--groups", "5"), 3, "12 experts do not divide into 5 groups"),
        (("--replicas", "16", "--gpus", "8", "--nodes", "3"), 3, "8 GPUs do not divide among 3 nodes"),
        (("--replicas", "16", "--gpus", "0"), 3, "gpus = 0; there is at least one"),
        (("--replicas", "1000000", "--gpus", "8"), 4, "too many to place"),
        (("--gpus", "8"), 2, "--replicas"),
    ],
)
def test_a_mistake_in_the_options_is_said_in_their_words(
    file: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    ended = clustercast("balance", str(file), *words)
    assert ended.code == code
    assert said in ended.err


def test_a_file_that_is_not_there_or_holds_nothing_is_invalid_input(tmp_path: Path) -> None:
    assert clustercast("balance", str(tmp_path / "none.csv"), *WORDS).code == 3
    (tmp_path / "empty.csv").write_text("layer,expert,tokens\n", encoding="utf-8")
    ended = clustercast("balance", str(tmp_path / "empty.csv"), *WORDS)
    assert (ended.code, "no row below the header" in ended.err) == (3, True)
