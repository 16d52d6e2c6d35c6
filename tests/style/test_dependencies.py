"""What the product imports is what an installation brings, no more and no less."""

from __future__ import annotations

import ast
import re
import sys
import tomllib

from tests.style.source import ROOMS, ROOT, product_files, tree

BRINGS = {"ruamel.yaml": {"ruamel"}, "pydantic": {"pydantic", "pydantic_core"}}
"""Distributions whose import name is another, or that bring several."""


def declared() -> set[str]:
    """Import names of the dependencies in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in project["dependencies"]]
    return {module for name in names for module in BRINGS.get(name, {name})}


def imported() -> set[str]:
    """Top-level modules of others that the product imports anywhere, functions included."""
    modules = set()
    for path in product_files():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    return modules - set(ROOMS) - set(sys.stdlib_module_names)


def test_every_library_that_is_imported_is_declared() -> None:
    assert imported() - declared() == set()


def test_every_library_that_is_declared_is_imported() -> None:
    assert declared() - imported() - {"pydantic_core"} == set()
