"""The README tells the truth about commands, make targets, exit codes and the test command."""

from __future__ import annotations

import re

from cli.exits import MEANINGS
from cli.main import commands
from tests.style.source import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def rows(pattern: str) -> list[tuple[str, ...]]:
    """Groups of the pattern in each line of the README's tables."""
    found = (re.fullmatch(pattern, line) for line in README.splitlines() if line.startswith("|"))
    return [match.groups() for match in found if match]


def make_targets() -> set[str]:
    """Targets that a person may name."""
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    return set(phony[1].split()) if phony else set()


def test_every_command_has_a_line_in_the_readme_and_no_other_has() -> None:
    written = {name for name, text in rows(r"\| `clustercast ([a-z-]+)[^`]*` \| (.{20,}) \|")}
    assert written == {name for name, _ in commands()}


def test_every_make_target_has_a_line_in_the_readme_and_no_other_has() -> None:
    written = {name for name, text in rows(r"\| `make ([a-z-]+)` \| (.{15,}) \|")}
    assert written == make_targets()


def test_make_help_lists_every_target() -> None:
    assert set(re.findall(r'@echo "make ([a-z-]+)', MAKEFILE)) == make_targets() - {"help"}


def test_the_exit_codes_of_the_readme_are_those_of_the_program() -> None:
    written = {int(code): meaning for code, meaning in rows(r"\| (\d+) \| (.+) \|")}
    assert written == {int(code): meaning for code, meaning in MEANINGS.items()}


def test_ci_runs_the_test_command_of_the_readme() -> None:
    blocks = re.findall(r"To check that everything works here:\n\n```sh\n(.*)\n```", README)
    last_line = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert blocks == [last_line] == ["make test"]


def test_make_test_is_ruff_mypy_import_contracts_and_pytest() -> None:
    recipe = re.search(r"^test:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    steps = [line.strip().removeprefix("$(BIN)/") for line in recipe[1].splitlines()] if recipe else []
    assert [step.split(" -n ")[0] for step in steps] == [
        "ruff check .",
        "ruff format --check .",
        "mypy --strict",
        "lint-imports",
        "pytest",
    ]


def test_every_folder_of_the_tree_is_explained() -> None:
    for folder in ("topologies", "workloads", "simulator", "reports", "cli", "tests"):
        assert f"| `{folder}/` |" in README
