"""`clustercast plan` goes from a question to a ranked, explained answer that comes out the same again."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pandas as pd
import pytest

import clustercast as library
from simulator.planner.cluster import Cluster, clusters
from tests.command import clustercast
from topologies.spec import InvalidInput
from workloads.plan_question import QUESTIONS, TrainingQuestion
from workloads.question_file import load_question

SMALL = """
name: small
scenario: llama-3-8b-h100
layouts:
  tp: [1, 2]
  cp: [1]
  pp: [1, 2]
  chunks: [2]
  schedules: [1f1b, interleaved]
  sequences_per_micro_batch: [1]
  recompute: [none]
  zero_stage: [1, 2, 3]
search: {confirm: 2}
"""
TABLES = {"candidates", "pruned", "confirmed", "binds", "attribution", "sensitivity", "headline", "assumptions"}


def asked(folder: Path, more: str = "", name: str = "small.yaml") -> Path:
    """A question about few layouts."""
    file = folder / name
    file.write_text(SMALL + more, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same question asked twice, of one process and of two."""
    folder = tmp_path_factory.mktemp("plan")
    file = asked(folder)
    for workers in ("1", "2"):
        ended = clustercast("plan", str(file), "--workers", workers, "--out", str(folder / workers))
        assert ended.code == 0, ended
        assert "Choose DP 8, 1f1b" in ended.out
        assert "valid layouts of the cluster were considered" in ended.out
    return folder / "1", folder / "2"


def table(folder: Path, name: str) -> pd.DataFrame:
    """One table of an answer."""
    return pd.read_csv(folder / "tables" / f"{name}.csv")


def test_the_answer_is_the_same_whatever_the_number_of_processes(folders: tuple[Path, Path]) -> None:
    files = [sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file()) for folder in folders]
    assert files[0] == files[1]
    assert {path.stem for path in files[0] if path.parent.name == "tables"} >= TABLES
    for file in files[0]:
        assert (folders[0] / file).read_bytes() == (folders[1] / file).read_bytes(), file


def test_every_valid_layout_is_accounted_for(folders: tuple[Path, Path]) -> None:
    whole = json.loads((folders[0] / "result.json").read_text(encoding="utf-8"))
    assert whole["schema"] == "clustercast.plan/1"
    assert table(folders[0], "pruned")["choices"].sum() == whole["headline"]["choices_valid"]["value"]


def test_what_is_ranked_fits_and_gets_no_better_down_the_list(folders: tuple[Path, Path]) -> None:
    ranked = table(folders[0], "candidates")
    assert ranked["place"].is_monotonic_increasing
    assert (ranked["memory_bytes"] <= 85.9e9).all()
    after = ranked["step_s"].to_numpy()[3:-1]
    assert (after[1:] >= after[:-1]).all()


def test_why_the_runner_up_lost_adds_up_to_what_it_takes_more(folders: tuple[Path, Path]) -> None:
    terms = table(folders[0], "attribution")
    confirmed = table(folders[0], "confirmed").query("figure == 'step_s'")["events"].to_numpy()
    steps = 15e12 / (128 * 8192)
    assert terms["difference"].sum() == pytest.approx((confirmed[1] - confirmed[0]) * steps, abs=1e-3)
    assert terms["chosen"].sum() == pytest.approx(confirmed[0] * steps, rel=1e-9)


def test_the_estimate_of_the_choice_is_near_its_simulation(folders: tuple[Path, Path]) -> None:
    assert (table(folders[0], "confirmed")["difference_ratio"].abs() < 0.02).all()


def test_the_scenarios_own_layout_has_a_place(folders: tuple[Path, Path]) -> None:
    own = table(folders[0], "candidates").query("zero_stage == 3 and dp == 8 and schedule == '1f1b'")
    assert len(own) == 1
    whole = json.loads((folders[0] / "result.json").read_text(encoding="utf-8"))
    assert any("The scenario's own layout" in sentence for sentence in whole["answer"])


def test_a_date_that_nothing_keeps_is_refused_with_what_to_do(tmp_path: Path) -> None:
    ended = clustercast("plan", str(asked(tmp_path)), "--with", "limits.within_s=1 day", "--out", str(tmp_path / "out"))
    assert (ended.code, "fewest-gpus" in ended.err, ended.out) == (3, True, "")


def test_the_fewest_gpus_for_a_date_come_with_an_interval_and_what_was_tried(tmp_path: Path) -> None:
    more = "limits: {within_s: 2 years}\nfind: {what: fewest-gpus, nodes: [1, 8]}\n"
    result = library.choose(asked(tmp_path, more), {"layouts.pp": [1, 2, 3]})
    tried = result.tables["inverse"]
    gpus = result.headline["gpus"]
    kept = tried[tried["keeps"]]
    assert gpus.value == kept["value"].min() == 24
    assert kept["figure"].max() <= 2 * 365 * 86400 < tried[~tried["keeps"]]["figure"].min()
    assert gpus.low is not None and gpus.low <= gpus.value
    assert "24 GPUs (3 nodes) are the fewest" in result.answer[0]


def test_the_most_tokens_for_a_budget_cost_the_budget(tmp_path: Path) -> None:
    result = library.choose(asked(tmp_path, "limits: {budget_usd: 100 kUSD}\nfind: {what: most-tokens}\n"))
    cost_usd, step = result.headline["cost_usd"].value, 128 * 8192 / result.headline["tokens"].value
    assert cost_usd <= 100_000 < cost_usd * (1 + step)


def test_a_gpu_without_a_price_is_said_to_have_none_and_gets_no_cost(tmp_path: Path) -> None:
    more = "vary:\n  node: [{base: h200-node, gpu: {base: h200, kernels: hopper-fused}}]\n"
    result = library.choose(asked(tmp_path, more))
    assert math.isnan(result.tables["candidates"]["cost_usd"].iloc[0])
    assert any("No price of the GPU h200 is known" in warning for warning in result.warnings)
    with pytest.raises(Exception, match="no price of the GPU h200 is known"):
        library.choose(asked(tmp_path, more), {"objective": ["cost"]})


def test_without_optuna_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    ended = clustercast("plan", str(asked(tmp_path)), "--with", "search.method=sample", "--out", str(tmp_path / "out"))
    assert (ended.code, "clustercast[planner]" in ended.err) == (3, True)


def test_draws_are_the_same_for_any_number_of_processes(tmp_path: Path) -> None:
    changes: dict[str, object] = {"search.method": "sample", "search.tries": 50, "objective": ["time", "cost"]}
    one, two = (
        library.choose(asked(tmp_path, "vary: {nodes: [1, 2]}\n"), changes, workers=workers) for workers in (1, 2)
    )
    pd.testing.assert_frame_equal(one.tables["candidates"], two.tables["candidates"])
    assert one.answer == two.answer


@pytest.mark.parametrize(
    ("more", "field", "said"),
    [
        ("vary: {layout.tp: [1, 2]}\n", "vary", "layouts.tp"),
        ("vary: {nods: [1, 2]}\n", "vary.nods", "nodes"),
        ("objective: [energy]\n", "objective", "site"),
        ("find: {what: most-gpus, nodes: [1, 8]}\n", "limits", "budget"),
        ("limits: {by_date: '2027-03-01'}\n", "limits.from_date", "both days"),
        ("limits: {networks: [fat-trees]}\n", "limits.networks", "fat-tree"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_at_its_place(
    tmp_path: Path, more: str, field: str, said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_question(asked(tmp_path, more))
    (problem,) = refused.value.problems
    assert (problem.field.startswith(field), said in problem.message, problem.line > 1) == (True, True, True)


@pytest.mark.parametrize("file", sorted(QUESTIONS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_shipped_question_about_training_can_be_asked(file: Path) -> None:
    question = load_question(file)
    if isinstance(question, TrainingQuestion):
        assert all(isinstance(one, Cluster) and not one.why_not for one in clusters(question, None))
