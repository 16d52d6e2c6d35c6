"""JSON Schema of what a user may write for a Spec, so that an editor completes names and marks mistakes."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from topologies.catalogue import GROUP_KEY, Catalogue

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BASE = {"type": "string", "description": "Entry of the catalogue to build on; the other fields change it."}

Schema = dict[str, Any]


def json_schema(kind: type[BaseModel], catalogue: Catalogue | None = None) -> Schema:
    """Schema of a Spec's YAML. A catalogue field takes a name, a `base` with changes, or a whole mapping.

    catalogue   its names are offered for completion; other names stay allowed
    """
    schema = kind.model_json_schema(mode="validation")
    definitions: Schema = schema.pop("$defs", {})
    _describe(kind, schema, definitions)
    group = getattr(kind, "group", None)
    if group is not None:
        schema = {"title": schema.get("title"), "anyOf": [schema, _changes(schema)]}
    for part in list(_parts({"root": schema, **definitions})):
        if GROUP_KEY in part:
            _offer(part, definitions, catalogue)
    return {"$schema": DIALECT, **schema, "$defs": definitions}


def _offer(part: Schema, definitions: Schema, catalogue: Catalogue | None) -> None:
    """Replace the mark of a catalogue field by what it takes."""
    group, whole = part.pop(GROUP_KEY), part.pop("whole")
    name = whole.get("$ref", "").rpartition("/")[2]
    known = catalogue.names(group) if catalogue is not None else ()
    names = {"type": "string", "description": f"Name of one of the {group}"}
    offered = [{"enum": list(known), **names}] if known else []
    if name in definitions:
        definitions.setdefault(f"{name}Changes", _changes(definitions[name]))
        whole = {"anyOf": [whole, {"$ref": f"#/$defs/{name}Changes"}]}
    part["anyOf"] = [*offered, names, *whole.get("anyOf", [whole])]


def _changes(whole: Schema) -> Schema:
    """Schema of `base: name` with changes: every field may be there, and parts of mappings too."""
    fields = {name: _loose(field) for name, field in whole.get("properties", {}).items()}
    return {
        "type": "object",
        "title": f"changes of {whole.get('title', 'an entry')}",
        "properties": {"base": _BASE, **fields},
        "required": ["base"],
        "additionalProperties": False,
    }


def _loose(field: Schema) -> Schema:
    """A field as it is, or, where it is a mapping, any part of it."""
    is_mapping = "$ref" in field or field.get("type") == "object" or GROUP_KEY in field
    return {"anyOf": [dict(field), {"type": "object"}]} if is_mapping else dict(field)


def _parts(node: object) -> Iterator[Schema]:
    """Every mapping of a schema, the inner ones first."""
    values = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else ()
    for value in values:
        yield from _parts(value)
    if isinstance(node, dict):
        yield node


def _describe(kind: type[BaseModel], schema: Schema, definitions: Schema) -> None:
    """Put the documentation of fields beside them, for the class and everything defined for it."""
    by_name = {found.__name__: found for found in _subclasses(BaseModel)}
    for name, part in ((kind.__name__, schema), *definitions.items()):
        found = kind if part is schema else by_name.get(name)
        for field, text in (documentation(found) if found is not None else {}).items():
            if field in part.get("properties", {}):
                part["properties"][field].setdefault("description", text)


def _subclasses(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every class below a class."""
    for below in kind.__subclasses__():
        yield below
        yield from _subclasses(below)


def documentation(kind: type[BaseModel]) -> Mapping[str, str]:
    """Text that stands under each field in the source of a class and its bases."""
    found: dict[str, str] = {}
    for owner in reversed(kind.__mro__):
        if owner is BaseModel or not issubclass(owner, BaseModel):
            continue
        try:
            body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
        except (OSError, TypeError, SyntaxError):
            continue
        lines = body.body if isinstance(body, ast.ClassDef) else []
        for field, text in pairwise(lines):
            name = ast.unparse(field.target) if isinstance(field, ast.AnnAssign) else ""
            if name and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                found[name] = inspect.cleandoc(str(text.value.value)).replace("\n", " ")
    return found
