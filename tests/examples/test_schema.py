"""`clustercast schema` prints what editors check YAML against; every shipped file passes its own schema."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from cli.groups import entry_kinds
from tests.command import ROOT, clustercast

FOLDERS = (ROOT / "topologies" / "catalog", ROOT / "workloads")
ENTRIES = [(group, path) for folder in FOLDERS for group in entry_kinds() for path in folder.glob(f"{group}/*.yaml")]
SCENARIOS = [("scenario", path) for path in sorted((ROOT / "workloads" / "scenarios").glob("*.yaml"))]


@cache
def schema(kind: str) -> dict[str, Any]:
    """What the command prints for a kind."""
    ended = clustercast("schema", kind)
    assert ended.code == 0, ended.err
    loaded: dict[str, Any] = json.loads(ended.out)
    return loaded


def content(path: Path) -> Any:
    """A YAML file as plain data."""
    return YAML(typ="safe", pure=True).load(path)


@pytest.mark.parametrize(("kind", "path"), [*ENTRIES, *SCENARIOS], ids=lambda value: getattr(value, "stem", value))
def test_a_shipped_file_passes_the_schema_of_its_kind(kind: str, path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(kind))
    jsonschema.validate(content(path), schema(kind), cls=jsonschema.Draft202012Validator)


def test_there_is_a_schema_for_every_group() -> None:
    for group in entry_kinds():
        assert schema(group)["$schema"].startswith("https://json-schema.org/")


def test_an_unknown_field_does_not_pass() -> None:
    scenario = content(SCENARIOS[0][1]) | {"modle": "deepseek-v3"}
    with pytest.raises(jsonschema.ValidationError, match="modle"):
        jsonschema.validate(scenario, schema("scenario"), cls=jsonschema.Draft202012Validator)


def test_names_of_the_catalogue_are_offered() -> None:
    assert '"deepseek-v3"' in json.dumps(schema("scenario"))


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    ended = clustercast("schema", "scenari")
    assert ended.code == 2
    assert "did you mean `scenario`?" in " ".join(ended.err.split())
