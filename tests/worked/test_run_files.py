"""Files of whole runs: what may be written, and what is said of mistakes, at their line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runs_of_weeks import FAILING, OWNED, SMALL, read, written
from topologies.problems import InvalidInput
from topologies.spec import dump, loads
from workloads.file_kind import is_run
from workloads.long_run import RUNS, Run, changed_run, load_run
from workloads.run_phases.stated import Stated
from workloads.scenario import SCENARIOS


def said(folder: Path, text: str) -> str:
    """What a text is refused with."""
    with pytest.raises(InvalidInput) as refused:
        read(folder, text)
    return str(refused.value).replace(f"{folder}/", "")


@pytest.mark.parametrize("path", sorted(RUNS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_run_is_named_as_its_file_and_the_same_after_writing_and_reading(path: Path) -> None:
    run = load_run(path)
    assert run.name == path.stem
    assert loads(dump(run), Run) == run


def test_the_published_run_adds_post_training_as_an_input() -> None:
    stated = [phase for phase in load_run(RUNS / "deepseek-v3.yaml").phases if isinstance(phase, Stated)]
    assert [(phase.name, phase.gpu_time_s / 3600, phase.basis) for phase in stated] == [
        ("post-training", 5000, "published")
    ]


def test_runs_and_scenarios_are_told_apart(tmp_path: Path) -> None:
    assert all(is_run(path) for path in RUNS.glob("*.yaml"))
    assert not any(is_run(path) for path in SCENARIOS.glob("*.yaml"))
    assert is_run(written(tmp_path, "base: deepseek-v3\n"))


def test_a_scenario_may_be_a_file_beside_the_run(tmp_path: Path) -> None:
    text = (SCENARIOS / "llama-3-8b-h100.yaml").read_text(encoding="utf-8")
    written(tmp_path, text.replace("15 T tokens", "20 B tokens"), "own.yaml")
    by_file = read(tmp_path, SMALL.replace("{base: llama-3-8b-h100, job: {tokens: 20 B tokens}}", "own.yaml"))
    assert by_file.scenario == read(tmp_path, SMALL).scenario


def test_a_scenarios_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    told = said(tmp_path, "name: x\nscenario: other.yaml\nphases: []\n")
    assert told.startswith("run.yaml:2:11: scenario: read `other.yaml`; no such file beside run.yaml")


def test_a_mistake_in_the_scenarios_file_is_told_there(tmp_path: Path) -> None:
    text = (SCENARIOS / "llama-3-8b-h100.yaml").read_text(encoding="utf-8")
    written(tmp_path, text.replace("zero_stage: 3", "zero_stag: 3"), "own.yaml")
    told = said(tmp_path, "name: x\nscenario: own.yaml\nphases: []\n")
    assert "own.yaml:" in told
    assert "`zero_stage`" in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("llama-3-8b-h100", "llama-3-8b-h10", "among the scenarios (did you mean `llama-3-8b-h100`?)"),
        ("kind: stated", "kind: state", "read `state`; allowed: fixed-steps, generation-"),
        ("rises: 2", "rises: 3", "run.yaml:6:59: phases.0.ramp.rises: 64 sequences and each of 3 rises up to 128"),
        ("from_sequences: 64", "from_sequences: 128", "128 is not below the job's 128"),
        ("tokens: 2 B", "tokens: 20 B", "phases.0.ramp.tokens: 20,000,000,000 are not fewer than the job's"),
        ("name: tuning", "name: talking", "`talking` is the name of an earlier phase too"),
        ("name: tuning", "name: Fine tuning", "phases.1.name"),
        ("gpu_time_s: 16 h", "gpu_time_s: 16", "a bare number 16: write a unit"),
        ("layout: keep", "layout: kept", "phases.1.layout"),
        ("layout: keep", "layout: keep, changes: {layout.ppp: 2}", "run.yaml:7:121: phases.1.changes.layout.ppp: un"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_field_and_what_would_be_right(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert told in said(tmp_path, SMALL.replace(old, new))


def test_parts_that_mean_nothing_alone_are_refused(tmp_path: Path) -> None:
    assert "reliability: needs `checkpoints`" in said(tmp_path, SMALL + FAILING.split("checkpoints:")[0])
    assert "ownership: needs `site`" in said(tmp_path, SMALL + OWNED.splitlines()[0])
    assert "promise: needs `reliability`" in said(tmp_path, SMALL + "promise: {by_s: 3 days, probability_share: 0.5}\n")


def test_a_run_that_trains_nothing_is_refused(tmp_path: Path) -> None:
    lines = SMALL.splitlines()
    assert "none of them trains" in said(tmp_path, "\n".join([*lines[:3], lines[-1]]))


def test_changes_reach_the_run_and_its_scenario_by_short_paths_too(tmp_path: Path) -> None:
    run = read(tmp_path, SMALL + FAILING)
    changes: dict[str, object] = {
        "reliability.recovery.spare_nodes": 3,
        "price.gpu_usd_per_s": "3 USD/h",
        "scenario.sequences_per_step": 256,
    }
    changed = changed_run(run, changes)
    assert changed.reliability is not None
    assert changed.reliability.recovery.spare_nodes == 3
    assert changed.scenario.price.gpu_usd_per_s == pytest.approx(3 / 3600)
    assert changed.scenario.job.sequences_per_step == 256
    assert changed.changes == tuple(f"{path}={value}" for path, value in changes.items())


def test_an_unknown_path_is_refused_with_the_nearest_of_run_and_scenario(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"did you mean `reliability`\?"):
        changed_run(read(tmp_path, SMALL), {"reliabilty.rate_ratio": 2})


def test_a_change_that_breaks_a_phase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"phases.0.ramp.from_sequences: 64 is not below the job's 64"):
        changed_run(read(tmp_path, SMALL), {"job.sequences_per_step": 64})
