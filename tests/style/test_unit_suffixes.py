"""A name with a dimension carries its unit; arithmetic of units lives in topologies/units.py only."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.style.source import FunctionNode, functions, parameters, product_files, relative, tree

SUFFIX_OF_TYPE = {
    "Bytes": r"_bytes",
    "BytesOrZero": r"_bytes",
    "BytesPerS": r"_bytes_per_s",
    "Seconds": r"_s",
    "SecondsOrZero": r"_s",
    "FlopPerS": r"_flop_per_s",
    "Usd": r"_usd(_per_\w+)?",
    "UsdOrZero": r"_usd(_per_\w+)?",
    "UsdPerS": r"_usd_per_s",
    "Watts": r"_w",
    "RequestsPerS": r"_per_s",
    "Hertz": r"_hz",
    "Share": r"(_ratio|_share|spread|tolerance)",
}
"""Type of a field read from YAML -> how its name ends."""

UNITS = (
    "s",
    "seconds",
    "bytes",
    "flop",
    "usd",
    "w",
    "hz",
    "ratio",
    "share",
    "variation",
    "tokens",
    "hours",
    r"per_[a-z]+(_[a-z]+)*",
)
"""Endings that say what a number is counted in; a variation is a standard deviation over its mean."""
SUFFIXED = re.compile(rf"(^|_)({'|'.join(UNITS)})$")
DIMENSION = re.compile(
    r"(^|_)(time|times|seconds|duration|latency|delay|bandwidth|size|volume|traffic|memory|cost|price|power|energy"
    r"|rate|throughput|speed|frequency|clock|flops|gb|gib|mb|us|ms|ns|milliseconds|microseconds)(_|$)"
)
FLOATS = re.compile(r"\b(float|floating\[.*\]|float64|float32|NDArray\[np\.float64\])\b")
MAGIC = {1e9, 1e12, 1e15, 1e18, 1024, 1024**2, 1024**3, 1024**4, 3600, 86400}
POWERS = {
    (base, n) for base, ns in ((2, (10, 20, 30, 40, 50)), (10, (3, 6, 9, 12, 15)), (1024, (1, 2, 3, 4))) for n in ns
}
FACTORS = {8, 1e6}
"""Bits of a byte, and a million: a prefix where it multiplies, a plain number (a RoPE base, say) elsewhere."""


def names_and_types(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names a statement annotates, with the annotation as text; a function counts with what it returns."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, ast.unparse(node.annotation)
    if isinstance(node, FunctionNode):
        if node.returns is not None:
            yield node.name, ast.unparse(node.returns)
        for argument in parameters(node):
            yield argument.arg, ast.unparse(argument.annotation) if argument.annotation else ""


def imports_unit(path: Path, unit: str) -> bool:
    """True if a file's name for a type of topologies/units.py means that type."""
    if relative(path) == "topologies/units.py":
        return True
    imports = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)]
    return any(node.module == "topologies.units" and unit in [name.name for name in node.names] for node in imports)


def test_a_field_with_a_unit_type_ends_in_the_suffix_of_that_unit() -> None:
    wrong = [
        f"{relative(path)}:{getattr(node, 'lineno', 0)} {name}: {kind}"
        for path in product_files()
        for node in ast.walk(tree(path))
        for name, kind in names_and_types(node)
        for unit, suffix in SUFFIX_OF_TYPE.items()
        if re.search(rf"(^|[^.\w]|units\.){unit}($|[^\w\[])", kind) and not re.search(rf"{suffix}$", f"_{name}")
        if imports_unit(path, unit)
    ]
    assert not wrong


def test_a_float_named_after_a_dimension_carries_its_unit() -> None:
    wrong = [
        f"{relative(path)}:{getattr(node, 'lineno', 0)} {name}: {kind}"
        for path in product_files()
        for node in ast.walk(tree(path))
        for name, kind in names_and_types(node)
        if FLOATS.search(kind) and not kind.startswith("tuple") and DIMENSION.search(name) and not SUFFIXED.search(name)
    ]
    assert not wrong


def test_no_name_carries_another_unit_than_si() -> None:
    other = re.compile(r"_(ms|us|ns|gb|gib|mb|gbps|tflops|gflops|kwh|ghz|mhz)$", re.IGNORECASE)
    wrong = [
        f"{relative(path)}:{getattr(node, 'lineno', 0)} {name}"
        for path in product_files()
        if relative(path) != "topologies/units.py"
        for node in ast.walk(tree(path))
        for name, kind in names_and_types(node)
        if other.search(name) and FLOATS.search(kind)
    ]
    assert not wrong


def number(node: ast.AST) -> float | None:
    """Value of a plain number, None for all else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value is not True:
        return float(node.value)
    return None


def magic(node: ast.AST) -> bool:
    """True for a power of ten or two that turns units, and for a factor of eight bits."""
    if not isinstance(node, ast.BinOp):
        return number(node) in MAGIC
    left, right = number(node.left), number(node.right)
    if isinstance(node.op, ast.Pow):
        return (left, right) in POWERS
    return isinstance(node.op, ast.Mult | ast.Div) and bool(FACTORS & {left, right})


def test_unit_arithmetic_lives_in_units_only() -> None:
    found = [
        f"{relative(path)}:{getattr(node, 'lineno', 0)} {ast.unparse(node)}"
        for path in product_files()
        if relative(path) != "topologies/units.py"
        for node in ast.walk(tree(path))
        if magic(node)
    ]
    assert not found


def test_no_function_is_named_after_a_dimension_without_its_unit() -> None:
    wrong = [
        function.where
        for path in product_files()
        for function in functions(path)
        if function.node.returns is not None
        and ast.unparse(function.node.returns) == "float"
        and DIMENSION.search(function.name)
        and not SUFFIXED.search(function.name)
    ]
    assert not wrong
