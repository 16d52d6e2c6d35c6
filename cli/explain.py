"""`clustercast explain`: the formula behind a figure, the numbers put in, and where each comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asked import changes_of, read_scenario, runnable_file
from cli.columns import aligned
from cli.progress import saying
from cli.run import Changes

if TYPE_CHECKING:
    from simulator.explain import Explanation
    from simulator.result import Term


def explain(
    metric: Annotated[
        str, typer.Argument(help="step_s, mfu_ratio_causal, cost_usd, model.parameters, ...; any name of a result.")
    ],
    scenario: Annotated[
        str, typer.Argument(help="A YAML file, or the name of a shipped scenario.")
    ] = "deepseek-v3-pretrain",
    changes: Changes = None,
    catalog: Annotated[list[Path] | None, typer.Option(help="Another catalogue folder. Repeatable.")] = None,
) -> None:
    """Print a figure's formula, its inputs with value, unit and source, and the formula with the numbers put in."""
    from simulator.explain import explained
    from workloads.file_kind import is_run

    with saying(quiet=False) as say:
        say("Reading the scenario")
        file = runnable_file(scenario)
        if is_run(file):
            raise typer.BadParameter(
                f"{scenario} is a whole run, whose figures its report defines; explain those of its steps with the "
                "scenario that it names"
            )
        asked = read_scenario(file, catalog or (), changes_of(changes or ()))
        say("Simulating")
        found = explained(metric, asked)
    print(as_text(found, asked.name))


def as_text(found: Explanation, scenario: str) -> str:
    """Name and value, what it counts, formula, terms, and the formula with the numbers put in."""
    from reports.words import quantity

    figure = found.figure
    parts = [f"{found.name} of {scenario}: {quantity(figure.value, figure.unit)}", figure.definition]
    if figure.formula:
        parts.append(f"{found.name} = {figure.formula}")
    if figure.terms:
        parts.append(aligned([[term.name, shown(term), term.source] for term in figure.terms], ("", "value", "from")))
    if figure.formula:
        parts.append(f"{put_in(figure.formula, figure.terms)} = {quantity(figure.value, figure.unit)}")
    parts.append("\n".join(found.notes))
    return "\n\n".join(part for part in parts if part)


def shown(term: Term) -> str:
    """A term's value with its unit; counts to the last digit."""
    from reports.words import quantity

    if float(term.value).is_integer() and term.unit in ("tokens", "GPUs", "count"):
        return f"{term.value:,.0f} {term.unit}".removesuffix(" count")
    return str(quantity(term.value, term.unit))


def put_in(formula: str, terms: tuple[Term, ...]) -> str:
    """The formula with each name replaced by its value."""
    values = {term.name: shown(term) for term in terms}
    words = formula.replace("(", "( ").replace(")", " )").split()
    return " ".join(values.get(word, word) for word in words).replace("( ", "(").replace(" )", ")")
