"""`clustercast schema`: the JSON Schema of a YAML file, so that an editor completes names and marks mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.groups import group_named


def schema(
    kind: Annotated[
        str,
        typer.Argument(
            help="scenario, run, service, sweep, plan, serving-plan, gpu, model, ...: what the file describes."
        ),
    ],
    catalog: Annotated[list[Path] | None, typer.Option(help="Also offer the names of this catalogue folder.")] = None,
) -> None:
    """Print the JSON Schema of a scenario, a whole run, a service, a sweep, a question or a catalogue entry."""
    from topologies.schema import json_schema
    from workloads.groups import file_kinds
    from workloads.scenario import catalogue

    kinds = file_kinds()
    spec = kinds[group_named(kind, kinds)]
    print(json.dumps(json_schema(spec, catalogue(None, tuple(catalog or ()))), indent=2, ensure_ascii=False))
