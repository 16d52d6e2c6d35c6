"""`clustercast run --every-gpu`: the symmetric result stays, every GPU comes beside it."""

from __future__ import annotations

import csv
import json
from html import unescape
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.command import ROOT, Ended, clustercast

SMALL = ("--with", "job.sequences_per_step=4096")
GPUS = 2048


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    """How the command ended, and its report folder."""
    folder = tmp_path_factory.mktemp("every-gpu")
    ended = clustercast("run", "deepseek-v3-pretrain", *SMALL, "--every-gpu", "--out", str(folder))
    assert ended.code == 0, ended.err
    return ended, folder


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows of a table's CSV."""
    with (folder / "tables" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_gpu_has_a_line_whose_parts_add_up_to_the_step(run: tuple[Ended, Path]) -> None:
    rows = table(run[1], "gpus")
    assert [int(row["gpu"]) for row in rows] == list(range(GPUS))
    step_s = float(table(run[1], "every_gpu")[0]["seconds"])
    parts = ("compute", "exposed_transfer", "wait_for_slowest", "wait_for_pipeline", "wait_at_end", "optimizer")
    for row in rows:
        assert sum(float(row[f"{part}_s"]) for part in parts) == pytest.approx(step_s, rel=1e-9)


def test_the_headline_stays_and_gains_the_step_of_every_gpu(run: tuple[Ended, Path], tmp_path: Path) -> None:
    clustercast("run", "deepseek-v3-pretrain", *SMALL, "--quiet", "--out", str(tmp_path))
    with_all, without = (
        json.loads((folder / "result.json").read_text(encoding="utf-8")) for folder in (run[1], tmp_path)
    )
    added = with_all["headline"].pop("step_every_gpu_s")
    assert with_all["headline"] == without["headline"]
    assert added["value"] == pytest.approx(without["headline"]["step_s"]["value"], rel=0.01)
    schema = json.loads((ROOT / "reports/schemas/result.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(with_all)


def test_the_answer_says_by_how_much_it_differs_and_the_command_asks_for_it_again(run: tuple[Ended, Path]) -> None:
    ended, folder = run
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert "With each of the 2,048 GPUs played by itself" in result["answer"][-1]
    assert " % less than" in result["answer"][-1] or " % more than" in result["answer"][-1]
    assert result["answer"][-1] in ended.out
    assert result["reproduction"]["command"].endswith("--every-gpu")


def test_the_report_names_ten_gpus_and_leaves_the_rest_to_the_table(run: tuple[Ended, Path]) -> None:
    html = unescape((run[1] / "report.html").read_text(encoding="utf-8"))
    assert "Every GPU by itself" in html
    assert "tables/slowest_gpus.csv" in html
    assert html.count("<tr") < 500
    assert len(table(run[1], "slowest_gpus")) == 10
    waits_s = [float(row["kept_waiting_s"]) for row in table(run[1], "slowest_gpus")]
    assert waits_s == sorted(waits_s, reverse=True)


def test_alike_gpus_with_even_loads_differ_in_nothing_and_none_is_named(tmp_path: Path) -> None:
    even = ("--with", "job.router.variation=0", "--with", "job.gpu_speed_variation=0")
    ended = clustercast("run", "deepseek-v3-pretrain", *SMALL, *even, "--every-gpu", "--out", str(tmp_path))
    assert "as long as with one standing for each pipeline rank" in ended.out
    assert table(tmp_path, "slowest_gpus") == []


def test_the_symmetric_step_honours_speeds_as_well(tmp_path: Path) -> None:
    steps_s = []
    for variation in ("0", "0.1"):
        changes = ("--with", f"job.gpu_speed_variation={variation}")
        ended = clustercast("run", "llama-3-8b-h100", *changes, "--json", "--out", str(tmp_path))
        steps_s.append(json.loads(ended.out)["headline"]["step_s"]["value"])
    assert steps_s[1] > 1.05 * steps_s[0]
