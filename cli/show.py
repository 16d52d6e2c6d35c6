"""`clustercast show`: what is in the catalogue, and where every value comes from."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asked import scenario_file, service_file, sweep_file
from cli.columns import aligned
from cli.drawn import NOTHING_SAID, Drawn
from cli.groups import entry_kinds, group_named, plugin_kinds

if TYPE_CHECKING:
    from topologies.catalogue import Catalogue

SCENARIOS, SERVICES, SWEEPS = "scenarios", "services", "sweeps"
PRECISION = "precision"
SCHEDULES = "schedules"
TOPOLOGIES = "topologies"
MODELS = "models"
ALL_TO_ALL = "all-to-all"
Folders = Annotated[list[Path] | None, typer.Option(help="Another catalogue folder; it wins over the others.")]


@dataclass(frozen=True, slots=True)
class AsPage:
    """Where a page goes, and the GPU of a model's rooflines."""

    html: Annotated[
        Path | None, typer.Option(help="Write an HTML page: a model's counts and rooflines, or all schedules.")
    ] = None
    gpu: Annotated[str, typer.Option(help="The GPU of a model page's rooflines.")] = "h800"


def show(
    group: Annotated[str | None, typer.Argument(help="gpu, model, schedule, precision, ...; all if left out.")] = None,
    name: Annotated[
        str | None, typer.Argument(help="One entry, for a model also a config.json; all if left out.")
    ] = None,
    catalog: Folders = None,
    as_json: Annotated[bool, typer.Option("--json", help="The entry as JSON, for programs.")] = False,
    drawn: Drawn = NOTHING_SAID,
    page: AsPage = AsPage(),
) -> None:
    """Print the catalogue: its entries, or one entry with unit, basis and source of every value."""
    from workloads.scenario import catalogue

    known = catalogue(None, tuple(catalog or ()))
    plugins = plugin_kinds()
    groups = [SCENARIOS, SERVICES, SWEEPS, PRECISION, *entry_kinds(), *plugins]
    chosen = group_named(group, groups) if group is not None else None
    check_options(chosen, name, (drawn, page), as_json)
    if chosen == PRECISION:
        print(precision_text(name))
    elif page.html is not None:
        print(page_told(known, name, (drawn, page), page.html))
    elif name is None or chosen is None:
        print(all_text(known, chosen, drawn))
    else:
        print(one_text(known, chosen, name, drawn, as_json))


def check_options(group: str | None, name: str | None, asked: tuple[Drawn, AsPage], as_json: bool) -> None:
    """Refuse options that say nothing about what is shown."""
    drawn, page = asked
    if drawn != NOTHING_SAID and group != SCHEDULES:
        raise typer.BadParameter("--ranks, --micro-batches and --times go with `show schedule NAME` or `show schedule`")
    of_model, of_schedules = group == MODELS and name is not None, group == SCHEDULES and name is None
    has_page = of_model or (of_schedules and page.gpu == AsPage().gpu)
    if page != AsPage() and (page.html is None or not has_page):
        raise typer.BadParameter("--html FILE goes with `show model NAME`, there also --gpu, or with `show schedule`")
    if as_json and (name is None or group not in entry_kinds() or page.html is not None):
        raise typer.BadParameter("--json goes with one entry of the catalogue: `show GROUP NAME --json`")


def page_told(known: Catalogue, name: str | None, asked: tuple[Drawn, AsPage], file: Path) -> str:
    """Write the page of a model, or of all schedules if there is no name. Raises InvalidInput or a usage error."""
    drawn, page = asked
    if name is None:
        from cli.write_schedules_page import schedules_page

        return schedules_page(drawn, file)
    from cli.write_model_page import model_page

    return model_page(known, name, page.gpu, file)


def precision_text(name: str | None) -> str:
    """Errors of number formats. Raises typer's usage error for a name."""
    if name is not None:
        raise typer.BadParameter("`show precision` takes no name")
    from cli.precision_table import as_text

    return as_text()


def one_text(known: Catalogue, group: str, name: str, drawn: Drawn, as_json: bool) -> str:
    """A scenario, service, sweep, schedule, plug-in or entry as text. Raises InvalidInput or typer's usage error."""
    files = {SCENARIOS: scenario_file, SERVICES: service_file, SWEEPS: sweep_file}
    if group in files:
        return files[group](name).read_text(encoding="utf-8").rstrip()
    if group == SCHEDULES:
        from cli.draw_schedule import schedule_text

        return schedule_text(name, drawn)
    if group in plugin_kinds():
        return plugin_text(group, name)
    from cli.entries import entry_json, entry_text

    return (entry_json if as_json else entry_text)(known, group, name)


def all_text(known: Catalogue, group: str | None, drawn: Drawn) -> str:
    """The list of a group's entries; of schedules also pictures, of topologies and all-to-all a comparison.

    Raises a usage error for times that cannot be.
    """
    if group == SCHEDULES:
        from cli.draw_schedules import all_pictures

        return f"{listing(known, group)}\n\n{all_pictures(drawn)}"
    if group == TOPOLOGIES:
        from cli.network_table import as_text

        return f"{listing(known, group)}\n\n{as_text()}"
    if group == ALL_TO_ALL:
        from cli.all_to_all_table import transfers_text

        return f"{listing(known, group)}\n\n{transfers_text()}"
    return listing(known, group)


def listing(known: Catalogue, only: str | None) -> str:
    """Every entry of the catalogue and every plug-in, or those of one group: group, name, title, origin."""
    from reports.catalogue_rows import LISTED
    from reports.catalogue_rows import listing as rows

    return aligned(rows(known, only), LISTED)


def plugin_text(group: str, name: str) -> str:
    """What a topology or a job is, and the fields that a scenario gives it. Raises typer's usage error."""
    from reports.catalogue_rows import asked_of, plugin
    from topologies.problems import InvalidInput

    try:
        spec = plugin(group, name)
    except InvalidInput as refused:
        raise typer.BadParameter(refused.problems[0].message) from None
    parts = (f"{name}: {inspect.cleandoc(spec.__doc__ or '')}", aligned(asked_of(spec), ("field", "", "")))
    return "\n\n".join(part for part in parts if part)
