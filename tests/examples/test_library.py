"""Every command is one call of the library, which takes what the command takes and says what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import clustercast as library
from cli.main import commands
from simulator.plan import Plan
from simulator.result import Result
from simulator.run import Played
from tests.command import ROOT, clustercast
from tests.examples.test_balance import ROWS as LOADS
from tests.examples.test_balance import WORDS as PLACED
from tests.examples.test_calibrate import ROWS as MEASURED

SCENARIO, SMALL = "deepseek-v3-pretrain", "llama-3-8b-h100"
WHAT_IFS = """
title: Other GPUs
what_ifs:
  - {title: H200 instead of H100, changes: {gpu: h200}, moves: step_s, assumed: nothing}
"""


def test_every_command_has_a_function_of_its_name() -> None:
    assert {name for name, _ in commands()} <= set(library.__all__)
    assert all(callable(getattr(library, name)) for name in library.__all__)


def test_what_is_offered_is_there_and_sorted() -> None:
    assert list(library.__all__) == sorted(library.__all__)


@pytest.mark.parametrize("given", [SCENARIO, f"{SCENARIO}.yaml", ROOT / "workloads" / "scenarios" / f"{SCENARIO}.yaml"])
def test_a_scenario_is_meant_by_its_name_or_its_file(given: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "workloads" / "scenarios")
    assert library.load_scenario(given).name == SCENARIO


def test_names_of_what_ships_mean_the_same_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert library.load_run("deepseek-v3").name == "deepseek-v3"
    assert library.load_service("h200-node").name == "h200-node"
    assert library.digest(library.load_scenario(SCENARIO)) == library.digest(
        library.load_scenario(ROOT / "workloads" / "scenarios" / f"{SCENARIO}.yaml")
    )


@pytest.mark.parametrize(
    ("load", "wrong", "near"),
    [
        (library.load_scenario, "deepseek-v3-pretrian", "deepseek-v3-pretrain"),
        (library.load_run, "deepseek-v4", "deepseek-v3"),
        (library.load_service, "h200-nod", "h200-node"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(load: object, wrong: str, near: str) -> None:
    with pytest.raises(library.InvalidInput, match=f"did you mean `{near}`"):
        load(wrong)  # type: ignore[operator]


def test_changes_may_be_short_as_on_the_command_line(tmp_path: Path) -> None:
    words = ("run", SMALL, "--with", "gpu=h200", "--json", "--intervals", "0", "--out", str(tmp_path))
    told = json.loads(clustercast(*words).out)["headline"]
    for given in (SMALL, library.load_scenario(SMALL)):
        result = library.run(given, {"gpu": "h200"})
        assert result.headline["step_s"].value == told["step_s"]["value"]


def test_a_catalogue_beside_the_file_counts_in_changes(tmp_path: Path) -> None:
    (tmp_path / "catalog" / "gpus").mkdir(parents=True)
    mine = "name: mine\ntitle: My own\nbase: h100\n"
    (tmp_path / "catalog" / "gpus" / "mine.yaml").write_text(mine, encoding="utf-8")
    file = tmp_path / "own.yaml"
    file.write_text((ROOT / "workloads" / "scenarios" / f"{SMALL}.yaml").read_text(encoding="utf-8"), "utf-8")
    assert library.run(file, {"gpu": "mine"}).headline["step_s"].value > 0


def test_experts_are_looked_at_in_the_step_of_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def added(result: Result, decided: Plan, played: Played, say: object) -> Result:
        assert played.step.makespan_s == result.headline["step_s"].value
        return replace(result, tables={"expert_loads": pd.DataFrame({"ranks": [len(decided.orders)]})})

    monkeypatch.setattr("simulator.expert_tables.with_experts", added)
    result = library.with_experts(library.run(SMALL), SMALL)
    assert result.tables["expert_loads"]["ranks"].tolist() == [1]


def test_what_ifs_are_compared(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(WHAT_IFS, encoding="utf-8")
    both = library.compare([SMALL], [{"gpu": "h800"}], what_ifs=[str(tmp_path / "mine.yaml")])
    assert [one.label for one in both.compared] == [SMALL, "gpu=h800", "H200 instead of H100"]
    assert both.tables["what_ifs"]["scenario"].tolist() == ["H200 instead of H100"]


def test_a_figure_is_explained() -> None:
    found = library.explain("step_s", SMALL, {"gpu": "h200"})
    assert found.figure.value == library.run(SMALL, {"gpu": "h200"}).headline["step_s"].value
    assert found.figure.formula.startswith("step_1f_s + step_1b_s")
    assert library.explain("model.parameters").figure.value == pytest.approx(671e9, rel=0.01)
    with pytest.raises(library.InvalidInput, match="did you mean `step_s`"):
        library.explain("step", SMALL)


def test_the_catalogue_is_shown_as_tables() -> None:
    every = library.show()
    assert {"gpus", "models", "scenarios", "schedules"} <= set(every["group"])
    assert list(library.show("gpu")["name"]) == list(every[every["group"] == "gpus"]["name"])
    values = library.show("gpu", "h800").set_index("field")
    assert str(values.loc["bf16_flop_per_s", "value"]) == "989 TFLOP/s"
    assert str(values.loc["bf16_flop_per_s", "source"]).startswith("LMSYS")
    fields = library.show("scenario", SCENARIO).set_index("field")["value"]
    assert fields["layout.pp"] == "16"
    assert list(library.show("topology", "mpft").columns) == ["field", "default", "meaning"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gpuz",), "did you mean `gpus`"),
        (("gpu", "h900"), "did you mean `h800`"),
        (("schedule", "1f1c"), "did you mean `1f1b`"),
        (("service", "h200-nod"), "did you mean `h200-node`"),
    ],
)
def test_what_cannot_be_shown_is_told_with_the_nearest(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(library.InvalidInput, match=said):
        library.show(*words)


@pytest.mark.parametrize("kind", ["scenario", "run", "service", "gpu", "nodes"])
def test_a_schema_is_what_the_command_prints(kind: str) -> None:
    assert library.schema(kind) == json.loads(clustercast("schema", kind).out)


def test_a_placement_is_what_the_command_prints(tmp_path: Path) -> None:
    file = tmp_path / "loads.csv"
    file.write_text("\n".join(LOADS), encoding="utf-8")
    frame = library.balance(file, replicas=16, gpus=8, groups=4, nodes=2)
    told = json.loads(clustercast("balance", str(file), *PLACED, "--json").out)["layers"]
    for layer, own in frame.groupby("layer"):
        wanted = next(one for one in told if one["layer"] == layer)
        assert own["expert"].tolist() == wanted["expert"] and own["gpu"].tolist() == wanted["gpu"]
        assert own["busiest_over_mean_after"].unique().tolist() == [wanted["busiest_over_mean_after"]]


def test_measurements_are_fitted_and_written_only_where_a_folder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(MEASURED, encoding="utf-8")
    fitted = library.calibrate(file, "mine", "h800")
    assert {entry.group for entry in fitted.entries} >= {"kernels", "gpus"}
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]
    folder = tmp_path / "catalog"
    library.calibrate(file, "mine", "h800", out=folder)
    assert (folder / "gpus" / "mine.yaml").exists()
    with pytest.raises(library.InvalidInput, match="is there already"):
        library.calibrate(file, "mine", "h800", out=folder)
    again = library.calibrate(file, "mine", "h800", out=folder, replace=True)
    assert [entry.text for entry in again.entries] == [entry.text for entry in fitted.entries]
    with pytest.raises(library.InvalidInput, match="is no name for a file"):
        library.calibrate(file, "../mine", "h800")


def test_versions_are_those_that_the_command_prints() -> None:
    lines = clustercast("version", "--all").out.splitlines()
    assert lines[0] == library.version() == library.versions()["clustercast"]
    assert dict(line.split(" ", 1) for line in lines[1:]) == {
        name: version for name, version in library.versions().items() if name != "clustercast"
    }


def test_importing_the_library_loads_no_simulator() -> None:
    probe = "import sys, clustercast; print(sorted({'numba', 'scipy', 'matplotlib', 'simpy'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_a_table_of_published_figures_is_one_step_away() -> None:
    frame = pd.DataFrame(library.validate(["deepseek-v3-model"]))
    assert {"what", "observed", "simulated", "role", "ok"} <= set(frame.columns)


def test_one_scenario_alone_none_and_what_is_no_answer_are_told() -> None:
    with pytest.raises(library.InvalidInput, match="there is none"):
        library.compare([])
    with pytest.raises(TypeError, match="changes are a mapping"):
        library.run("llama-3-8b-h100", "nodes=2")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no answer of clustercast"):
        library.write_report(3, "out")  # type: ignore[arg-type]
    with pytest.raises(library.InvalidInput, match="`h200-node` is one of the shipped services"):
        library.run("h200-node")
