"""`clustercast schema`: the JSON Schema of a YAML file, so that an editor completes names and marks mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.groups import entry_kinds, group_named

SCENARIO = "scenario"


def schema(
    kind: Annotated[str, typer.Argument(help="scenario, gpu, node, model, price, ...: what the file describes.")],
    catalog: Annotated[list[Path] | None, typer.Option(help="Also offer the names of this catalogue folder.")] = None,
) -> None:
    """Print the JSON Schema of a scenario or of a catalogue entry."""
    from topologies.schema import json_schema
    from workloads.scenario import Scenario, catalogue

    groups = entry_kinds()
    group = group_named(kind, [SCENARIO, *groups])
    spec = Scenario if group == SCENARIO else groups[group]
    print(json.dumps(json_schema(spec, catalogue(None, tuple(catalog or ()))), indent=2, ensure_ascii=False))
