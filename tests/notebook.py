"""Runs a notebook cell by cell as Jupyter would, without it, and reads the figures that its text quotes."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

NUMBER = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])")
LOOKED_UP = re.compile(r"`[^`]*`|arXiv \d+\.\d+(, (?:Table|section) [\d.]*\d)?")
"""Code and citations, whose numbers are no figures."""


class Quoted(NamedTuple):
    """A number of the text, and the expression that gives it when the notebook has run."""

    text: str
    expression: str

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text.replace(",", ""))

    @property
    def half_digit(self) -> float:
        """Half of what its last digit counts."""
        return 0.5 * 10.0 ** -len(self.text.partition(".")[2])


class Ran(NamedTuple):
    """A notebook that has run: its names, and what each cell of code showed last."""

    names: dict[str, Any]
    shown: list[object]


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    """Cells of one kind."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def run(path: Path) -> Ran:
    """Run every cell of code in a fresh namespace; the last expression of each is what it shows."""
    names: dict[str, Any] = {"__name__": "__main__"}
    return Ran(names, [_cell("".join(cell["source"]), names) for cell in cells(path, "code")])


def _cell(source: str, names: dict[str, Any]) -> object:
    """Run one cell; return its last expression's value, None where it ends with a statement."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if isinstance(last, ast.Expr) else None


def quoted(path: Path) -> list[Quoted]:
    """Every number in the text, in order, with its expression. Raises ValueError where one has none."""
    found = []
    for cell in cells(path, "markdown"):
        numbers = NUMBER.findall(LOOKED_UP.sub("", "".join(cell["source"])))
        found += [Quoted(*both) for both in zip(numbers, cell["metadata"].get("figures", ()), strict=True)]
    return found
