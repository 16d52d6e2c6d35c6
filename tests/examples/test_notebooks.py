"""The shipped notebooks run from any folder, and every number in their text is what comes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import clustercast
from tests.notebook import cells, quoted, run

MOST_LINES = 12
ROUNDING = 1e-9
NOTEBOOKS = {path.stem: path for path in clustercast.notebooks()}
every = pytest.mark.parametrize("name", NOTEBOOKS)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells run in a folder that holds nothing."""
    monkeypatch.chdir(tmp_path)


def test_there_are_three() -> None:
    assert set(NOTEBOOKS) == {"deepseek-v3-cost", "two-layers-or-three", "a-serving-fleet"}


@every
def test_a_notebook_runs_from_a_fresh_start_and_its_text_quotes_what_comes_out(name: str, tmp_path: Path) -> None:
    names, shown = run(NOTEBOOKS[name])
    assert shown[-1] is not None
    assert any(hasattr(value, "_repr_html_") for value in shown)
    assert not list(tmp_path.iterdir())
    wrong = [
        f"{one.text}: {one.expression} = {value}"
        for one in quoted(NOTEBOOKS[name])
        for value in [float(eval(one.expression, names))]
        if abs(value - one.value) > one.half_digit + ROUNDING
    ]
    assert not wrong


def test_a_number_without_an_expression_is_found(tmp_path: Path) -> None:
    told = {
        "cell_type": "markdown",
        "metadata": {"figures": ["2"]},
        "source": ["V3 takes 2 s in `3 cells` and 4"],
    }
    (tmp_path / "x.ipynb").write_text(json.dumps({"cells": [told]}), encoding="utf-8")
    with pytest.raises(ValueError, match="zip"):
        quoted(tmp_path / "x.ipynb")


@every
def test_a_notebook_is_stored_without_outputs_in_short_cells(name: str) -> None:
    whole = json.loads(NOTEBOOKS[name].read_text(encoding="utf-8"))
    assert (whole["nbformat"], whole["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in whole["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in cells(NOTEBOOKS[name], "code"):
        assert cell["outputs"] == [] and cell["execution_count"] is None
        assert len(cell["source"]) <= MOST_LINES
    assert cells(NOTEBOOKS[name], "markdown")[0]["source"][0].startswith("# ")
