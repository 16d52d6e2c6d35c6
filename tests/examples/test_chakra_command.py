"""`clustercast chakra` writes a step's traces, says where they are, and what is missing or too large."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import clustercast as library
from reports.chakra.schema import messages
from tests.command import clustercast

SMALL = ("--with", "sequences_per_step=16")


def test_a_command_writes_what_the_library_reads(tmp_path: Path) -> None:
    ended = clustercast("chakra", "llama-3-8b-h100", *SMALL, "--out", str(tmp_path), "--every-gpu", "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    trace = library.read_chakra(tmp_path)
    assert (told["traces"], told["nodes"]) == (8, len(trace))
    assert told["bytes"] == sum(path.stat().st_size for path in tmp_path.glob("*.et"))
    step = library.run("llama-3-8b-h100", {"sequences_per_step": 16})
    assert told["step_s"] == step.headline["step_s"].value
    assert library.replay_chakra(trace)["replayed_end_s"].max() == pytest.approx(told["step_s"])


def test_it_says_where_traces_and_groups_are(tmp_path: Path) -> None:
    ended = clustercast("chakra", "llama-3-8b-h100", *SMALL, "--out", str(tmp_path / "new"))
    assert ended.code == 0, ended.err
    assert f"traces: {tmp_path}/new/llama-3-8b-h100.RANK.et" in ended.out
    assert ended.out.startswith("one GPU a pipeline rank: 604 nodes in 1 file, ")


def test_too_many_nodes_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    ended = clustercast("chakra", "deepseek-v3-pretrain", "--every-gpu", "--out", str(tmp_path / "new"))
    assert ended.code == 4
    assert "2,048 files with 11,716,608 nodes" in ended.err and "One file a pipeline rank" in ended.err
    assert not list(tmp_path.glob("**/*.et"))


def test_without_protobuf_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages.cache_clear()
    monkeypatch.setitem(sys.modules, "google.protobuf", None)
    try:
        ended = clustercast("chakra", "llama-3-8b-h100", *SMALL, "--out", str(tmp_path))
    finally:
        messages.cache_clear()
    assert ended.code == 2
    assert "clustercast[chakra]" in ended.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("deepseek-v3-pretrian",), 3, "did you mean `deepseek-v3-pretrain`?"),
        (("llama-3-8b-h100", "--with", "nodes"), 2, "path=value"),
        (("llama-3-8b-h100", "--with", "dp=4"), 3, "8 GPUs"),
    ],
)
def test_what_cannot_be_is_told(words: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    ended = clustercast("chakra", *words, "--out", str(tmp_path))
    assert (ended.code, said in " ".join(ended.err.split())) == (code, True), ended.err
