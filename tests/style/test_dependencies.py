"""What the product imports is what an installation brings, no more and no less."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

from tests.style.source import ROOMS, ROOT, product_files, tree

BRINGS = {"ruamel.yaml": {"ruamel"}, "protobuf": {"google"}, "pydantic": {"pydantic", "pydantic_core"}}
"""Distributions whose import name is another, or that bring several."""


UNNAMED = {"pydantic_core", "pyarrow"}
"""Brought by a library of the product, which imports them for it."""


def declared(extras: bool) -> set[str]:
    """Import names of the dependencies in pyproject.toml, with those of extras or without."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    more = [one for extra in project["optional-dependencies"].values() for one in extra] if extras else []
    names = [re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in [*project["dependencies"], *more]]
    return {module for name in names for module in BRINGS.get(name, {name})}


def at_import(path: Path) -> set[str]:
    """Top-level modules that a file imports outside of functions, hints for type checkers left out."""
    plain = [node for node in tree(path).body if isinstance(node, ast.Import | ast.ImportFrom)]
    named = [alias.name for node in plain if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module for node in plain if isinstance(node, ast.ImportFrom) and node.module]
    return {name.split(".")[0] for name in named}


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
    assert imported() - declared(extras=True) == set()


def test_every_library_that_is_declared_is_imported() -> None:
    assert declared(extras=True) - imported() - UNNAMED == set()


def test_a_library_of_an_extra_is_imported_inside_of_functions_only() -> None:
    extra = declared(extras=True) - declared(extras=False)
    assert {module for path in product_files() for module in at_import(path)} & extra == set()
