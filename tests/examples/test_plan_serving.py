"""`clustercast plan` on questions about serving, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import clustercast as library
from tests.command import clustercast
from workloads.question_file import load_question

CHAT = "chat-on-h200-servers"
FEWER = "fleets.whole={tp: [8], all_to_all: [normal, low-latency]}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shipped question with fewer ways to build units."""
    out = tmp_path_factory.mktemp("plan") / "chat"
    ended = clustercast("plan", CHAT, "--with", FEWER, "--out", str(out))
    assert ended.code == 0, ended
    assert "16 GPUs, 2 servers, 48.00 USD an hour" in ended.out
    assert "low-latency" in ended.out.splitlines()[4]
    return out


def whole(folder: Path) -> dict[str, Any]:
    """Its result."""
    found: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return found


def test_terminal_json_and_tables_agree(folder: Path) -> None:
    result, table = whole(folder), pd.read_csv(folder / "tables" / "candidates.csv")
    assert result["schema"] == "clustercast.plan/1"
    assert result["headline"]["gpus"]["value"] == table["gpus"].iloc[0] == result["tables"]["candidates"][0]["gpus"]
    assert set(result["tables"]) >= {"candidates", "pruned", "confirmed", "binds", "attribution", "sensitivity"}


def test_the_written_question_is_the_question(folder: Path) -> None:
    again = load_question(folder / "plan.yaml")
    assert whole(folder)["reproduction"]["digest"] == library.digest(again)


def test_every_figure_has_unit_and_definition(folder: Path) -> None:
    for name, figure in whole(folder)["headline"].items():
        assert figure["unit"] and figure["definition"].endswith("."), name


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--with", "vary={gpux: [h100]}"], 3, "did you mean `gpu`"),
        (["--with", "limits.tpot_s=1 ms"], 3, "no fleet keeps the promises within the limits"),
        (["--with", "decode.ep=8"], 3, "no `decode` units"),
        (["--with", "find={what: most-trafic, nodes: 2}"], 3, "most-traffic"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(arguments: list[str], code: int, words: str) -> None:
    ended = clustercast("plan", CHAT, *arguments)
    assert ended.code == code, ended
    assert words in ended.err
    assert "Traceback" not in ended.err
