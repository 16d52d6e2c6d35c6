"""`clustercast schema`: the JSON Schema of a YAML file, so that an editor completes names and marks mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.groups import entry_kinds, group_named

SCENARIO, RUN, SERVICE, PLAN, SERVING_PLAN = "scenario", "run", "service", "plan", "serving-plan"


def schema(
    kind: Annotated[
        str,
        typer.Argument(
            help="scenario, run, service, plan, serving-plan, gpu, node, model, price, ...: what the file describes."
        ),
    ],
    catalog: Annotated[list[Path] | None, typer.Option(help="Also offer the names of this catalogue folder.")] = None,
) -> None:
    """Print the JSON Schema of a scenario, a whole run, a service, a question or a catalogue entry."""
    from topologies.schema import json_schema
    from topologies.spec import Spec
    from workloads.long_run import Run
    from workloads.plan_question import TrainingQuestion
    from workloads.scenario import Scenario, catalogue
    from workloads.service import Service
    from workloads.serving_question import ServingQuestion

    groups = entry_kinds()
    group = group_named(kind, [SCENARIO, RUN, SERVICE, PLAN, SERVING_PLAN, *groups])
    own: dict[str, type[Spec]] = {SCENARIO: Scenario, RUN: Run, SERVICE: Service, PLAN: TrainingQuestion}
    own[SERVING_PLAN] = ServingQuestion
    spec = own.get(group) or groups[group]
    print(json.dumps(json_schema(spec, catalogue(None, tuple(catalog or ()))), indent=2, ensure_ascii=False))
