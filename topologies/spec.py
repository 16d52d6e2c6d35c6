"""Base of everything read from YAML: frozen, refuses unknown fields, and errors that point to a line."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from topologies.catalogue import Catalogue, FromCatalogue
from topologies.changing import CHANGES, changed
from topologies.nodes import Node, Scalar, Table, from_plain, plain
from topologies.problems import InvalidInput, Mark, Problem
from topologies.reading import Reading, read_file, read_text
from topologies.resolving import Resolver, Shape
from topologies.units import AS_TEXT
from topologies.wording import problems_of
from topologies.writing import to_yaml

__all__ = ["InvalidInput", "Mark", "Problem", "Spec", "digest", "dump", "load", "load_entry", "loads"]

S = TypeVar("S", bound="Spec")


class Spec(BaseModel):
    """A value that a user may write. Frozen; unknown fields, wrong types and bare numbers are refused.

    Built from python, quantities may be SI floats; read from a file they carry their unit as text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def with_changes(self, changes: Mapping[str, object], catalogue: Catalogue | None = None) -> Self:
        """Another value with dotted paths set, checked again. Values are as in YAML (`400 Gb/s`, names, mappings).

        A new `kind` keeps the fields that the new kind knows. Raises InvalidInput, naming the path and the nearest one.
        """
        resolver = Resolver(catalogue if catalogue is not None else Catalogue())
        tree = from_plain(written(self), CHANGES)
        return _checked(changed(tree, changes, Shape(type(self)), resolver), type(self), resolver.problems)


def load(path: Path | str, kind: type[S], catalogue: Catalogue | None = None) -> S:
    """Read a Spec from a YAML file. Raises InvalidInput with every problem of the file at once."""
    return validated(read_file(Path(path)), kind, catalogue)


def loads(text: str, kind: type[S], catalogue: Catalogue | None = None, name: str = "<text>") -> S:
    """Read a Spec from YAML text; `name` stands for the file in messages. Raises InvalidInput."""
    return validated(read_text(text, name), kind, catalogue)


def load_entry(group: str, name: str, kind: type[S], catalogue: Catalogue) -> S:
    """Read an entry of the catalogue by name. Raises InvalidInput, for an unknown name with the nearest one."""
    resolver = Resolver(catalogue)
    root, within = resolver.named(Scalar(Mark("catalogue"), name, name), group, "", ())
    root = resolver.resolve(root, Shape(kind), "", within)
    return _checked(root, kind, resolver.problems)


def dump(spec: Spec) -> str:
    """YAML of a Spec with every field, quantities with their units, catalogue entries inlined."""
    return to_yaml(written(spec))


def written(spec: BaseModel) -> dict[str, object]:
    """A Spec as plain data in the user's form: quantities as text with their unit, catalogue entries inlined."""
    return spec.model_dump(mode="python", context=AS_TEXT)


def digest(spec: Spec) -> str:
    """SHA-256 of a Spec's canonical JSON (SI values, sorted names): equal values, equal digests."""
    data = json.dumps(spec.model_dump(mode="python"), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(data.encode()).hexdigest()


def validated(reading: Reading, kind: type[S], catalogue: Catalogue | None) -> S:
    """Resolve names and check a tree. Raises InvalidInput."""
    resolver = Resolver(catalogue if catalogue is not None else Catalogue())
    group = getattr(kind, "group", None)
    marks = (FromCatalogue(group),) if group and isinstance(reading.root, Table) else ()
    root = resolver.resolve(reading.root, Shape(kind, marks))
    return _checked(root, kind, [*reading.problems, *resolver.problems])


def _checked(root: Node, kind: type[S], problems: list[Problem]) -> S:
    """The value, or every problem: those found on the way and those of the validation."""
    try:
        value = kind.model_validate(plain(root), context=AS_TEXT)
    except ValidationError as error:
        raise InvalidInput([*problems, *problems_of(error, root, Shape(kind))]) from None
    if problems:
        raise InvalidInput(problems)
    return value
