"""Runs the command line as a person would: in this process for speed, or as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from cli.main import build

ROOT = Path(__file__).resolve().parents[1]


class Ended(NamedTuple):
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


def clustercast(*words: str) -> Ended:
    """Run the command in this process."""
    result = CliRunner().invoke(build(), list(words))
    return Ended(result.exit_code, result.stdout, result.stderr)


def clustercast_process(*words: str, folder: Path = ROOT, **environment: str) -> Ended:
    """Run the command as a process of its own, in `folder`, with these variables set besides."""
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
