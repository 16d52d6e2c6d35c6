"""Overlap and idle shares: ours against what Holistic Trace Analysis reads from our timeline."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clustercast
from reports import timeline
from simulator.streams import shares
from simulator.trace import Trace
from tests.made_result import made_result
from workloads.scenario import SCENARIOS

ROOT = Path(__file__).parents[2]
FIXTURE = Path(__file__).parent / "fixtures" / "holistic-trace-analysis.json"
PYTHON = ROOT / ".venv-hta" / "bin" / "python"
WITHIN = 0.001
"""A tenth of a percentage point; it floors times to whole microseconds."""


def read_by_hta(traces: dict[int, Trace], folder: Path) -> pd.DataFrame:
    """What the other program says of these ranks."""
    for rank, trace in traces.items():
        (folder / f"rank{rank}.json").write_text(timeline.of_rank(trace, rank, len(traces)), encoding="utf-8")
    words = [str(PYTHON), str(Path(__file__).parent / "hta_shares.py"), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return frame(json.loads(done.stdout.partition("HTA ")[2]))


def frame(found: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Rows by rank, as `shares` returns them."""
    rows = [{"rank": int(rank), **told} for rank, told in found.items()]
    return pd.DataFrame(rows).sort_values("rank").reset_index(drop=True)


def test_shares_of_a_made_step_equal_the_committed_ones() -> None:
    """16 ranks x 120 micro-batches with sends, read once by the other program."""
    theirs = frame(json.loads(FIXTURE.read_text(encoding="utf-8")))
    np.testing.assert_allclose(shares(made_result().step_trace)[theirs.columns], theirs, atol=WITHIN)


@pytest.mark.crosscheck
def test_shares_of_the_simulated_step_equal_theirs(tmp_path: Path) -> None:
    """DeepSeek-V3's step on every pipeline rank, and the inside of its most frequent pair."""
    if not PYTHON.is_file():
        pytest.skip("no .venv-hta: run `make crosscheck`")
    result = clustercast.run(SCENARIOS / "deepseek-v3-pretrain.yaml")
    for name, trace in (("step", result.step_trace), ("pair", result.pair_trace)):
        folder = tmp_path / name
        folder.mkdir()
        theirs = read_by_hta(dict.fromkeys(np.unique(trace.rank).tolist(), trace), folder)
        np.testing.assert_allclose(shares(trace)[theirs.columns], theirs, atol=WITHIN)


@pytest.mark.crosscheck
def test_the_committed_shares_are_what_it_says_today(tmp_path: Path) -> None:
    """Writes the fixture anew; a difference shows in git."""
    if not PYTHON.is_file():
        pytest.skip("no .venv-hta: run `make crosscheck`")
    trace = made_result().step_trace
    theirs = read_by_hta(dict.fromkeys(np.unique(trace.rank).tolist(), trace), tmp_path)
    told = {int(row.pop("rank")): row for row in theirs.to_dict("records")}
    FIXTURE.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
