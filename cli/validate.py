"""`clustercast validate`: published figures beside simulated ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.columns import aligned
from cli.exits import ExitCode
from cli.progress import saying

if TYPE_CHECKING:
    from simulator.validate import Row

HEAD = ("what", "published", "simulated", "error", "tolerance", "role", "")


def validate(
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON, for programs.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="One file of workloads/published. Repeatable.")
    ] = None,
) -> None:
    """Simulate what was published and print both; ends with 1 while a target is missed."""
    from simulator.validate import missed
    from simulator.validate import validate as held_against

    with saying(quiet=as_json) as say:
        say("Simulating what was published")
        rows = held_against(tuple(only or ()))
    print(as_data(rows) if as_json else table(rows))
    if missed(rows):
        raise typer.Exit(ExitCode.MISSED)


def as_data(rows: Sequence[Row]) -> str:
    """All rows with all their fields."""
    return json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False)


def table(rows: Sequence[Row]) -> str:
    """One table a file, what is missed with its reason, and how many targets are met."""
    from simulator.validate import missed, off

    parts = []
    for name in dict.fromkeys(row.file for row in rows):
        own = [row for row in rows if row.file == name]
        parts.append(f"{name}\n{aligned([cells(row) for row in own], HEAD)}")
    parts += reasons("Missed", missed(rows)) + reasons("Reported, no target", off(rows))
    targets = [row for row in rows if row.role == "target"]
    reported = sum(row.role == "report" for row in rows)
    beside = f"; {reported} more figures reported with their error" if reported else ""
    parts.append(f"{len(targets) - len(missed(rows))} of {len(targets)} targets met{beside}")
    return "\n\n".join(parts)


def reasons(title: str, rows: Sequence[Row]) -> list[str]:
    """Each reason once, with the figures that it explains."""
    told: dict[str, list[str]] = {}
    for row in rows:
        told.setdefault(row.reason or "no reason is known", []).append(f"{row.what} ({row.file})")
    return [f"{title}: {'; '.join(dict.fromkeys(figures))}\n  {reason}" for reason, figures in told.items()]


def cells(row: Row) -> list[str]:
    """One line of a table."""
    from reports.words import quantity

    return [
        row.what,
        str(quantity(row.observed, row.unit)),
        str(quantity(row.simulated, row.unit)),
        f"{row.error_ratio:+.2%}",
        f"{row.tolerance_ratio:.2%}",
        row.role,
        verdict(row),
    ]


def verdict(row: Row) -> str:
    """Whether the figure is met (one that is no target: close or off), and whether its file says the same."""
    met, missed = ("close", "off") if row.role == "report" else ("met", "missed")
    said = met if row.ok else missed
    return (
        said
        if row.as_declared
        else f"{said}, declared {row.status}" + (" within a band" if row.status == "missed" else "")
    )
