"""The product's source as the style tests read it: files, syntax trees, functions, classes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("topologies", "workloads", "simulator", "reports", "cli")
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Function(NamedTuple):
    """A function or method of a file; `public` if no part of its name starts with an underscore."""

    where: str
    name: str
    node: FunctionNode
    public: bool


def product_files() -> list[Path]:
    """Every Python file that is installed."""
    rooms = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return [*rooms, *ROOT.glob("clustercast.py")]


def files_of_tests() -> list[Path]:
    """Every Python file below tests/."""
    return sorted((ROOT / "tests").rglob("*.py"))


def relative(path: Path) -> str:
    """Path from the project's folder, as people write it."""
    return path.relative_to(ROOT).as_posix()


def lines(path: Path) -> int:
    """Number of lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


@cache
def tree(path: Path) -> ast.Module:
    """Syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def classes(path: Path) -> Iterator[tuple[str, ast.ClassDef]]:
    """Each class of a file with where it is."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef):
            yield f"{relative(path)}:{node.lineno} {node.name}", node


def functions(path: Path) -> Iterator[Function]:
    """Each function and method of a file, those inside functions included."""
    yield from _functions(path, tree(path), "", public=True)


def _functions(path: Path, parent: ast.AST, prefix: str, *, public: bool) -> Iterator[Function]:
    for node in ast.iter_child_nodes(parent):
        if not isinstance(node, FunctionNode | ast.ClassDef):
            yield from _functions(path, node, prefix, public=public)
            continue
        name = f"{prefix}{node.name}"
        seen = public and not node.name.startswith("_")
        if isinstance(node, FunctionNode):
            yield Function(f"{relative(path)}:{node.lineno} {name}", node.name, node, seen)
        inner_public = seen and isinstance(node, ast.ClassDef)
        yield from _functions(path, node, f"{name}.", public=inner_public)


def parameters(node: FunctionNode) -> list[ast.arg]:
    """Parameters of a function, positional and keyword, without self and cls."""
    a = node.args
    every = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
    return [arg for arg in every if arg.arg not in {"self", "cls"}]


def is_kernel(node: FunctionNode) -> bool:
    """True for a compiled kernel: a function that numba decorates."""
    names = {ast.unparse(decorator).split("(")[0].split(".")[-1] for decorator in node.decorator_list}
    return bool(names & {"njit", "jit", "vectorize", "guvectorize"})
