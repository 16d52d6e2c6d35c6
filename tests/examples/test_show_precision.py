"""`show precision`: errors of number formats within bounds, the loss beside what is published, always the same."""

from __future__ import annotations

import re

import pytest

from cli.precision_table import accumulation
from tests.command import clustercast
from workloads.reference.fidelity import FORMATS


@pytest.fixture(scope="module")
def told() -> str:
    """What it prints."""
    ended = clustercast("show", "precision")
    assert ended.code == 0
    return ended.out


def error(told: str, *begins: str) -> float:
    """Percent in the line whose first columns are these."""
    (line,) = [line for line in told.splitlines() if re.split(r"\s{2,}", line)[: len(begins)] == list(begins)]
    found = re.search(r"([\d.]+)%", line)
    assert found
    return float(found[1])


@pytest.mark.parametrize("data", ["normal", "normal with outliers"])
def test_tiles_of_fp8_err_by_what_theory_says_on_both_kinds_of_data(told: str, data: str) -> None:
    assert error(told, "FP8, tiles of 128", "FP32", data) == pytest.approx(3.6, rel=0.1)
    assert error(told, "FP8, tiles of 128", "14 bits, FP32 every 128", data) == pytest.approx(3.6, rel=0.1)
    assert error(told, "MXFP8", "FP32", data) < 4
    assert error(told, "BF16", "FP32", data) == pytest.approx(0.23, rel=0.1)


def test_one_scale_suffers_from_outliers(told: str) -> None:
    normal, outliers = (error(told, "FP8, one scale", "FP32", data) for data in ("normal", "normal with outliers"))
    assert outliers > 1.3 * normal


def test_the_loss_of_small_models_stands_beside_the_published_figure(told: str) -> None:
    assert 0 < error(told, "mean of these") < 1
    assert error(told, "published of two large models") == 0.25
    assert "which nothing smooths" in told


def test_every_format_is_in_the_table_on_both_kinds_of_data(told: str) -> None:
    assert sum("normal" in line for line in told.splitlines()) == 2 * len(FORMATS)
    assert {accumulation(how) for how in FORMATS.values()} == {"FP32", "14 bits", "14 bits, FP32 every 128"}


def test_it_takes_no_name() -> None:
    ended = clustercast("show", "precision", "fp8")
    assert ended.code == 2
    assert "takes no name" in ended.err
