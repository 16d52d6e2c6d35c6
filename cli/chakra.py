"""`clustercast chakra`: a training step as execution traces in MLCommons' exchange format, for other simulators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asked import changes_of, read_scenario, scenario_file
from cli.gated import NOTHING_ASKED, Told
from cli.progress import saying
from cli.run import Changes, made_folder

if TYPE_CHECKING:
    from reports.chakra.write import Written


def chakra(
    scenario: Annotated[str, typer.Argument(help="A YAML file, or the name of a shipped scenario.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the traces; out/chakra-NAME if left out.", file_okay=False)
    ] = None,
    changes: Changes = None,
    catalog: Annotated[list[Path] | None, typer.Option(help="Another catalogue folder. Repeatable.")] = None,
    every_gpu: Annotated[
        bool, typer.Option("--every-gpu", help="One trace for each GPU, not one for each pipeline rank.")
    ] = False,
    told: Told = NOTHING_ASKED,
) -> None:
    """Simulate a step and write its Chakra execution traces, NAME.RANK.et, as ASTRA-sim reads them."""
    from reports.chakra.schema import NotInstalled
    from reports.chakra.write import write_chakra
    from simulator.plan import plan
    from simulator.run import simulate
    from simulator.step_graph import step_graph

    file = scenario_file(scenario)
    with saying(told.quiet) as say:
        say("Reading the scenario")
        decided = plan(read_scenario(file, catalog or (), changes_of(changes or ())))
        say("Simulating")
        played = simulate(decided)
        graph = step_graph(decided, played)
        say("Writing the traces")
        try:
            folder = made_folder(out if out is not None else Path("out") / f"chakra-{file.stem}")
            written = write_chakra(decided, graph, folder, every_gpu)
        except NotInstalled as missing:
            raise typer.BadParameter(str(missing)) from None
    if told.as_json:
        print(as_data(written, played.step.makespan_s))
    elif not told.quiet:
        print(summary(written, played.step.makespan_s))


def summary(written: Written, step_s: float) -> str:
    """How many files and nodes, how long the step is that they hold, where they are."""
    from reports.words import quantity

    return (
        f"{written.told}: {written.nodes:,} nodes in {len(written.traces):,} file{'s' * (len(written.traces) != 1)}, "
        f"{quantity(written.size_bytes, 'bytes')}, a step of {quantity(step_s, 's')}\n"
        f"traces: {written.prefix}.RANK.et\ngroups of ranks: {written.groups}"
    )


def as_data(written: Written, step_s: float) -> str:
    """The same as JSON."""
    told = {
        "prefix": str(written.prefix), "ranks": written.told, "traces": len(written.traces), "nodes": written.nodes,
        "bytes": written.size_bytes, "step_s": step_s, "comm_groups": str(written.groups),
    }  # fmt: skip
    return json.dumps(told, indent=2, ensure_ascii=False)
