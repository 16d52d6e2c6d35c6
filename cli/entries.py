"""One entry of the catalogue as text or JSON: each value with unit, basis and source."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cli.columns import aligned
from cli.groups import entry_kinds

if TYPE_CHECKING:
    from topologies.catalogue import Catalogue
    from topologies.hardware import Entry

TOLD_ABOVE = {"name", "title", "sources", "notes"}


def entry_text(known: Catalogue, group: str, name: str) -> str:
    """Title, file, every value with basis and source, notes. Raises InvalidInput."""
    entry = read(known, group, name)
    origin = known.origin(group, name)
    head = [f"{entry.name}: {entry.title}"]
    if origin is not None:
        head.append(f"from {origin.path} ({origin.label})")
        head += [f"hides {path}" for path in origin.hides]
    values = aligned([value_row(entry, *value) for value in values_of(entry)], ("field", "value", "basis", "source"))
    parts = ["\n".join(head), values, entry.notes.strip(), figures_text(entry)]
    return "\n\n".join(part for part in parts if part)


def entry_json(known: Catalogue, group: str, name: str) -> str:
    """The entry with its sources as JSON, quantities as text with their unit. Raises InvalidInput."""
    from topologies.spec import written

    entry = read(known, group, name)
    origin = known.origin(group, name)
    told = {"group": group, "from": str(origin.path) if origin else None, "entry": written(entry)}
    return json.dumps(told | figures_of(entry), indent=2, ensure_ascii=False)


def read(known: Catalogue, group: str, name: str) -> Entry:
    """Read the entry, or the model that a config.json describes. Raises InvalidInput, with the nearest name."""
    from topologies.spec import load_entry

    if group == "models" and name.endswith(".json"):
        from workloads.huggingface.model import read_model

        return read_model(Path(name))
    return load_entry(group, name, entry_kinds()[group], known)


def values_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """Dotted path and text of every value; an entry inside this one is named, not spelled out."""
    from topologies.hardware import Entry
    from topologies.spec import written

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
            yield from leaves(f"{path}.{key}", inner)
    elif isinstance(value, list | tuple):
        yield path, ", ".join(str(item) for item in value)
    else:
        yield path, scalar(value)


def scalar(value: object) -> str:
    """One value as YAML writes it; `-` for none."""
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)


def value_row(entry: Entry, path: str, text: str) -> list[str]:
    """One line of the table."""
    told = entry.provenance(path)
    if told is None:
        return [path, text, "", ""]
    spread = f" (\N{PLUS-MINUS SIGN} {told.spread:.0%})" if told.spread else ""
    return [path, text + spread, told.basis, told.source]


def figures_text(entry: Entry) -> str:
    """What follows from the entry, where something is computed for its kind; empty for the rest."""
    from workloads.model import ModelSpec

    if not isinstance(entry, ModelSpec):
        return ""
    from cli.model_figures import as_text

    return as_text(entry)


def figures_of(entry: Entry) -> dict[str, object]:
    """The same for programs."""
    from workloads.model import ModelSpec

    if not isinstance(entry, ModelSpec):
        return {}
    from cli.model_figures import as_data

    return {"counts": as_data(entry)}
