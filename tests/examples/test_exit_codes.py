"""Every way a command can end has its exit code and one clear message, never a traceback."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.exits import BY_ERROR
from cli.main import Guarded, everywhere
from tests.command import ROOT, clustercast, clustercast_process
from topologies.problems import InvalidInput, Problem


def failing(error: BaseException) -> typer.Typer:
    """An application like ours with one command, which ends in this error."""
    app = typer.Typer(cls=Guarded, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback()(everywhere)

    @app.command()
    def command() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            InvalidInput([Problem("a.yaml", 3, 7, "job.tokens", "read `many`")]),
            3,
            "a.yaml:3:7: job.tokens: read `many`",
        ),
        (MemoryError(), 4, "not enough memory"),
        (KeyboardInterrupt(), 5, "interrupted"),
        (OSError(28, "No space left on device"), 5, "No space left on device"),
        (ValueError("nobody expected this"), 70, "a bug in clustercast, not in your input: ValueError: nobody"),
    ],
    ids=["invalid input", "too large", "interrupted", "disk full", "bug"],
)
def test_an_error_ends_with_its_code_and_one_message(error: BaseException, code: int, said: str) -> None:
    result = CliRunner().invoke(failing(error), ["command"])
    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("name", BY_ERROR)
def test_every_error_that_has_a_code_exists(name: str) -> None:
    module, _, kind = name.rpartition(".")
    assert issubclass(getattr(importlib.import_module(module), kind), BaseException)


def test_a_plan_that_fits_no_gpu_is_invalid_input_not_a_bug(tmp_path: Path) -> None:
    words = ("--with", "cluster.node.gpu.memory_usable_bytes=20 GiB", "--out", str(tmp_path / "out"))
    ended = clustercast("run", "deepseek-v3-pretrain", *words)
    assert ended.code == 3
    assert "usable" in ended.err
    assert not (tmp_path / "out").exists()


def test_a_bug_leaves_its_traceback_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    result = CliRunner().invoke(failing(ValueError("nobody expected this")), ["command"])
    (file,) = tmp_path.iterdir()
    assert str(file) in result.stderr
    assert "ValueError: nobody expected this" in file.read_text()


def test_debug_shows_the_traceback_as_well() -> None:
    result = CliRunner().invoke(failing(ValueError("nobody expected this")), ["--debug", "command"])
    assert result.exit_code == 70
    assert "Traceback" in result.stderr


@pytest.mark.parametrize("words", [("nonsense",), ("show", "--nonsense"), ()])
def test_wrong_usage_ends_with_2(words: tuple[str, ...]) -> None:
    assert clustercast(*words).code == 2


def test_the_process_ends_with_the_same_codes_and_messages() -> None:
    assert clustercast_process("version") == (0, clustercast("version").out, "")
    ended = clustercast_process("show", "gpu", "h8000")
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    assert clustercast_process("nonsense").code == 2


def test_a_reader_who_leaves_early_is_no_error() -> None:
    command = f"env -u PYTHONUNBUFFERED {sys.executable} -m cli.main version | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["0"]
    assert done.stderr == ""
