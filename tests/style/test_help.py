"""Help is there for every command, and fast: no heavy library is loaded to print it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from cli.main import build, commands

HEAVY = ("matplotlib", "scipy", "numba", "networkx", "pandas", "jinja2", "numpy", "pydantic", "simpy")
PROBE = f"""
import sys
from cli.main import build
try:
    build()(["--help"], prog_name="clustercast")
except SystemExit:
    pass
print("LOADED", *(name for name in {HEAVY!r} if name in sys.modules))
"""


def test_help_loads_no_heavy_library() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "LOADED"


def test_a_command_returns_nothing_so_that_no_helper_is_taken_for_one() -> None:
    assert [name for name, command in commands() if command.__annotations__.get("return") != "None"] == []


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_has_help_in_a_sentence_and_for_each_option(name: str) -> None:
    result = CliRunner().invoke(build(), [name, "--help"])
    assert result.exit_code == 0
    group = get_command(build())
    command = getattr(group, "commands")[name]  # noqa: B009
    assert command.help and command.help.splitlines()[0].endswith(".")
    assert [parameter.name for parameter in command.params if not getattr(parameter, "help", None)] == []
