"""Published parameters, cache and training FLOP of every shipped model."""

from __future__ import annotations

import pytest

from tests.small_models import MODELS, shipped
from topologies.spec import dump, loads
from workloads.counts import flop_per_token
from workloads.model import ModelSpec
from workloads.published_counts import PublishedCount, compare, published_counts

ROWS = published_counts()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.model}-{row.what}")
def test_a_published_count_is_met_or_says_why_not(row: PublishedCount) -> None:
    comparison = compare(row, shipped(row.model))
    assert comparison.ok, f"counted {comparison.counted:,.0f}, published {row.value:,.0f}"


def test_every_shipped_model_has_a_published_size() -> None:
    assert {row.model for row in ROWS if row.what == "parameters"} == {path.stem for path in MODELS.glob("*.yaml")}


def test_one_published_count_follows_another_convention_and_both_readings_are_told() -> None:
    """DeepSeek-V3 at ISCA 2025, Table 2: 394 GFLOP for the 72B model; by the other rows' convention about 445."""
    (declared,) = [row for row in ROWS if row.missed_because]
    comparison = compare(declared, shipped(declared.model))
    assert (declared.model, declared.value) == ("qwen2.5-72b", 394e9)
    assert comparison.counted == pytest.approx(445e9, rel=0.005)
    assert "445" in declared.missed_because


def test_a_miss_must_be_declared_and_a_hit_must_not() -> None:
    hit = next(row for row in ROWS if not row.missed_because)
    model = shipped(hit.model)
    assert not compare(hit.model_copy(update={"missed_because": "it is not"}), model).ok
    assert not compare(hit.model_copy(update={"observed": 1.2 * hit.value}), model).ok


@pytest.mark.parametrize("name", sorted(path.stem for path in MODELS.glob("*.yaml")))
def test_a_model_is_written_and_read_back_unchanged(name: str) -> None:
    model = shipped(name)
    assert model.name == name
    assert loads(dump(model), ModelSpec) == model
    assert flop_per_token(model, 4096) > 0
