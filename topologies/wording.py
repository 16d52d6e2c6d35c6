"""Validation errors in the user's words: what was read, what is allowed, what was probably meant."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from topologies import scalars, units
from topologies.catalogue import FromCatalogue
from topologies.discovery import Discovered
from topologies.nodes import Broken, Items, Node, Table
from topologies.problems import FieldErrors, Mark, Problem, join, listed, meant, shown
from topologies.resolving import Shape, owner
from topologies.units import Quantity

_WHOLE = "write a whole number"
_NUMBER = "write a number"
_MAPPING = "write a mapping (`name: value` lines)"
_LIST = "write a list (`[a, b]`, or lines that start with `- `)"
_TRUTH = "write true or false"


def _bound(words: str) -> Callable[[Mapping[str, Any]], str]:
    """Words for a limit that the error's context holds under its only name."""
    return lambda context: f"it must be {words} {next(iter(context.values()), '')}"


_SAID: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "write a finite number",
    "string_type": "write text; put it in quotes if it reads as a number",
    "string_too_short": lambda c: (
        "it must not be empty" if c["min_length"] == 1 else f"it needs {c['min_length']} letters"
    ),
    "string_too_long": lambda c: f"it must have at most {c['max_length']} letters",
    "string_pattern_mismatch": lambda c: f"it must look like {c['pattern']}",
    "string_unicode": "it has characters that are no text",
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "none_required": "leave it out, or write null",
    "dict_type": _MAPPING,
    "mapping_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "too_short": lambda c: f"it must have at least {c['min_length']} entries, not {c['actual_length']}",
    "too_long": lambda c: f"it must have at most {c['max_length']} entries, not {c['actual_length']}",
    "greater_than": _bound("more than"),
    "greater_than_equal": _bound("at least"),
    "less_than": _bound("less than"),
    "less_than_equal": _bound("at most"),
    "multiple_of": _bound("a multiple of"),
    "literal_error": lambda c: f"allowed: {_allowed(c)}",
    "enum": lambda c: f"allowed: {_allowed(c)}",
}
"""Type of a validation error -> what to write instead."""
_AT_THE_KEY = frozenset({"extra_forbidden", "invalid_key"})
"""Types of error that are about the name of a field, not its value."""
_OWN = frozenset({"quantity", "catalogue", "kind", "mapping"})
"""Types of error that this package raises, with a message of its own."""


def problems_of(error: ValidationError, root: Node, shape: Shape) -> list[Problem]:
    """Every error as a Problem at its place in the tree; errors of values already reported are left out."""
    found: dict[tuple[Mark, str], Problem] = {}
    for details in error.errors(include_url=False):
        if isinstance(details["input"], Broken) and details["type"] not in _AT_THE_KEY:
            continue
        for location, said in _split(details):
            spot = find(root, shape, location)
            message = _message(details, spot) if said is None else said
            mark = spot.key if details["type"] in _AT_THE_KEY or "[key]" in location else spot.mark
            found.setdefault((mark, spot.path), Problem.at(mark, spot.path, message))
    return list(found.values())


def _split(details: Mapping[str, Any]) -> Iterator[tuple[Sequence[int | str], str | None]]:
    """Location and message; several where a Spec's own check found several fields wrong."""
    location = tuple(details["loc"])
    raised = (details.get("ctx") or {}).get("error")
    if isinstance(raised, FieldErrors):
        for field, message in raised.found:
            yield (*location, *(int(part) if part.isdigit() else part for part in field.split(".") if part)), message
    else:
        yield (*location, "kind") if details["type"] == "kind" else location, None


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an error's location leads: its place and that of its key, its dotted path, and its class and name there."""

    mark: Mark
    key: Mark
    path: str
    owner: type[BaseModel] | None
    name: str


def find(root: Node, shape: Shape, location: Sequence[int | str]) -> Spot:
    """Follow a location through the tree; parts that name no entry (a union's branch) are passed over.

    A name that is absent, at the end of the location, is a field that is missing: it is placed at its mapping.
    """
    node, mark, key, path = root, root.mark, root.mark, ""
    holder = owner(node, shape)
    for place, part in enumerate(location):
        holder = owner(node, shape)
        absent = place == len(location) - 1 and isinstance(node, Table) and part != "[key]"
        if isinstance(node, Table) and part in node.entries:
            entry = node.entries[part]
            key, node = entry.mark, entry.node
            mark = key if isinstance(node, Table) else node.mark
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            mark = node.mark
        elif not absent:
            continue
        path = join(path, part)
        shape = shape.at(part, holder)
    return Spot(mark, key, path, holder, str(location[-1]) if location else "")


def _message(details: Mapping[str, Any], spot: Spot) -> str:
    """One error in plain words."""
    kind, context, read = details["type"], details.get("ctx") or {}, details["input"]
    if kind in _OWN:
        return str(details["msg"])
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", "this value is not allowed"))
    known = list(spot.owner.model_fields) if spot.owner else []
    if kind == "missing":
        return "missing" + _example(spot)
    if kind in _AT_THE_KEY:
        return f"unknown field{meant(spot.name, known)}; known are: {listed(known, 30)}"
    said = _SAID.get(kind, "this value is not allowed here")
    words = said if isinstance(said, str) else said(context)
    return f"read {shown(read)}; {words}{_closer(kind, context, read)}"


def _example(spot: Spot) -> str:
    """What could stand in a missing field."""
    info = spot.owner.model_fields.get(spot.name) if spot.owner else None
    if info is None:
        return ""
    shape = Shape.of_field(info)
    marks = {type(mark): mark for mark in shape.marks}
    if Quantity in marks:
        return f"; write for example `{spot.name}: {units.example(marks[Quantity].unit)}`"
    if FromCatalogue in marks:
        return f"; write the name of one of the {marks[FromCatalogue].group}"
    if Discovered in marks:
        return f"; write a mapping with `kind:` {listed(sorted(marks[Discovered].classes(shape.annotation)))}"
    return _EXAMPLE.get(shape.annotation, "")


_EXAMPLE = {int: f"; {_WHOLE}", float: f"; {_NUMBER}", bool: f"; {_TRUTH}", str: "; write text"}


def _allowed(context: Mapping[str, Any]) -> str:
    """Allowed words without quotes: `a, b or c`."""
    return str(context.get("expected")).replace("'", "")


def _closer(kind: str, context: Mapping[str, Any], read: object) -> str:
    """The nearest allowed word, or the plain spelling of a number."""
    if kind in ("literal_error", "enum"):
        return meant(str(read), re.findall(r"'([^']*)'", str(context.get("expected"))))
    digits = scalars.plain_digits(read) if kind in ("int_type", "float_type") and isinstance(read, str) else None
    return f" in plain digits, `{digits}`" if digits is not None else ""
