"""Measured loads from CSV, Parquet and NPZ: what is read, and what is said about what cannot be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from topologies.problems import InvalidInput
from workloads.measured_loads import read_measured
from workloads.reference.dims import Gate
from workloads.router import Batch
from workloads.routers.file import File

GATE = Gate(3, 2)
HISTOGRAM = "layer,expert,tokens\n4,0,5\n4,1,3\n4,2,2\n3,0,1\n3,1,0\n3,2,9\n"
LONG = "layer,token,expert\n0,7,0\n0,7,2\n0,8,2\n0,8,1\n"
WIDE = "step,layer,token,expert_0,expert_1\n9,0,0,0,1\n\n# a remark, with, commas\n5,0,0,2,1\n5,0,1,2,0\n"
EXPERTS = np.array([[[0, 1], [0, 2]], [[2, 1], [2, 0]]])
"""Two layers, two tokens, two experts each."""


def read(path: Path, text: str) -> list[Any]:
    """Loads of a CSV file with this text."""
    path.write_text(text, encoding="utf-8")
    found: list[Any] = read_measured(path, GATE).tolist()
    return found


def complaint(path: Path) -> str:
    """What is said about a file, without its path."""
    with pytest.raises(InvalidInput) as refused:
        read_measured(path, GATE)
    return str(refused.value).replace(str(path), "")


def test_a_histogram_has_its_layers_in_order(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", HISTOGRAM) == [[[1, 0, 9], [5, 3, 2]]]


def test_a_histogram_may_have_steps(tmp_path: Path) -> None:
    text = "step,layer,expert,tokens\n2,0,0,1\n2,0,1,2\n2,0,2,3\n1,0,0,4\n1,0,1,5\n1,0,2,6.5\n"
    assert read(tmp_path / "a.csv", text) == [[[4, 5, 6.5]], [[1, 2, 3]]]


def test_choices_of_tokens_are_counted(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", LONG) == [[[1, 1, 2]]]
    assert read(tmp_path / "a.csv", WIDE) == [[[1, 1, 2]], [[1, 1, 0]]]


def test_arrays_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, tokens=np.array([[1, 2, 3], [4, 5, 6]]))
    assert read_measured(path, GATE).tolist() == [[[1, 2, 3], [4, 5, 6]]]
    np.savez(path, experts=EXPERTS)
    assert read_measured(path, GATE).tolist() == [[[2, 1, 1], [1, 1, 2]]]
    np.savez(path, experts=np.stack([EXPERTS, EXPERTS[::-1]]))
    assert read_measured(path, GATE)[1].tolist() == [[1, 1, 2], [2, 1, 1]]


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="Parquet needs pyarrow (clustercast[parquet])")
    path = tmp_path / "a.parquet"
    pd.DataFrame({"layer": [0, 0], "token": [0, 1], "expert_0": [0, 0], "expert_1": [1, 2]}).to_parquet(path)
    assert read_measured(path, GATE).tolist() == [[[2, 1, 1]]]
    pd.DataFrame({"layer": [0, 0], "token": [0, 1], "expert_0": [0, 0], "expert_1": [1, 3]}).to_parquet(path)
    assert complaint(path) == ": row 1, expert_1: read `3`; experts count from 0 to 2"
    path.write_bytes(b"PAR1 and no more")
    assert "no Parquet file that can be read" in complaint(path)


def test_without_pyarrow_parquet_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    assert "pip install 'clustercast[parquet]'" in complaint(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1:1: the first line names each column once"),
        ("layer,expert,tokens\n", ":1:1: the first line names each column once"),
        ("layer,layer,tokens\n0,0,0\n", ":1:1: the first line names each column once"),
        ("layer,expert,toknes\n0,0,0\n", ":1:1: unknown column `toknes` (did you mean `tokens`?); allowed: `layer,"),
        ("layer,tokens\n0,0\n", ":1:1: read the columns layer, tokens; allowed: `layer,expert,tokens`"),
        ("layer,token,expert\n0,0,0\n0,0\n", ":3:1: 2 cells under a header of 3"),
        ('layer,token,expert\n0,0,"0"\n', ":2:1: a quotation mark; write plain numbers"),
        ("layer,token,expert\n0,0,x\n0,0,1\n", ":2:1: expert: read `x`; write a whole number, 0 or more"),
        ("layer,token,expert\n0,0,\n0,0,1\n", ":2:1: expert: read ``; write a whole number, 0 or more"),
        ("layer,token,expert\n0,0,0.5\n0,0,1\n", ":2:1: expert: read `0.5`; write a whole number"),
        ("layer,token,expert\n0,0,0\n#\n0,0,3\n", ":4:1: expert: read `3`; experts count from 0 to 2"),
        ("layer,token,expert\n0,0,0\n0,0,0\n", ":3:1: expert: this expert of the token stands in line 2 already"),
        ("layer,token,expert\n0,0,0\n", ":2:1: token: this token has 1 of the 2 experts that the gate chooses"),
        (WIDE + "5,0,1,0,1\n", ":7:1: token: this token of the layer stands in line 6 already"),
        (WIDE + "5,0,2,1,1\n", ":7:1: expert_1: read `1`; the token has this expert already"),
        ("step,layer,expert,tokens\n1,0,0,1\n1,0,1,2\n", ":1:1: step 1, layer 0 lacks expert 2; write 0 tokens"),
        ("step,layer,expert,tokens\n1,0,0,-1\n", ":2:1: tokens: read `-1`; write a number of tokens, 0 or more"),
        (HISTOGRAM + "4,1,7\n", ":8:1: expert: layer 4 has expert 1 in line 3 already"),
        ("layer,expert,tokens\n0,0,1\n0,1,1\n", ": loads of 2 experts, but a layer of the model has 3"),
        ("layer,expert,tokens\n0,0,0\n0,1,0\n0,2,0\n", ": no token in the layer with index 0 of the step with index 0"),
    ],
)
def test_a_table_that_cannot_be_is_refused_at_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    assert complaint(path).startswith(said)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"token": [1]}, ": token: unknown array (did you mean `tokens`?); allowed: tokens [layer, expert]"),
        ({"tokens": [[1]], "experts": [[[1]]]}, ": read the arrays tokens, experts; write either tokens or experts"),
        ({"tokens": [1, 2, 3]}, ": tokens: read an array of shape [3]; write [layer, expert] or [step, layer, expert]"),
        ({"experts": [[[0.0, 1.0]]]}, ": experts: read an array of float64; write whole numbers"),
        ({"tokens": [[1.0, 2.0, np.nan]]}, ": tokens[0, 0, 2]: read nan; write a number of tokens, 0 or more"),
        ({"experts": [[[0, 3]]]}, ": experts[0, 0, 0, 1]: read 3; experts count from 0 to 2"),
        ({"experts": [[[0, 1], [2, 2]]]}, ": experts[0, 0, 1]: this token names an expert twice"),
        ({"experts": [[[0]]]}, ": experts: a token has 1 of the 2 experts that the gate chooses"),
    ],
)
def test_an_array_that_cannot_be_is_refused_at_its_place(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, allow_pickle=False, **{name: np.array(values) for name, values in arrays.items()})
    assert complaint(path).startswith(said)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "a.npz"
    broken.write_bytes(b"PK no zip")
    assert "it is damaged, or no NPZ file" in complaint(broken)
    pickled = tmp_path / "b.npz"
    np.savez(pickled, tokens=np.array([{}], dtype=object))
    assert "it is damaged, or no NPZ file" in complaint(pickled)
    assert complaint(tmp_path / "c.csv") == ": No such file or directory"
    assert "allowed: .csv, .parquet, .npz" in complaint(tmp_path / "c.txt")


def test_the_router_scales_to_the_tokens_asked_for_and_repeats_steps(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, tokens=np.array([[[1, 2, 1]], [[1, 0, 1]]]))
    tokens = File(path=str(path)).expert_tokens(Batch(GATE, 1, 3, 10, 10), 0)
    assert tokens.tolist() == [[[5, 10, 5]], [[10, 0, 10]], [[5, 10, 5]]]
    with pytest.raises(InvalidInput, match="loads of 1 layers, but the model routes in 2"):
        File(path=str(path)).expert_tokens(Batch(GATE, 2, 1, 10, 10), 0)
