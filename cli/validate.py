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
    print(as_data(rows) if as_json else f"{table(rows)}\n\n{held_out(rows)}")
    if missed(rows):
        raise typer.Exit(ExitCode.MISSED)


def as_data(rows: Sequence[Row]) -> str:
    """All rows with all their fields, and for targets the interval that the others give them."""
    from simulator.uncertainty.residuals import coverage

    held = {(one.row.file, one.row.what): one for one in coverage(rows).held}
    told = []
    for row in rows:
        one = held.get((row.file, row.what))
        interval = None if one is None else {
            "sort": one.sort, "facts": one.facts, "low_ratio": one.low_ratio, "high_ratio": one.high_ratio,
            "inside": one.inside,
        }  # fmt: skip
        told.append({**asdict(row), "interval": interval})
    return json.dumps(told, indent=2, ensure_ascii=False)


def held_out(rows: Sequence[Row]) -> str:
    """Leave-one-out: each target against the 90 % interval that the other systems' errors give it, sort by sort."""
    from simulator.uncertainty.residuals import SORTS, coverage, residuals

    found, errors = coverage(rows), residuals(rows)
    if not found.held:
        return "No target has others of its sort, from which an interval for it could come"
    body = []
    for sort in SORTS:
        own = [one for one in found.held if one.sort == sort]
        inside = sum(one.inside for one in own)
        error = errors[sort]
        told = f"x or / {error.high_ratio:.3f}" if error.facts else "not known"
        body.append([sort, str(error.facts), told, f"{inside} of {len(own)}"])
    outside = ", ".join(f"{one.row.what} ({one.row.file})" for one in found.held if not one.inside)
    inside = sum(one.inside for one in found.held)
    share = f"{inside} of {len(found.held)} targets, {found.inside_share():.0%}, lie in the 90 % interval"
    lines = [aligned(body, ("what targets are of", "facts", "the simulator's own error at 90 %", "inside"))]
    lines.append(f"{share} that the other systems' errors give them; about 90 % are expected")
    lines += [f"Outside: {outside}"] if outside else []
    lines += [f"simulator/uncertainty/known.py is out of date: {', '.join(old)}"] if (old := stale_of(rows)) else []
    return "\n\n".join(lines)


def stale_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """Sorts whose error is not what runs use any more; none unless every published file was looked at."""
    from simulator.uncertainty.known import stale
    from simulator.uncertainty.residuals import residuals
    from workloads.observed import names

    return stale(residuals(rows)) if {row.file for row in rows} == set(names()) else ()


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
