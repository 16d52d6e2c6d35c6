"""`clustercast compare`: scenarios side by side, why they differ, what their networks cost."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asked import changes_of, compared_file, read_scenario
from cli.columns import aligned
from cli.gated import NO_GATE, Gated, end
from cli.progress import saying
from cli.run import made_folder

if TYPE_CHECKING:
    from simulator.comparing.comparison import Asked, Comparison

Variants = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="PATH=VALUE[,PATH=VALUE...]",
        help="One more scenario: the first one with this changed. Changes joined by commas make one scenario together, "
        "for example topology.kind=fat-tree,topology.layers=3. Repeatable.",
    ),
]
WhatIfs = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="One more scenario for each change of a list: hardware-of-tomorrow, or a file of your own. Repeatable.",
    ),
]
Catalog = Annotated[list[Path] | None, typer.Option(help="Another catalogue folder. Repeatable.")]
TABLES = ("ranking", "attribution", "choice", "choice_why", "parts", "network")
"""Those that are short enough to be printed."""
NEXT = re.compile(r",(?=\s*[A-Za-z_][\w.]*=)")
"""A comma that another PATH= follows; commas inside of a value stay."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is compared beside files and changes, and what is looked at beyond the step."""

    what_ifs: WhatIfs = None
    network: Annotated[
        bool, typer.Option("--network", help="Also follow every flow: how full links are, what one fault would cost.")
    ] = False
    intervals: Annotated[
        bool, typer.Option("--intervals", help="Also draw the inputs of both sides together: how sure differences are.")
    ] = False


def compare(
    scenarios: Annotated[
        list[str], typer.Argument(help="YAML files or names of shipped scenarios; the first is the base.")
    ],
    variants: Variants = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report; out/compare-NAME if left out.", file_okay=False)
    ] = None,
    catalog: Catalog = None,
    beside: Beside = Beside(),
    told: Gated = NO_GATE,
) -> None:
    """Hold scenarios against the first one: deltas, why they differ thing by thing, what their networks cost."""
    from simulator.comparing.compare import compare as held_against

    changes = tuple(variants or ())
    if len(scenarios) + len(changes) < 2 and not beside.what_ifs:
        raise typer.BadParameter("name two scenarios, or one and a change: `--with gpu=h100`")
    command = shlex.join([*command_line(scenarios, changes, catalog or (), beside), *told.words])
    with saying(told.quiet) as say:
        say("Reading the scenarios")
        asked = everyone(scenarios, changes, tuple(catalog or ()), tuple(beside.what_ifs or ()))
        comparison = held_against(asked, command, say, beside.network, beside.intervals, told.fail_if or ())
        say("Writing the report")
        wanted = (*changes, *(beside.what_ifs or ()))
        page = write_page(comparison, made_folder(out if out is not None else folder_of(scenarios, wanted)))
    if told.as_json:
        print(as_data(comparison, page))
    elif not told.quiet:
        print(summary(comparison, page))
    end(comparison.tables, comparison.refused)


def everyone(
    files: Sequence[str], variants: Sequence[str], catalog: tuple[Path, ...], lists: tuple[str, ...] = ()
) -> list[Asked]:
    """Every scenario that was asked for, under a label of its own.

    A change that gives no valid scenario is kept with the reason. Raises InvalidInput for a file that cannot be read
    and for a path that is unknown or ambiguous, typer's usage error for a change without `=`.
    """
    from simulator.comparing.labels import everyone as compared
    from workloads.scenario import catalogue

    paths = [compared_file(file) for file in files]
    read = [(read_scenario(path, catalog, {}), file) for path, file in zip(paths, files, strict=True)]
    split = [NEXT.split(words) for words in variants]
    wanted = [(changes_of(words), ", ".join(words)) for words in split]
    return compared(read, wanted, lists, catalogue(paths[0], catalog))


def folder_of(scenarios: Sequence[str], variants: Sequence[str]) -> Path:
    """Folder of the report where none is named; another question gets another folder."""
    mark = hashlib.sha256("\n".join((*scenarios, *variants)).encode()).hexdigest()[:8]
    return Path("out") / f"compare-{Path(scenarios[0]).stem}-{mark}"


def write_page(comparison: Comparison, folder: Path) -> Path:
    """Write the folder; return the path of the page in it."""
    from reports.write_comparison import write_comparison

    return write_comparison(comparison, folder)[0]


def command_line(
    scenarios: Sequence[str], variants: Sequence[str], catalog: Sequence[Path], beside: Beside
) -> list[str]:
    """Words of the command that gives the same comparison again, wherever its report was written."""
    words = ["clustercast", "compare", *scenarios]
    for change in variants:
        words += ["--with", change]
    for folder in catalog:
        words += ["--catalog", str(folder)]
    for name in beside.what_ifs or ():
        words += ["--what-ifs", name]
    words += ["--network"] * beside.network + ["--intervals"] * beside.intervals
    return words


def summary(comparison: Comparison, page: Path) -> str:
    """The ranking, the answers, warnings, where the report is."""
    from reports.compare import answer, warnings
    from reports.compare_tables import ranking

    ranked = ranking(comparison)
    head = [f"{column.title} {column.unit and f'in {column.unit}'}".strip() for column in ranked.columns]
    parts = [
        aligned([[cell.text for cell in row] for row in ranked.rows], head),
        "\n".join(answer(comparison)),
        "\n".join(f"left out: {label}: {why}" for label, why in comparison.refused.items()),
        "\n".join(f"warning: {warning}" for warning in warnings(comparison)),
        f"report: {page}",
    ]
    return "\n\n".join(part for part in parts if part)


def as_data(comparison: Comparison, page: Path) -> str:
    """Everything but the long tables as JSON, with the page's path."""
    from reports.write_comparison import document

    whole = document(comparison)
    told = {key: whole[key] for key in ("answer", "warnings", "conditions", "scenarios", "refused")}
    tables = {
        name: whole["tables"][name] for name in ("ranking", "attribution", "choice", "choice_why", "parts", "network")
    }
    return json.dumps({**told, "tables": tables, "report": str(page)}, indent=2, ensure_ascii=False)
