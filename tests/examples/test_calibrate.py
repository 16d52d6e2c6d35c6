"""`clustercast calibrate` turns a CSV file into an entry that a scenario names."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import clustercast
from topologies.spec import loads
from workloads.scenario import SCENARIOS, Scenario, catalogue

ROWS = """kind,m,n,k,groups,sequences,heads,queries,keys,query_dim,value_dim,size [MB],time [us]
fp8_gemm,4096,7168,2048,,,,,,,,,103
fp8_grouped_gemm,32768,4096,7168,4,,,,,,,,1483
forward,,,,,1,128,4096,4096,192,128,,1105
memory,,,,,,,,,,,512,220
nvlink,,,,,,,,,,,64,425
"""
"""As in the README."""


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """The README's file."""
    file = tmp_path / "mine.csv"
    file.write_text(ROWS, encoding="utf-8")
    return file


def test_it_prints_residuals_and_writes_entries(measured: Path, tmp_path: Path) -> None:
    out = tmp_path / "catalog"
    ended = clustercast("calibrate", str(measured), "--name", "mine", "--gpu", "h800", "--out", str(out))
    assert ended.code == 0, ended.err
    assert [line.split()[0] for line in ended.out.splitlines()[2:7]] == [
        "fp8_gemm",
        "fp8_grouped_gemm",
        "forward",
        "memory",
        "nvlink",
    ]
    assert "median error" in ended.out
    written = {path.relative_to(out).as_posix() for path in out.rglob("*.yaml")}
    assert written == {"gpus/mine.yaml", "kernels/mine.yaml"}


def test_a_scenario_names_the_entry(measured: Path, tmp_path: Path) -> None:
    out = tmp_path / "catalog"
    clustercast("calibrate", str(measured), "--name", "mine", "--gpu", "h800", "--out", str(out))
    text = (SCENARIOS / "deepseek-v3-pretrain.yaml").read_text(encoding="utf-8")
    with_mine = "\n".join(
        "  node: {base: h800-node, gpu: mine}" if line.startswith("  node:") else line for line in text.splitlines()
    )
    scenario = loads(with_mine, Scenario, catalogue(None, (out,)))
    gpu = scenario.cluster.node.gpu
    assert (gpu.name, gpu.kernels.name) == ("mine", "mine")
    assert gpu.nvlink_achievable_ratio == pytest.approx(0.753, abs=0.001)


def test_an_entry_is_not_overwritten_unless_asked(measured: Path, tmp_path: Path) -> None:
    words = ("calibrate", str(measured), "--name", "mine", "--gpu", "h800", "--out", str(tmp_path / "catalog"))
    assert clustercast(*words).code == 0
    again = clustercast(*words)
    assert again.code == 2
    assert "--replace" in again.err
    assert clustercast(*words, "--replace").code == 0


def test_a_bad_row_ends_with_3_and_its_place(measured: Path, tmp_path: Path) -> None:
    measured.write_text(ROWS.replace(",103", ",0"), encoding="utf-8")
    ended = clustercast(
        "calibrate", str(measured), "--name", "mine", "--gpu", "h800", "--out", str(tmp_path / "catalog")
    )
    assert ended.code == 3
    assert f"{measured}:2:" in ended.err
    assert not (tmp_path / "catalog").exists()


def test_a_name_that_is_a_path_is_refused(measured: Path) -> None:
    ended = clustercast("calibrate", str(measured), "--name", "../mine", "--gpu", "h800")
    assert ended.code == 2
    assert "is no name for a file" in ended.err


def test_the_rows_are_those_of_the_readme() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert all(f"  {line}" in readme for line in ROWS.splitlines())
