"""Every module, public class and public function says what it is, and every function what it returns."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.style.source import classes, files_of_tests, functions, product_files, relative, tree

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
SHORTEST = 12
"""Characters: less is no sentence."""


def flaws(where: str, node: Documented) -> Iterator[str]:
    """What is wrong with the docstring of a node."""
    text = ast.get_docstring(node)
    first = text.splitlines()[0] if text else ""
    if len(first) < SHORTEST:
        yield f"{where}: the docstring's first line says too little: {first!r}"
    elif text and len(text.splitlines()) > 1 and text.splitlines()[1].strip():
        yield f"{where}: the docstring's first line must stand alone"


def test_the_first_line_of_every_file_says_what_it_holds() -> None:
    assert not [flaw for path in [*product_files(), *files_of_tests()] for flaw in flaws(relative(path), tree(path))]


def test_every_public_class_has_a_docstring() -> None:
    found = [
        flaw
        for path in product_files()
        for where, node in classes(path)
        if not node.name.startswith("_")
        for flaw in flaws(where, node)
    ]
    assert not found


def test_every_public_function_has_a_docstring() -> None:
    found = [
        flaw
        for path in product_files()
        for function in functions(path)
        if function.public
        for flaw in flaws(function.where, function.node)
    ]
    assert not found


def test_every_function_says_what_it_returns() -> None:
    silent = [
        function.where
        for path in [*product_files(), *files_of_tests()]
        for function in functions(path)
        if function.node.returns is None
    ]
    assert not silent
