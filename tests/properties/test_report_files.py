"""The report folder: whole files, the same bytes every time, JSON and CSV that say what the result says."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator, ValidationError

from reports import json_result, write
from simulator.result import Figure
from tests.made_result import made_result

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "reports/schemas/result.schema.json"
AGAIN = (
    "import hashlib; from tests.made_result import made_result; from reports.write import contents;"
    "print(hashlib.sha256(repr(sorted(contents(made_result('again', 4, 8)).items())).encode()).hexdigest())"
)


def digests_with_hash_seeds(*seeds: str) -> list[str]:
    """Digest of all files, each made by an interpreter of its own."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", AGAIN],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in seeds
    ]
    return [process.communicate(timeout=120)[0].strip() for process in started]


def schema() -> Draft202012Validator:
    read = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(read)
    return Draft202012Validator(read)


def test_the_same_result_gives_the_same_bytes_whatever_the_hash_seed() -> None:
    first, second = digests_with_hash_seeds("1", "4242")
    assert len(first) == 64
    assert first == second


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write.write(made_result(), tmp_path / "a")]
    second = [path.read_bytes() for path in write.write(made_result(), tmp_path / "b")]
    assert [hashlib.sha256(text).digest() for text in first] == [hashlib.sha256(text).digest() for text in second]


def test_every_promised_file_is_there(tmp_path: Path) -> None:
    names = {path.relative_to(tmp_path).as_posix() for path in write.write(made_result("small", 4, 8), tmp_path)}
    tables = {f"tables/{name}.csv" for name in (*json_result.TABLES, "headline", "assumptions")}
    assert names == {"report.html", "result.json", "timeline.json", "scenario.yaml"} | tables
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()} == names


def test_a_write_that_fails_leaves_the_old_file_and_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    (tmp_path / "report.html").write_text("before")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        write.write(made_result("small", 4, 8), tmp_path)
    assert (tmp_path / "report.html").read_text() == "before"
    assert [path.name for path in tmp_path.rglob("*")] == ["report.html"]


def test_result_json_fits_its_schema() -> None:
    schema().validate(json.loads(json_result.text(made_result())))


def test_a_headline_without_the_step_does_not_fit_the_schema() -> None:
    read = json.loads(json_result.text(made_result()))
    del read["headline"]["step_s"]
    with pytest.raises(ValidationError, match="step_s"):
        schema().validate(read)


def test_floats_survive_result_json_bit_for_bit() -> None:
    result = made_result()
    read = json.loads(json_result.text(result))
    assert {name: row["value"] for name, row in read["headline"].items()} == {
        name: figure.value for name, figure in result.headline.items()
    }
    assert [row["step_bubble_s"] for row in read["tables"]["ranks"]] == result.ranks["step_bubble_s"].tolist()


def test_an_interval_stands_in_result_json_only_where_it_is_known() -> None:
    headline = json.loads(json_result.text(made_result()))["headline"]
    assert set(headline["step_s"]) == {"value", "unit", "definition", "low", "high"}
    assert set(headline["gpu_hours"]) == {"value", "unit", "definition"}


def test_a_headline_that_is_no_number_is_refused() -> None:
    result = made_result()
    broken = replace(result, headline={**result.headline, "step_s": Figure(math.nan, "s", "Broken.")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_result.text(broken)


@pytest.mark.parametrize(
    ("cell", "said"),
    [(np.float64(0.1), 0.1), (np.int32(3), 3), ((0, 15), [0, 15]), (math.inf, None), (pd.NA, None), ("a", "a")],
)
def test_cells_become_what_json_has(cell: object, said: object) -> None:
    assert json_result.plain(cell) == said
    assert type(json_result.plain(cell)) is type(said)


def test_a_cell_that_json_has_no_form_for_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        json_result.plain({1})


def test_csv_carries_all_digits() -> None:
    result = made_result()
    read = pd.read_csv(io.StringIO(write.csv(result.ranks)))
    assert read["step_1f1b_s"].tolist() == result.ranks["step_1f1b_s"].tolist()
    assert read["stages"].tolist()[0] == "0 15"


def test_a_table_of_the_result_gets_its_own_file_and_section() -> None:
    frame = pd.DataFrame({"gpus": [64, 128], "dispatch_s": [0.004, 0.006]})
    made = write.contents(replace(made_result("small", 4, 8), tables={"expert-load": frame}))
    assert made["tables/expert-load.csv"] == "gpus,dispatch_s\n64,0.004\n128,0.006\n"
    assert "expert-load" in made["report.html"]


@pytest.mark.parametrize("name", ["../evil", "a/b", "", "A", "<script>", "x" * 65])
def test_a_table_whose_name_is_no_file_name_is_refused(name: str) -> None:
    extra = {name: pd.DataFrame({"a": [1]})}
    with pytest.raises(write.UnwritableName):
        write.contents(replace(made_result("small", 4, 8), tables=extra))
