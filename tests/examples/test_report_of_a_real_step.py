"""The shipped scenario's own result: its files fit their schemas, and every task's name is understood."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import clustercast
from reports import chunks, page, terms
from reports.json_result import text
from reports.timeline import of_rank
from simulator.result import Result

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "workloads/scenarios/deepseek-v3-pretrain.yaml"
LARGEST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def result() -> Result:
    return clustercast.run(SCENARIO)


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((ROOT / f"reports/schemas/{name}.schema.json").read_text(encoding="utf-8")))


def test_result_json_and_timeline_fit_their_schemas(result: Result) -> None:
    validator("result").validate(json.loads(text(result)))
    validator("timeline").validate(json.loads(of_rank(result.step_trace, 0, 16)))
    validator("timeline").validate(json.loads(of_rank(result.pair_trace, 0, 1)))


def test_the_report_knows_every_task_by_its_name(result: Result) -> None:
    assert [name for name in result.step_trace.names if chunks.kind(name) == "other"] == []
    assert [name for name in result.pair_trace.names if chunks.phase(name) is None] == []
    assert len(chunks.from_the_far_end(result.step_trace)) == 60


def test_the_report_has_words_for_every_part(result: Result) -> None:
    assert set(result.budget["part"]) == set(terms.PARTS)
    assert set(result.memory["part"]) == set(terms.MEMORY)
    assert set(result.pair["stream"]) == set(terms.STREAMS)


def test_the_report_is_small_and_says_what_binds(result: Result) -> None:
    html = page.page(result)
    assert len(html.encode()) <= LARGEST_BYTES
    assert result.answer[0] in unescape(html)
