"""What the product's code never holds: asserts, prints outside cli/, star imports, unfinished remarks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.style.source import ROOT, files_of_tests, product_files, relative, tree

UNFINISHED = re.compile(r"#.*\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
SUPPRESSION = re.compile(r"#\s*(noqa(?!: )|type: ignore(?!\[)|ruff: noqa|mypy:)")


OF_ONE_MACHINE = ("/wo" + "rk/", "/ro" + "ot/", ".lib" + "rary/", "fa" + "rm-")
"""Paths and names that mean something on one machine only (written apart, so that this file passes)."""


def findings(kind: type[ast.AST]) -> Iterator[str]:
    """Where the product holds a node of this kind."""
    for path in product_files():
        for node in ast.walk(tree(path)):
            if isinstance(node, kind):
                yield f"{relative(path)}:{getattr(node, 'lineno', 0)}"


def test_the_product_checks_with_errors_of_its_own_never_with_assert() -> None:
    assert not list(findings(ast.Assert))


def test_no_global_is_changed() -> None:
    assert not list(findings(ast.Global))


def test_only_the_command_line_prints() -> None:
    prints = [
        f"{relative(path)}:{node.lineno}"
        for path in product_files()
        if not relative(path).startswith("cli/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not prints


def test_no_star_imports() -> None:
    stars = [
        f"{relative(path)}:{node.lineno}"
        for path in [*product_files(), *files_of_tests()]
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]
    assert not stars


@pytest.mark.parametrize("pattern", [UNFINISHED, SUPPRESSION], ids=["unfinished remark", "blanket suppression"])
def test_no_line_holds(pattern: re.Pattern[str]) -> None:
    held = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in [*product_files(), *files_of_tests()]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not held


def test_no_file_speaks_of_the_machine_it_was_written_on() -> None:
    texts = [*product_files(), *files_of_tests(), *ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"]
    texts += [path for room in ("topologies", "workloads") for path in (ROOT / room).rglob("*.yaml")]
    held = [
        relative(path) for path in texts if any(word in path.read_text(encoding="utf-8") for word in OF_ONE_MACHINE)
    ]
    assert not held


def test_the_reference_core_imports_nothing_of_ours() -> None:
    ours = ("topologies", "workloads", "simulator", "reports", "cli", "clustercast")
    foreign = [
        f"{relative(path)}: {name}"
        for path in sorted((ROOT / "workloads" / "reference").rglob("*.py"))
        for node in ast.walk(tree(path))
        for name in imported(node)
        if name.split(".")[0] in ours and not name.startswith("workloads.reference")
    ]
    assert not foreign


def imported(node: ast.AST) -> list[str]:
    """Full names of the modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{'.' * node.level}{node.module or ''}"]
    return []
