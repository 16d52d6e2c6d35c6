"""`clustercast run` on a service goes from one YAML file to a report folder and a short answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import clustercast as library
from tests.command import clustercast
from tests.made_service import written
from workloads.service import SERVICES, load_service

DECODE, PREFILL = "deepseek-v3-profile-decode", "deepseek-v3-profile-prefill"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Report folders of the same command, run twice."""
    folder = tmp_path_factory.mktemp("service")
    for out in ("first", "second"):
        ended = clustercast("run", DECODE, "--out", str(folder / out))
        assert ended.code == 0, ended
        assert "output tokens, a GPU" in ended.out
        assert "Most of a decode step" in ended.out
        assert f"report: {folder / out / 'report.html'}" in ended.out
    return folder / "first", folder / "second"


def test_run_leaves_report_result_tables_and_the_service(folders: tuple[Path, Path]) -> None:
    assert {path.name for path in folders[0].iterdir()} == {"report.html", "result.json", "service.yaml", "tables"}
    tables = {path.stem for path in (folders[0] / "tables").glob("*.csv")}
    assert tables >= {"headline", "units", "steps", "memory", "answers", "guesses", "assumptions"}


def test_the_same_service_twice_gives_the_same_bytes(folders: tuple[Path, Path]) -> None:
    for path in sorted(folders[0].rglob("*")):
        if path.is_file():
            other = folders[1] / path.relative_to(folders[0])
            assert path.read_bytes() == other.read_bytes(), path.name


def test_the_written_service_gives_the_same_service(folders: tuple[Path, Path]) -> None:
    again = load_service(folders[0] / "service.yaml")
    whole = json.loads((folders[0] / "result.json").read_text(encoding="utf-8"))
    assert whole["schema"] == "clustercast.service/1"
    assert whole["reproduction"]["digest"] == library.digest(again)
    assert whole["reproduction"]["command"] == f"clustercast run {DECODE}"
    assert whole["reproduction"]["service_yaml"] == (folders[0] / "service.yaml").read_text(encoding="utf-8")


def test_every_figure_has_unit_and_definition(folders: tuple[Path, Path]) -> None:
    whole = json.loads((folders[0] / "result.json").read_text(encoding="utf-8"))
    for name, figure in whole["headline"].items():
        assert figure["definition"].endswith("."), name
        assert figure["unit"], name


def test_the_library_gives_the_same_figures_as_the_command(folders: tuple[Path, Path], tmp_path: Path) -> None:
    result = library.serve(SERVICES / f"{DECODE}.yaml")
    whole = json.loads((folders[0] / "result.json").read_text(encoding="utf-8"))
    assert {name: one.value for name, one in result.headline.items()} == {
        name: one["value"] for name, one in whole["headline"].items()
    }
    assert library.write_report(result, tmp_path)[0] == tmp_path / "report.html"


def test_json_for_programs_has_headline_and_units(tmp_path: Path) -> None:
    told = json.loads(clustercast("run", PREFILL, "--json", "--out", str(tmp_path)).out)
    rate = told["headline"]["prefill_tokens_per_s_per_gpu"]["value"]
    assert told["units"][0]["tokens_per_s_per_gpu"] == rate
    assert Path(told["report"]).is_file()


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    assert clustercast("run", PREFILL, "--quiet", "--out", str(tmp_path)) == (0, "", "")


def test_a_change_is_said_in_the_title_and_has_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = clustercast("run", PREFILL, "--with", "prefill.overlap=none")
    assert ended.code == 0, ended
    assert ended.out.splitlines()[0].endswith("prefill.overlap=none")
    (folder,) = (tmp_path / "out").iterdir()
    assert folder.name.startswith(f"{PREFILL}-")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("deepseek-v3-profile-decod",), 3, f"did you mean `{DECODE}`?"),
        ((DECODE, "--with", "decod.ep=64"), 3, "did you mean `decode`?"),
        ((DECODE, "--with", "decode.speculaton=null"), 3, "did you mean `speculation`?"),
        ((DECODE, "--with", "decode.ep=48"), 3, "shared by all 128 GPUs of the unit, or by none"),
        ((DECODE, "--with", "decode.gpus=96", "--with", "decode.ep=96"), 3, "redundant_experts: 32"),
        ((DECODE, "--with", "decode.sequences_per_group=4000"), 3, "184 do"),
        ((DECODE, "--with", "cluster.nodes=2"), 3, "the cluster has 16"),
        ((DECODE, "--network"), 2, "this is a service"),
        ((DECODE, "--every-gpu"), 2, "this is a service"),
        ((DECODE, "--experts"), 2, "this is a service"),
        ((DECODE, "--sobol"), 2, "this is a service"),
        ((DECODE, "--intervals", "256"), 2, "this is a service"),
        ((DECODE, "--intervals", "0"), 2, "this is a service"),
    ],
)
def test_what_cannot_be_served_is_refused_with_a_way_out(
    words: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    ended = clustercast("run", *words, "--out", str(tmp_path / "out"))
    assert ended.code == code, ended
    assert said in " ".join(ended.err.replace("\u2502", " ").split())
    assert ended.out == ""
    assert not list(tmp_path.rglob("*.html"))


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [("decode:", "decod:", "did you mean `decode`?"), ("ep: 128", "epp: 128", "did you mean `ep`?")],
)
def test_a_misspelt_field_meets_the_nearest(wrong: str, right: str, said: str, tmp_path: Path) -> None:
    text = (SERVICES / f"{DECODE}.yaml").read_text(encoding="utf-8")
    ended = clustercast("run", str(written(tmp_path, text.replace(wrong, right))))
    assert ended.code == 3
    assert said in " ".join(ended.err.split())


def test_compare_says_what_to_do_with_a_service() -> None:
    ended = clustercast("compare", DECODE, PREFILL)
    assert ended.code == 3
    assert "clustercast run" in ended.err


def test_services_are_listed_shown_and_described_to_editors() -> None:
    listed = clustercast("show", "services").out
    assert all(path.stem in listed for path in SERVICES.glob("*.yaml"))
    assert "ep: 128" in clustercast("show", "service", DECODE).out
    assert {"prefill", "decode", "typical"} <= set(
        json.loads(clustercast("schema", "service").out)["anyOf"][-1]["properties"]
    )
