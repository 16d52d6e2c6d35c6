"""One entry of the catalogue as text or JSON: each value with unit, basis and source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cli.columns import aligned

if TYPE_CHECKING:
    from topologies.catalogue import Catalogue
    from topologies.hardware import Entry


def entry_text(known: Catalogue, group: str, name: str) -> str:
    """Title, file, every value with basis and source, notes. Raises InvalidInput."""
    from reports.catalogue_rows import VALUES, read, values

    entry = read(known, group, name)
    origin = known.origin(group, name)
    head = [f"{entry.name}: {entry.title}"]
    if origin is not None:
        head.append(f"from {origin.path} ({origin.label})")
        head += [f"hides {path}" for path in origin.hides]
    parts = ["\n".join(head), aligned(values(entry), VALUES), entry.notes.strip(), figures_text(entry)]
    return "\n\n".join(part for part in parts if part)


def entry_json(known: Catalogue, group: str, name: str) -> str:
    """The entry with its sources as JSON, quantities as text with their unit. Raises InvalidInput."""
    from reports.catalogue_rows import read
    from topologies.spec import written

    entry = read(known, group, name)
    origin = known.origin(group, name)
    told = {"group": group, "from": str(origin.path) if origin else None, "entry": written(entry)}
    return json.dumps(told | figures_of(entry), indent=2, ensure_ascii=False)


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
