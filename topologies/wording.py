"""Validation errors in the user's words: what was read, what is allowed, what was probably meant."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from topologies.discovery import Discovered
from topologies.nodes import Broken, Items, Node, Scalar, Table, text_at
from topologies.problems import Mark, Problem, listed, meant, shown
from topologies.resolving import Shape

_ODD_NUMBER = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|[0-9][0-9_]*(\.[0-9_]*)?)")
_WHOLE = "a whole number"
_NUMBER = "a number"


def _bound(sign: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda context: f"it must be {sign} {next(iter(context.values()), '')}"


_SAID: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "int_type": f"write {_WHOLE}",
    "int_parsing": f"write {_WHOLE}",
    "int_from_float": f"write {_WHOLE}",
    "int_parsing_size": f"write {_WHOLE}",
    "float_type": f"write {_NUMBER}",
    "float_parsing": f"write {_NUMBER}",
    "finite_number": "write a finite number",
    "string_type": "write text; put it in quotes if it reads as a number",
    "string_too_short": "it must not be empty",
    "string_too_long": "it is too long",
    "string_pattern_mismatch": "it has characters that are not allowed here",
    "string_unicode": "it has characters that are no text",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "none_required": "leave it out, or write null",
    "dict_type": "write a mapping (`name: value` lines)",
    "mapping_type": "write a mapping (`name: value` lines)",
    "model_type": "write a mapping (`name: value` lines)",
    "model_attributes_type": "write a mapping (`name: value` lines)",
    "tuple_type": "write a list (`[a, b]`, or `- a` lines)",
    "list_type": "write a list (`[a, b]`, or `- a` lines)",
    "too_short": lambda c: f"it must have at least {c.get('min_length')} entries",
    "too_long": lambda c: f"it must have at most {c.get('max_length')} entries",
    "invalid_key": "a field's name is text; put it in quotes",
    "greater_than": _bound("more than"),
    "greater_than_equal": _bound("at least"),
    "less_than": _bound("less than"),
    "less_than_equal": _bound("at most"),
    "literal_error": lambda c: f"allowed: {c.get('expected')}",
    "enum": lambda c: f"allowed: {c.get('expected')}",
}
_OWN = frozenset({"quantity", "catalogue", "kind", "mapping"})


def problems_of(error: ValidationError, root: Node, shape: Shape) -> list[Problem]:
    """Every error as a Problem at its place in the tree; errors of values already reported are left out."""
    found: dict[tuple[Mark, str], Problem] = {}
    for details in error.errors(include_url=False):
        if isinstance(details["input"], Broken):
            continue
        spot = _Spot.find(root, shape, details["loc"])
        problem = Problem.at(spot.mark, spot.path, _message(details, spot))
        found.setdefault((spot.mark, spot.path), problem)
    return list(found.values())


class _Spot:
    """Where an error's location leads in the tree, and which class expects the value."""

    def __init__(self, mark: Mark, path: str, owner: type[BaseModel] | None, key: object) -> None:
        self.mark, self.path, self.owner, self.key = mark, path, owner, key

    @classmethod
    def find(cls, root: Node, shape: Shape, location: Sequence[int | str]) -> "_Spot":
        """Follow a location; parts of it that name no entry (a union's branch) are passed over."""
        node, mark, names = root, root.mark, []
        owner: type[BaseModel] | None = shape.spec()
        for position, part in enumerate(location):
            owner = _owner(node, shape)
            last = position == len(location) - 1
            if isinstance(node, Table) and part in node.entries:
                entry = node.entries[part]
                mark, node = (entry.mark if isinstance(entry.node, Table) else entry.node.mark), entry.node
            elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
                mark = node.mark
            elif not (last and isinstance(node, Table)):
                continue
            names.append(str(part))
            shape = _inner(owner, shape, part)
        return cls(mark, ".".join(names), owner, location[-1] if location else None)


def _owner(node: Node, shape: Shape) -> type[BaseModel] | None:
    """Class that a mapping should become."""
    base, found = shape.spec(), shape.mark(Discovered)
    if base is None or found is None:
        return base
    chosen: type[BaseModel] | None = found.classes(base).get(text_at(node, "kind") or "")
    return chosen


def _inner(owner: type[BaseModel] | None, shape: Shape, part: int | str) -> Shape:
    """Shape of what stands under a part of the location."""
    if owner is None:
        return shape.inside()
    info = owner.model_fields.get(str(part))
    return Shape.of_field(info) if info is not None else Shape(object)


def _message(details: Mapping[str, Any], spot: _Spot) -> str:
    """One error in plain words."""
    kind, context, read = details["type"], details.get("ctx") or {}, details["input"]
    if kind in _OWN:
        return str(details["msg"])
    if kind == "missing":
        return f"`{spot.key}` is missing" + _hint(spot)
    if kind == "extra_forbidden":
        known = list(spot.owner.model_fields) if spot.owner else []
        return f"unknown field{meant(str(spot.key), known)}; known are: {listed(known, 30)}"
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", "this value is not allowed"))
    said = _SAID.get(kind, "this value is not allowed here")
    words = said if isinstance(said, str) else said(context)
    return f"read {shown(read)}; {words}{_closer(kind, context, read)}"


def _hint(spot: _Spot) -> str:
    """What a missing field is, from its description."""
    info = spot.owner.model_fields.get(str(spot.key)) if spot.owner else None
    return f": {info.description}" if info is not None and info.description else ""


def _closer(kind: str, context: Mapping[str, Any], read: object) -> str:
    """The nearest allowed word, or the plain spelling of a number."""
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", str(context.get("expected")))
        return meant(str(read), allowed)
    if kind in ("int_type", "float_type") and isinstance(read, str) and _ODD_NUMBER.fullmatch(read):
        return f" in plain digits, `{_decimal(read)}`"
    return ""


def _decimal(text: str) -> str:
    """`1_000`, `0x1f` and `0o17` in plain digits."""
    bare = text.replace("_", "")
    prefix = bare.lstrip("+-")[:2].lower()
    if prefix in ("0x", "0o"):
        return str(int(bare, 0))
    return bare.lstrip("0") or "0"


def broken(node: Node) -> bool:
    """True when a value was already reported."""
    return isinstance(node, Scalar) and isinstance(node.value, Broken)
