"""`clustercast run` goes from one YAML file to a report folder and a short answer."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.command import Ended, clustercast, clustercast_process

SCENARIO = "workloads/scenarios/deepseek-v3-pretrain.yaml"
HEADLINE = {
    "step_s", "step_1f_s", "step_1b_s", "step_1w_s", "step_1f1b_s", "step_bubble_s", "step_optimizer_s",
    "tokens_per_day", "tokens_per_s_per_gpu", "gpu_hours_per_trillion_tokens", "gpu_hours", "cost_usd",
    "model_flop_per_s_per_gpu_causal", "model_flop_per_s_per_gpu_full", "mfu_ratio_causal", "mfu_ratio_full",
    "memory_bytes_per_gpu_max",
}  # fmt: skip
SMALL = ("--with", "job.sequences_per_step=4096")
"""32 micro-batches a pipeline, the fewest with which the published schedule runs on 16 ranks."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Report folders of the same command, run by two processes with different hash seeds."""
    both = (tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second"))

    def once(seed: int) -> Ended:
        words = ("run", SCENARIO, *SMALL, "--out", str(both[seed]))
        return clustercast_process(*words, PYTHONHASHSEED=str(seed))

    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(once, range(2)))
    assert [end.code for end in ended] == [0, 0], ended
    assert "report: " in ended[0].out
    assert ended[0].err == ""
    return both


def test_run_leaves_report_result_tables_timeline_and_scenario(folders: tuple[Path, Path]) -> None:
    names = {path.name for path in folders[0].iterdir()}
    assert names == {"report.html", "result.json", "timeline.json", "scenario.yaml", "tables"}
    assert list((folders[0] / "tables").glob("*.csv"))


def test_the_same_run_twice_gives_the_same_bytes_whatever_the_hash_seed(folders: tuple[Path, Path]) -> None:
    first, second = folders
    for name in ("result.json", "timeline.json", "report.html", "scenario.yaml"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_the_headline_has_its_stable_names_each_with_unit_and_definition(folders: tuple[Path, Path]) -> None:
    result = json.loads((folders[0] / "result.json").read_text(encoding="utf-8"))
    assert set(result["headline"]) >= HEADLINE
    for figure in result["headline"].values():
        assert set(figure) >= {"value", "unit", "definition"}
        assert figure["definition"].endswith(".")


def test_the_command_in_the_result_gives_the_result_again(folders: tuple[Path, Path]) -> None:
    result = json.loads((folders[0] / "result.json").read_text(encoding="utf-8"))
    assert result["reproduction"]["command"] == f"clustercast run {SCENARIO} {' '.join(SMALL)}"


def test_json_prints_the_headline_and_nothing_else(tmp_path: Path) -> None:
    ended = clustercast("run", "deepseek-v3-pretrain", *SMALL, "--json", "--out", str(tmp_path))
    told = json.loads(ended.out)
    assert set(told["headline"]) >= HEADLINE
    assert Path(told["report"]).is_file()


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    ended = clustercast("run", "deepseek-v3-pretrain", *SMALL, "--quiet", "--out", str(tmp_path))
    assert ended == (0, "", "")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("deepseek-v3-pretraining",), 3, "did you mean `deepseek-v3-pretrain`?"),
        (("no/such/file.yaml",), 3, "no/such/file.yaml: no such file"),
        (("deepseek-v3-pretrain", "--with", "layout.pp=7"), 3, "use pp = 6 or 8"),
        (("deepseek-v3-pretrain", "--with", "cluster.toplogy.planes=1"), 3, "did you mean `topology`?"),
        (("deepseek-v3-pretrain", "--with", "cluster.nodes"), 2, "write `path=value`"),
        (("deepseek-v3-pretrain", "--with", "a=1", "--with", "a=2"), 2, "given twice"),
        (("deepseek-v3-pretrain", "--with", "job.tokens=[1"), 3, "not closed"),
        (("deepseek-v3-pretrain", "--out", "README.md"), 2, "README.md"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_runs(words: tuple[str, ...], code: int, said: str) -> None:
    ended = clustercast("run", *words)
    assert ended.code == code
    assert said in " ".join(ended.err.split())
    assert ended.out == ""
