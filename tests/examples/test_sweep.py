"""`clustercast sweep` and `clustercast results` as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from functools import partial as partial_of
from pathlib import Path

import pandas as pd
import pytest

import clustercast as library
from simulator.sweep.jobs import Here
from tests.command import ROOT, Ended, clustercast

SWEEP = """
name: every-outcome
scenario: deepseek-v3-pretrain
detail: estimate
overrides: {wide: {pp: 8, dp: 256, schedule.kind: 1f1b}, seven: {pp: 7}}
scenarios: [[], [wide], [seven]]
design: {kind: grid, axes: {sequences_per_step: [7680, 15360], recompute: [deepseek, none]}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a sweep that was worked out by one process."""
    there = tmp_path_factory.mktemp("sweep")
    (there / "every.yaml").write_text(SWEEP)
    ended = swept(there)
    assert ended.code == 0, ended.err
    (there / "said.txt").write_text(ended.out)
    return there


def swept(there: Path, *words: str) -> Ended:
    """Run the sweep of a folder."""
    return clustercast("sweep", str(there / "every.yaml"), "--workers", "1", "--out", str(there / "out"), *words)


def shown(there: Path, *words: str) -> list[dict[str, object]]:
    """Rows of the store as JSON."""
    ended = clustercast("results", str(there / "out"), "--json", *words)
    assert ended.code == 0, ended.err
    rows: list[dict[str, object]] = json.loads(ended.out)
    return rows


def test_a_sweep_says_what_it_found_and_how_to_read_it(folder: Path) -> None:
    said = (folder / "said.txt").read_text()
    assert "12 points" in said
    assert "points have no figures: does not fit" in said
    assert "4 points have no figures: invalid" in said
    assert f"store:  {folder / 'out' / 'sweep.sqlite'}" in said
    lines = said[said.index("import clustercast") :].splitlines()
    assert len(lines) == 3
    scope: dict[str, object] = {}
    exec("\n".join(lines), scope)
    points = scope["points"]
    assert isinstance(points, pd.DataFrame) and len(points) == 12


def test_points_without_figures_say_why_and_have_none(folder: Path) -> None:
    rows = shown(folder)
    lacking = [row for row in rows if row["status"] != "done"]
    assert {row["status"] for row in lacking} == {"invalid", "does not fit"}
    assert all(row["why"] and row["step_s"] is None and row["cost_usd"] is None for row in lacking)
    assert all(not row["why"] and row["step_s"] for row in rows if row["status"] == "done")
    tables = json.loads((folder / "out" / "result.json").read_text())["tables"]
    assert [row["number"] for row in tables["failed"]] == [row["number"] for row in lacking]
    assert "step_s" not in tables["failed"][0]


def test_results_are_filtered_sorted_and_cut(folder: Path) -> None:
    rows = shown(folder, "--where", "status == done and step_s < 20 s", "--sort", "-step_s")
    steps = [float(str(row["step_s"])) for row in rows]
    assert steps and steps == sorted(steps, reverse=True) and steps[0] < 20
    named = shown(folder, "--columns", "number,recompute", "--limit", "2", "--sort", "number")
    assert named == [{"number": 0, "recompute": "deepseek"}, {"number": 1, "recompute": "none"}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--where", "steps_s < 3"), "did you mean `step_s`?"),
        (("--where", "step_s < 3 GB"), "no unit of s"),
        (("--sort", "cost"), "did you mean `cost_usd`?"),
        (("--columns", "number,lable"), "did you mean `label`?"),
        (("--export", "points.xlsx"), "write .csv or .parquet"),
    ],
)
def test_a_question_that_cannot_be_is_refused(folder: Path, words: tuple[str, ...], said: str) -> None:
    ended = clustercast("results", str(folder / "out"), *words)
    assert (ended.code, ended.out) == (3, "")
    assert said in ended.err


def test_an_export_holds_every_digit(folder: Path) -> None:
    for name in ("points.csv", "points.parquet"):
        assert clustercast("results", str(folder / "out"), "--export", str(folder / name)).code == 0
    csv = pd.read_csv(folder / "points.csv", dtype={"step_s": str})
    parquet = pd.read_parquet(folder / "points.parquet")
    table = library.results(folder / "out" / "sweep.sqlite")
    steps = table["step_s"].dropna().tolist()
    assert [float(text) for text in csv["step_s"].dropna()] == parquet["step_s"].dropna().tolist() == steps
    assert list(csv.columns) == list(parquet.columns) == list(table.columns)


def test_nothing_is_worked_out_twice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (folder / "out" / "result.json").read_bytes()

    def start(self: object, *asked: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr("simulator.sweep.processes.Processes.__init__", start)
    assert swept(folder).code == 0
    assert (folder / "out" / "result.json").read_bytes() == before


def test_another_sweep_of_the_same_points_takes_them_from_the_store(folder: Path, tmp_path: Path) -> None:
    from simulator.sweep.jobs import Answer, Job
    from simulator.sweep.question import Question
    from simulator.sweep.run import run_sweep
    from simulator.sweep.work import answer
    from workloads.sweep import load_sweep, names_of

    other = tmp_path / "other.yaml"
    other.write_text(SWEEP.replace("every-outcome", "another").replace("[7680, 15360]", "[7680, 15360, 30720]"))
    worked: list[int] = []

    def watched(packed: bytes, job: Job) -> Answer:
        worked.extend(job.numbers if job.what == "points" else ())
        return answer(packed, job)

    class Watched:
        def __init__(self, packed: bytes) -> None:
            self.engine = Here(lambda job: watched(packed, job))

        def __enter__(self) -> Here:
            return self.engine

        def __exit__(self, *_: object) -> None:
            return None

    store = tmp_path / "copy.sqlite"
    store.write_bytes((folder / "out" / "sweep.sqlite").read_bytes())
    result = run_sweep(Question(load_sweep(other), names_of(other)), store, Watched)
    points = result.tables["points"]
    new = points[(points["sequences_per_step"] == 30720) | (points["status"] == "invalid")]
    assert sorted(worked) == sorted(new["number"])
    both = library.results(store)
    assert both["sweep"].value_counts().to_dict() == {"another": 18, "every-outcome": 12}
    key = both.groupby("key")["step_s"].nunique(dropna=False)
    assert (key == 1).all()


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("service: deepseek-v3-profile-prefill", "prefill_tokens_per_s_per_gpu"),
        ("run: deepseek-v3", "gpu_hours"),
    ],
)
def test_a_service_and_a_whole_run_are_swept_as_a_scenario_is(text: str, figure: str, tmp_path: Path) -> None:
    from simulator.sweep.question import Question
    from simulator.sweep.run import run_sweep
    from simulator.sweep.work import answer
    from workloads.sweep import load_sweep, names_of

    file = tmp_path / "other.yaml"
    design = "{kind: list, points: [{price.gpu_usd_per_s: 1 USD/h}]}"
    file.write_text(f"name: other\n{text}\ndesign: {design}\n")
    asked = Question(load_sweep(file), names_of(file))
    engine = nullcontext(Here(lambda job: answer(asked.packed(), job)))
    points = run_sweep(asked, tmp_path / "store", lambda packed: engine).tables["points"]
    assert set(points["status"]) == {"done"}
    assert (points[figure] > 0).all()


def test_a_sweep_finds_its_scenario_and_catalogue_beside_its_file(tmp_path: Path) -> None:
    from simulator.sweep.built import built
    from simulator.sweep.question import Question
    from workloads.scenario import SCENARIOS
    from workloads.sweep import load_sweep, names_of

    theirs, mine = tmp_path / "theirs", tmp_path / "mine"
    for folder, rate in ((theirs, "gpus"), (mine, "prices")):
        (folder / "catalog" / rate).mkdir(parents=True)
    (theirs / "catalog" / "gpus" / "quick.yaml").write_text("base: h800\nsms: 140\n")
    (mine / "catalog" / "prices" / "free.yaml").write_text("base: h800-rental\ngpu_usd_per_s: 0.01 USD/h\n")
    text = (
        (SCENARIOS / "deepseek-v3-pretrain.yaml").read_text().replace("{base: h800, kernels", "{base: quick, kernels")
    )
    (theirs / "base.yaml").write_text(text)
    file = mine / "sweep.yaml"
    file.write_text(
        "name: beside\nscenario: ../theirs/base.yaml\n"
        "design: {kind: list, points: [{price: free}, {gpu: {base: quick, sms: 141}}]}\n"
    )
    asked = Question(load_sweep(file), names_of(file))
    free, wider = (built(asked, number) for number in range(2))
    assert isinstance(free, library.Scenario) and isinstance(wider, library.Scenario)
    assert free.price.name == "free"
    assert [one.cluster.node.gpu.sms for one in (free, wider)] == [140, 141]


def test_a_sweep_of_a_million_million_points_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "huge.yaml"
    axis = "{low: 1, high: 1000000, steps: 1000000}"
    file.write_text(
        f"name: huge\nscenario: deepseek-v3-pretrain\ndesign: {{kind: grid, axes: {{seed: {axis}, tokens: {axis}}}}}\n"
    )
    ended = clustercast("sweep", str(file), "--out", str(tmp_path / "out"))
    assert (ended.code, ended.out) == (4, "")
    assert "1,000,000,000,000 points" in ended.err and "1.6 PB" in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("run", "deepseek-v3-pretrain"), "nodes"),
        (("compare", "deepseek-v3-pretrain"), "nodes"),
        (("run", "llama-3.1-405b-h100"), "nodes"),
        (("run", "sglang-96-h100"), "cluster.nodes"),
        (("run", "deepseek-v3"), "nodes"),
    ],
)
def test_a_thousand_million_gpus_are_refused_at_once(words: tuple[str, ...], path: str) -> None:
    ended = clustercast(*words, "--with", f"{path}=125000000")
    assert (ended.code, ended.out) == (4, "")
    assert "1,000,000,000 GPUs" in ended.err and "300 GB" in ended.err


def test_ctrl_c_leaves_a_store_that_the_same_command_goes_on_from(tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    design = "design: {kind: grid, axes: {seed: {low: 0, high: 5000, steps: 5001}}}"
    file.write_text(f"name: long\nscenario: deepseek-v3-pretrain\ndetail: estimate\n{design}\n")
    words = [sys.executable, "-m", "cli.main", "sweep", str(file), "--workers", "1", "--out", str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    store = tmp_path / "out" / "sweep.sqlite"
    # Whoever runs the tests in the background has SIGINT ignored, and a child inherits that.
    heard = partial_of(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        words, env=environment, text=True, preexec_fn=heard, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            began_s = time.monotonic()
            while not kept(store) and time.monotonic() - began_s < 60:
                time.sleep(0.1)
            partial = kept(store)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 5
    assert "interrupted" in err and "the same command goes on" in err and "Traceback" not in err
    assert 0 < partial <= kept(store) < 5001


def kept(store: Path) -> int:
    """Points of a store that is being written, as `results` reads them."""
    if not store.is_file():
        return 0
    try:
        return len(library.results(store))
    except library.InvalidInput:
        return 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--engine", "dask"), "needs --scheduler"),
        (("--scheduler", "tcp://127.0.0.1:1"), "goes with --engine dask"),
        (("--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"), "a cluster has its own"),
    ],
)
def test_options_that_would_be_ignored_are_usage_errors(words: tuple[str, ...], said: str) -> None:
    ended = clustercast("sweep", "batch-and-nics", *words)
    assert ended.code == 2
    assert said in ended.err


def test_a_file_that_is_no_store_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.sqlite"
    file.write_text("not a store at all, and longer than a header of a hundred bytes would be, to be sure of it. " * 3)
    before = file.read_bytes()
    ended = clustercast("sweep", "batch-and-nics", "--store", str(file), "--out", str(tmp_path / "out"))
    assert ended.code == 3 and "no store of sweeps" in ended.err
    assert clustercast("results", str(file)).code == 3
    assert file.read_bytes() == before


def test_a_place_where_no_file_can_be_is_named(folder: Path, tmp_path: Path) -> None:
    ended = swept(folder, "--store", str(tmp_path))
    assert ended.code == 3 and f"{tmp_path}: this is a folder" in ended.err
    away = tmp_path / "away" / "points.csv"
    ended = clustercast("results", str(folder / "out"), "--export", str(away))
    assert ended.code == 3 and f"there is no folder {away.parent}" in ended.err


def test_a_sweep_without_one_point_that_can_be_is_no_success(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    axes = "{node.nic.bytes_per_s: [400 GB, 5]}"
    file.write_text(f"name: wrong\nscenario: llama-3-8b-h100\ndesign: {{kind: grid, axes: {axes}}}\n")
    ended = clustercast("sweep", str(file), "--workers", "1", "--quiet", "--out", str(tmp_path / "out"))
    assert ended.code == 3
    assert ended.err.startswith("clustercast: no point has figures; the first: ")


def test_the_library_takes_the_folder_as_the_command_does(folder: Path) -> None:
    assert len(library.results(folder / "out")) == 12
    assert library.results(folder / "out", sort="step_s", limit=1).step_s.notna().all()


def test_no_rows_are_told_as_such(folder: Path) -> None:
    ended = clustercast("results", str(folder / "out"), "--where", "status == dnoe")
    assert ended.code == 0 and ended.out.rstrip().endswith("no row meets the condition")
