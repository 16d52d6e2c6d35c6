"""Every file of the built-in catalogue is named as its entry, says where each value is from, and fits its schema."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from topologies.catalogue import Catalogue, built_in
from topologies.hardware import GROUPS, Entry
from topologies.schema import json_schema
from topologies.spec import load_entry

CATALOGUE = Catalogue(built_in())
ENTRIES = [(group, name) for group in GROUPS for name in CATALOGUE.names(group)]
EXPECTED = {
    "gpus": {"h800", "h100", "h200", "h20", "a100", "b200", "gb200", "gb300"},
    "nics": {"connectx-7", "connectx-8"},
    "switches": {"quantum-2", "quantum-x800", "roce-400g-64", "roce-400g-128"},
    "nodes": {f"{gpu}-node" for gpu in ("h800", "h100", "h200", "h20", "a100", "b200", "gb200", "gb300")},
}


@cache
def validator(kind: type[Entry]) -> jsonschema.Draft202012Validator:
    """Validator of a class's schema, itself checked."""
    schema = json_schema(kind, CATALOGUE)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def content(group: str, name: str) -> Any:
    """What an independent YAML reader finds in an entry's file."""
    path = CATALOGUE.find(group, name)
    assert path is not None
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def test_the_promised_devices_are_there() -> None:
    assert set(GROUPS) == set(CATALOGUE.groups())
    for group, names in EXPECTED.items():
        assert names <= set(CATALOGUE.names(group))


@pytest.mark.parametrize(("group", "name"), ENTRIES)
def test_a_file_is_named_as_its_entry_and_has_a_title(group: str, name: str) -> None:
    entry = load_entry(group, name, GROUPS[group], CATALOGUE)
    assert content(group, name)["name"] == entry.name == name
    assert len(entry.title) > 10


@pytest.mark.parametrize(("group", "name"), ENTRIES)
def test_each_source_says_where_to_look_or_why_it_is_assumed(group: str, name: str) -> None:
    entry = load_entry(group, name, GROUPS[group], CATALOGUE)
    for field, source in entry.sources.items():
        assert len(source.source) >= 12, f"{field}: {source.source}"
        assert source.basis != "assumed" or "set in" not in source.source, field


@pytest.mark.parametrize(("group", "name"), ENTRIES)
def test_an_entry_fits_its_schema(group: str, name: str) -> None:
    assert [error.message for error in validator(GROUPS[group]).iter_errors(content(group, name))] == []


@pytest.mark.parametrize(
    "change",
    [
        {"memory_bytes": 80},
        {"memory_bytes": "80 GB/s"},
        {"hbm": "1 TB/s"},
        {"nvlink_achievable_ratio": 2},
        {"sms": True},
    ],
)
def test_the_schema_refuses_what_the_door_refuses(change: dict[str, Any]) -> None:
    assert not validator(GROUPS["gpus"]).is_valid({**content("gpus", "h800"), **change})
    assert not validator(GROUPS["gpus"]).is_valid({"base": "h800", **change})


def test_the_schema_tells_what_a_field_means() -> None:
    described = json_schema(GROUPS["switches"])["anyOf"][0]["properties"]["latency_s"]
    assert described["description"] == "Added by each switch on the way."
    assert described["examples"] == ["3.3 us"]
