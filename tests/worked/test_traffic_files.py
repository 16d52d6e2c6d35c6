"""Recorded traffic by hand: each form of file, its cuts and repetitions, and what is said about files with flaws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from topologies.problems import InvalidInput
from workloads.replayed_traffic import ReplayedTraffic
from workloads.traffics.azure import Azure
from workloads.traffics.mooncake import Mooncake
from workloads.traffics.table import Table

PROCESSED = "arrived_at,num_prefill_tokens,num_decode_tokens\n"
DATED = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
OWN = "arrival_s,input_tokens,output_tokens\n"
FIELDS = "timestamp, input_length, output_length, hash_ids"
LINES = (
    '{"timestamp": 1000, "input_length": 1200, "output_length": 5, "hash_ids": [0, 1, 2]}\n'
    '{"timestamp": 1000, "input_length": 512, "output_length": 7, "hash_ids": [0]}\n'
    '{"timestamp": 3500, "input_length": 1024, "output_length": 9, "hash_ids": [0, 3]}\n'
)


def written(path: Path, text: str) -> str:
    """Path of a file with this text."""
    path.write_text(text, encoding="utf-8")
    return str(path)


def complaint(traffic: ReplayedTraffic) -> str:
    """What is said about a file, without its path."""
    with pytest.raises(InvalidInput) as refused:
        traffic.requests(0)
    return str(refused.value).replace(traffic.path, "")


def test_azure_as_published_counts_from_its_first_request(tmp_path: Path) -> None:
    text = DATED + "2023-11-16 18:17:03.9799600,4808,10\n2023-11-16 18:17:04.0319600,3180,8\n"
    found = Azure(path=written(tmp_path / "a.csv", text)).requests(0)
    assert found.arrival_s == pytest.approx([0, 0.052])
    assert (found.input_tokens.tolist(), found.output_tokens.tolist()) == ([4808, 3180], [10, 8])
    assert (found.block_tokens, found.block_at.tolist()) == (0, [0, 0, 0])


def test_azure_of_2024_has_a_zone_and_some_moments_without_a_fraction(tmp_path: Path) -> None:
    text = DATED + "2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 00:00:01+00:00,2399,6\n"
    found = Azure(path=written(tmp_path / "a.csv", text)).requests(0)
    assert found.arrival_s == pytest.approx([0, 0.99007])


def test_azure_as_passed_on_and_a_table_of_ones_own_are_seconds(tmp_path: Path) -> None:
    rows = "2.5,374,44\n\n6.75,396,109\n"
    for traffic in (
        Azure(path=written(tmp_path / "a.csv", PROCESSED + rows)),
        Table(path=written(tmp_path / "b.csv", "output_tokens, arrival_s,input_tokens\n44,2.5,374\n109,6.75,396\n")),
    ):
        found = traffic.requests(0)
        assert found.arrival_s.tolist() == [0, 4.25]
        assert (found.input_tokens.tolist(), found.output_tokens.tolist()) == ([374, 396], [44, 109])


def test_a_table_may_be_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    frame = pd.DataFrame({"arrival_s": [1.0, 1.5], "input_tokens": [3, 4], "output_tokens": [1, 0]})
    frame.to_parquet(path)
    assert "row 1, output_tokens: read `0`; write a whole number of tokens, from 1" in complaint(Table(path=str(path)))
    assert Table(path=str(path), leave_out_empty=True).requests(0).input_tokens.tolist() == [3]


def test_mooncake_brings_the_blocks_that_prompts_share(tmp_path: Path) -> None:
    found = Mooncake(path=written(tmp_path / "a.jsonl", LINES)).requests(0)
    assert found.arrival_s == pytest.approx([0, 0, 2.5])
    assert (found.block_tokens, found.block_at.tolist()) == (512, [0, 3, 4, 6])
    assert found.block_ids.tolist() == [0, 1, 2, 0, 0, 3]


def test_a_repeated_part_lasts_as_long_as_it_was_cut_and_shares_no_block_with_itself(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", LINES)
    found = Mooncake(path=path, begin_s=0, duration_s=2, repeat=3, speed_up=2, most_requests=5).requests(0)
    assert found.arrival_s == pytest.approx([0, 0, 1, 1, 2])
    assert found.input_tokens.tolist() == [1200, 512, 1200, 512, 1200]
    assert found.block_ids.tolist() == [0, 1, 2, 0, 3, 4, 5, 3, 6, 7, 8]
    assert found.block_at.tolist() == [0, 3, 4, 7, 8, 11]


def test_a_recording_that_ends_with_a_request_is_repeated_after_one_mean_gap(tmp_path: Path) -> None:
    traffic = Table(path=written(tmp_path / "a.csv", OWN + "0,1,1\n1,1,1\n4,1,3\n"), repeat=2)
    assert traffic.requests(0).arrival_s == pytest.approx([0, 1, 4, 6, 7, 10])
    means = traffic.faster(2).means()
    assert (means.rate_per_s, means.input_tokens) == (1.0, 1.0)
    assert means.output_tokens == pytest.approx(5 / 3)


def test_a_part_begins_with_its_window(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", OWN + "0,1,1\n1,2,1\n4,3,1\n")
    found = Table(path=path, begin_s=0.5).requests(0)
    assert (found.arrival_s.tolist(), found.input_tokens.tolist()) == ([0.5, 3.5], [2, 3])
    assert "no request in this part; the file has them from 0 to 4 s" in complaint(Table(path=path, begin_s=5))


def test_another_content_under_the_same_name_has_another_stamp(tmp_path: Path) -> None:
    traffic = Table(path=written(tmp_path / "a.csv", OWN + "0,1,1\n"))
    before = traffic.stamp()
    written(tmp_path / "a.csv", OWN + "0,2,1\n")
    assert traffic.stamp() != before
    assert Table(path="nowhere.csv").stamp() == ()


def test_every_flaw_of_a_table_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = PROCESSED + "1,5,5\n2,-3,5\n\n1.5,5,0\nx,5,2.5\n3,,5\n"
    assert complaint(Azure(path=written(tmp_path / "a.csv", text))).splitlines() == [
        ":3:1: num_prefill_tokens: read `-3`; write a whole number of tokens, from 1 to 10000000",
        ":5:1: arrived_at: read `1.5`; earlier than the row before it; sort the rows by time",
        ":5:1: num_decode_tokens: read `0`; write a whole number of tokens, from 1 to 10000000",
        ":6:1: arrived_at: read `x`; write seconds, a plain number, 0 or more",
        ":6:1: num_decode_tokens: read `2.5`; write a whole number of tokens, from 1 to 10000000",
        ":7:1: num_prefill_tokens: read an empty cell; write a whole number of tokens, from 1 to 10000000",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ": empty; the first line names the columns"),
        (OWN, ":1: no row below the header"),
        (OWN + "0,1,1\n1,1,1,1\n2,1\n", ":3:1: 4 cells under a header of 3"),
        (OWN + "0,1,1,9\n", ":2:1: 4 cells under a header of 3"),
        (OWN + "0,1,1\n1,1\n", ":3:1: output_tokens: read an empty cell; write a whole number"),
        (
            "arrival_s,input_tokens,output_token\n0,1,1\n",
            "output_token: unknown column (did you mean `output_tokens`?)",
        ),
        ("arrival_s,input_tokens\n0,1\n", ":1:1: output_tokens: this column is missing; the header is"),
        (OWN.strip() + ",model\n0,1,1,a\n", ":1:1: model: unknown column; the header is"),
        (OWN + "0,0,1\n", "read `0`; write a whole number of tokens, from 1"),
        (OWN + "0,1,99999999\n", "read `99999999`; write a whole number of tokens, from 1 to 10000000"),
    ],
)
def test_a_table_with_a_flaw_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in complaint(Table(path=written(tmp_path / "a.csv", text)))


def test_a_table_of_empty_requests_or_none_at_all_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", OWN + "0,0,1\n")
    assert "every request is without" in complaint(Table(path=path, leave_out_empty=True))
    assert "No such file" in complaint(Table(path=str(tmp_path / "b.csv")))
    (tmp_path / "c.csv").write_bytes(b"arrival_s\xff")
    assert "not UTF-8" in complaint(Table(path=str(tmp_path / "c.csv")))


def test_every_flaw_of_lines_is_told_at_once(tmp_path: Path) -> None:
    text = (
        '{"timestamp": 5, "input_length": 600, "output_length": 5, "hash_ids": [0, 1, 2]}\n'
        '{"timestamp": 4, "input_length": -1, "output_length": 0, "hash_ids": [0.5]}\n'
        '{"timestamp": "x", "input_lenght": 1, "output_length": 5, "hash_ids": []}\n'
        "[1]\n\n"
        '{"timestamp": 9, "input_length": 600, "out'
    )
    assert complaint(Mooncake(path=written(tmp_path / "a.jsonl", text))).splitlines() == [
        ":1:1: hash_ids: 3 blocks of 512 tokens in a prompt of 600; mend `block_tokens`?",
        ":2:1: hash_ids: write a list of whole numbers, 0 or more",
        ":2:1: input_length: read `-1`; write a whole number of tokens, from 1 to 10000000",
        ":2:1: output_length: read `0`; write a whole number of tokens, from 1 to 10000000",
        f":3:1: input_lenght: unknown field (did you mean `input_length`?); the fields are {FIELDS}",
        f":3:1: input_length: this field is missing; the fields are {FIELDS}",
        ":4:1: read a list; a line is one object in braces",
        ":6:1: a line that is cut off",
    ]


def test_lines_that_go_backward_or_are_missing_are_refused(tmp_path: Path) -> None:
    first, second, third = LINES.splitlines(keepends=True)
    path = written(tmp_path / "a.jsonl", third + first + second)
    assert ":2:1: timestamp: read `1000`; earlier than the request before it (3500)" in complaint(Mooncake(path=path))
    assert "not a single request" in complaint(Mooncake(path=written(tmp_path / "b.jsonl", "\n")))
    assert "No such file" in complaint(Mooncake(path=str(tmp_path / "c.jsonl")))


def test_no_more_than_40_flaws_of_a_kind_are_told(tmp_path: Path) -> None:
    text = OWN + "0,0,1\n" * 100
    with pytest.raises(InvalidInput) as refused:
        Table(path=written(tmp_path / "a.csv", text)).requests(0)
    assert len(refused.value.problems) == 40
    assert np.all(np.diff([problem.line for problem in refused.value.problems]) == 1)
