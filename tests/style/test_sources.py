"""Every value of the catalogue and every published figure says where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cli.groups import entry_kinds
from tests.style.source import ROOT
from topologies.spec import load
from workloads.observed import FOLDER, Published
from workloads.scenario import catalogue

TOLD = {"name", "title", "notes", "sources", "base"}
BASES = {"published", "measured", "derived", "assumed"}
SHORTEST = 8
"""Characters: less names no place that could be looked up."""
ENTRIES = [
    (group, path)
    for folder in (ROOT / "topologies" / "catalog", ROOT / "workloads")
    for group in entry_kinds()
    for path in sorted((folder / group).glob("*.yaml"))
]
PUBLISHED = sorted(FOLDER.glob("*.yaml"))


def content(path: Path) -> dict[str, Any]:
    """A YAML file as plain data."""
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(path)
    return loaded


def numbers(value: object, path: str) -> Iterator[str]:
    """Dotted path of everything in a value that is a number, with or without a unit."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from numbers(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from numbers(inner, f"{path}.{index}")
    elif isinstance(value, int | float) or (isinstance(value, str) and value[:1].isdigit()):
        yield path


def sourced(path: str, sources: Mapping[str, object]) -> bool:
    """True if the path or a path above it has a source."""
    parts = path.split(".")
    return any(".".join(parts[:length]) in sources for length in range(1, len(parts) + 1))


def test_there_are_entries_in_every_group() -> None:
    assert {group for group, _ in ENTRIES} == set(entry_kinds())


def unsourced(entry: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Dotted path of every number of an entry that its `sources` do not name; entries inside it have their own."""
    sources = entry.get("sources", {})
    for name, value in entry.items():
        if isinstance(value, Mapping) and name not in TOLD and value.keys() & {"base", "sources"}:
            yield from unsourced(value, f"{path}{name}.")
        elif name not in TOLD:
            yield from (path + at for at in numbers(value, name) if not sourced(at, sources))


@pytest.mark.parametrize(("group", "path"), ENTRIES, ids=[f"{group}/{path.stem}" for group, path in ENTRIES])
def test_every_number_of_an_entry_has_a_source(group: str, path: Path) -> None:
    entry = content(path)
    assert not list(unsourced(entry))
    for field, told in entry["sources"].items():
        assert told["basis"] in BASES, (group, field)
        assert len(told["source"]) >= SHORTEST, (group, field)


@pytest.mark.parametrize(("group", "path"), ENTRIES, ids=[f"{group}/{path.stem}" for group, path in ENTRIES])
def test_an_entry_has_the_name_of_its_file_and_loads(group: str, path: Path) -> None:
    entry = load(path, entry_kinds()[group], catalogue())
    assert (entry.name, group) == (path.stem, entry.group)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_a_published_figure_has_source_tolerance_role_and_status(path: Path) -> None:
    for figure in content(path)["figures"]:
        assert set(figure) >= {"what", "metric", "observed", "unit", "source", "tolerance", "role", "status"}
        assert len(figure["source"]) >= SHORTEST
        if figure["status"] == "missed":
            assert figure["reason"] and figure["drift"]
    assert load(path, Published).figures
