"""The catalogue as rows: what can be named, what one entry holds and from where, what a plug-in is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from topologies.catalogue import Catalogue
from topologies.hardware import Entry
from topologies.nodes import plain
from topologies.problems import InvalidInput, Problem, meant
from topologies.reading import read_file
from topologies.schema import documentation
from topologies.spec import load_entry, written
from workloads.groups import entry_kinds, plugin_kinds
from workloads.huggingface.model import read_model
from workloads.scenario import FOLDER

FILES = ("scenarios", "services", "sweeps", "questions")
"""Groups of files that ship to be run, not to be named by others."""
LISTED = ("group", "name", "title", "from")
VALUES = ("field", "value", "basis", "source")
ASKED = ("field", "default", "meaning")
TOLD_ABOVE = {"name", "title", "sources", "notes"}


def listing(known: Catalogue, only: str | None) -> list[list[str]]:
    """Every entry, plug-in and shipped file, or those of one group: LISTED."""
    rows = [row for group in entry_kinds() if only in (None, group) for row in _entries(known, group)]
    rows += [
        [group, kind, _first_line(spec), f"{spec.__module__.replace('.', '/')}.py"]
        for group, kinds in plugin_kinds().items()
        if only in (None, group)
        for kind, spec in kinds.items()
    ]
    return rows + [row for group in FILES if only in (None, group) for row in _files(group)]


def _files(group: str) -> list[list[str]]:
    """One row a shipped file."""
    rows = []
    for path in sorted((FOLDER / group).glob("*.yaml")):
        told = plain(read_file(path).root)
        rows.append([group, path.stem, str(told.get("title", "")) if isinstance(told, dict) else "", "built-in"])
    return rows


def _entries(known: Catalogue, group: str) -> list[list[str]]:
    """One row an entry of a group; an entry that cannot be read says so and hides no other."""
    rows = []
    for name in known.names(group):
        try:
            title = load_entry(group, name, entry_kinds()[group], known).title
        except InvalidInput as refused:
            title = f"cannot be read: {refused.problems[0].message}"
        origin = known.origin(group, name)
        rows.append([group, name, title, origin.label if origin else ""])
    return rows


def _first_line(spec: type[object]) -> str:
    """First line of a class's docstring."""
    return (spec.__doc__ or "").strip().splitlines()[0]


def read(known: Catalogue, group: str, name: str) -> Entry:
    """Read an entry, or the model that a config.json describes. Raises InvalidInput, with the nearest name."""
    if group == "models" and name.endswith(".json"):
        return read_model(Path(name))
    return load_entry(group, name, entry_kinds()[group], known)


def values(entry: Entry) -> list[list[str]]:
    """Every value of an entry with its spread, basis and source: VALUES."""
    return [_value(entry, path, text) for path, text in _values_of(entry)]


def _values_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """Dotted path and text of every value; an entry inside this one is named, not spelled out."""
    for field, value in written(entry).items():
        inner = getattr(entry, field)
        if field in TOLD_ABOVE:
            continue
        if isinstance(inner, Entry):
            yield field, inner.name
        else:
            yield from leaves(field, value)


def leaves(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Dotted path and text of every value in a mapping or list."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(f"{path}.{key}".removeprefix("."), inner)
    elif isinstance(value, list | tuple):
        yield path, ", ".join(str(item) for item in value)
    else:
        yield path, _scalar(value)


def _scalar(value: object) -> str:
    """One value as YAML writes it; `-` for none."""
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(entry: Entry, path: str, text: str) -> list[str]:
    """One value."""
    told = entry.provenance(path)
    if told is None:
        return [path, text, "", ""]
    spread = f" (\N{PLUS-MINUS SIGN} {told.spread:.0%})" if told.spread else ""
    return [path, text + spread, told.basis, told.source]


def plugin(group: str, name: str) -> type[BaseModel]:
    """Class of a plug-in. Raises InvalidInput for an unknown one, with the nearest name."""
    kinds = plugin_kinds()[group]
    if name not in kinds:
        why = f"no `{name}` among the {group}{meant(name, kinds)}; there are: {', '.join(kinds)}"
        raise InvalidInput([Problem(name, 0, 0, "", why)])
    return kinds[name]


def asked_of(spec: type[BaseModel]) -> list[list[str]]:
    """The fields that a file gives a plug-in: ASKED."""
    told = documentation(spec)
    return [
        [field, "required" if info.is_required() else f"default {info.default!r}", told.get(field, "")]
        for field, info in spec.model_fields.items()
        if field != "kind"
    ]
