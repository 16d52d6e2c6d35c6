"""`--fail-if`: a command that ends with 1 where a figure of its result meets a condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cli.exits import ExitCode

if TYPE_CHECKING:
    import pandas as pd

    from simulator.result import Answered, Result

One = TypeVar("One", bound="Result | Answered")
FailIf = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if",
        metavar="CONDITION",
        help="End with 1 if a figure meets this: `step_s > 20`, `memory_bytes_per_gpu_max > 80 GB or cost_usd > 6e6`. "
        "Repeatable.",
    ),
]


@dataclass(frozen=True, slots=True)
class Told:
    """What is printed."""

    as_json: Annotated[bool, typer.Option("--json", help="Print the headline as JSON, for programs.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False


NOTHING_ASKED = Told()


@dataclass(frozen=True, slots=True)
class Gated(Told):
    """What is printed, and which figures make the exit code 1."""

    fail_if: FailIf = None

    @property
    def words(self) -> list[str]:
        """The conditions as they stand in a command line."""
        return [word for text in self.fail_if or () for word in ("--fail-if", text)]


NO_GATE = Gated()


def with_conditions(result: One, told: Gated) -> One:
    """The result with a table of the conditions, where there are any. Raises InvalidInput for one that cannot be."""
    if not told.fail_if:
        return result
    from simulator.conditions import TABLE, conditions

    found = conditions(told.fail_if, {result.name: result.headline})
    return replace(result, tables={**result.tables, TABLE: found})


def end(tables: Mapping[str, pd.DataFrame], left_out: Mapping[str, str] | None = None) -> None:
    """Say on stderr which conditions are met and end with 1; nothing where none is.

    left_out   what has no figures, and why: where conditions were asked, they cannot be said not to be met
    """
    from reports.conditions_section import met
    from simulator.conditions import TABLE

    said = met(tables)
    if TABLE in tables:
        said += [f"{name} has no figures to ask about: {why}" for name, why in (left_out or {}).items()]
    for sentence in said:
        typer.echo(f"clustercast: missed: {sentence}", err=True)
    if said:
        raise typer.Exit(ExitCode.MISSED)
