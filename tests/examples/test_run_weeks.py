"""`clustercast run` on a whole run goes from one YAML file to a report folder and a short answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import clustercast as library
from tests.command import clustercast
from tests.runs_of_weeks import FAILING, OWNED, SMALL, written
from workloads.long_run import load_run


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Report folders of the same command, run twice."""
    folder = tmp_path_factory.mktemp("weeks")
    file = written(folder, SMALL + FAILING + OWNED)
    for out in ("first", "second"):
        ended = clustercast("run", str(file), "--with", "lives=30", "--out", str(folder / out))
        assert ended.code == 0, ended
        assert "GPU-hours" in ended.out
        assert "Failures stop the job" in ended.out
    return folder / "first", folder / "second"


def test_run_leaves_report_result_tables_and_the_run(folders: tuple[Path, Path]) -> None:
    assert {path.name for path in folders[0].iterdir()} == {"report.html", "result.json", "run.yaml", "tables"}
    tables = {path.stem for path in (folders[0] / "tables").glob("*.csv")}
    assert tables >= {"bill", "weeks", "phases", "ramp", "parts", "failures", "intervals", "owning", "energy"}


def test_the_same_run_twice_gives_the_same_bytes(folders: tuple[Path, Path]) -> None:
    for name in ("result.json", "report.html", "run.yaml", "tables/weeks.csv"):
        first, second = ((folder / name).read_bytes() for folder in folders)
        assert first == second, name


def test_the_report_stands_alone_and_names_its_parts(folders: tuple[Path, Path]) -> None:
    text = (folders[0] / "report.html").read_text(encoding="utf-8")
    assert "http://" not in text.replace("http://www.w3.org", "")
    for words in ("Week by week", "line upon line", "Hours by phase", "What failures cost", "What this stands on"):
        assert words in text


def test_the_written_run_gives_the_same_run(folders: tuple[Path, Path]) -> None:
    again = load_run(folders[0] / "run.yaml")
    whole = json.loads((folders[0] / "result.json").read_text(encoding="utf-8"))
    assert whole["schema"] == "clustercast.run/1"
    assert whole["reproduction"]["digest"] == library.digest(again)


def test_every_figure_has_unit_and_definition(folders: tuple[Path, Path]) -> None:
    whole = json.loads((folders[0] / "result.json").read_text(encoding="utf-8"))
    for name, figure in whole["headline"].items():
        assert figure["definition"].endswith("."), name
        assert figure["unit"], name


def test_json_for_programs_has_the_bill(tmp_path: Path) -> None:
    ended = clustercast("run", str(written(tmp_path, SMALL)), "--json", "--out", str(tmp_path / "out"))
    told = json.loads(ended.out)
    assert sum(line["gpu_hours"] for line in told["bill"]) == pytest.approx(told["headline"]["gpu_hours"]["value"])


def test_a_shipped_run_is_found_by_name_and_a_typo_meets_the_nearest() -> None:
    ended = clustercast("run", "deepseek-v3-with-failure")
    assert ended.code == 3
    assert "did you mean `deepseek-v3-with-failures`?" in ended.err


def test_options_that_look_into_one_step_are_refused_for_a_run(tmp_path: Path) -> None:
    ended = clustercast("run", str(written(tmp_path, SMALL)), "--network")
    assert ended.code == 2
    assert "whole run" in ended.err


def test_the_library_gives_the_same_figures_as_the_command(folders: tuple[Path, Path], tmp_path: Path) -> None:
    result = library.long_run(folders[0].parent / "run.yaml", {"lives": 30})
    whole = json.loads((folders[0] / "result.json").read_text(encoding="utf-8"))
    assert result.headline["gpu_hours"].value == whole["headline"]["gpu_hours"]["value"]
    assert library.write_report(result, tmp_path)[0].name == "report.html"


def test_schema_describes_a_run() -> None:
    ended = clustercast("schema", "run")
    assert ended.code == 0
    whole = json.loads(ended.out)["anyOf"][-1]
    assert {"scenario", "phases", "reliability"} <= set(whole["properties"])
