"""`clustercast sweep`: work out every point of a sweep, keep each in a store, go on where it was left."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.asked import changes_of, sweep_file
from cli.columns import aligned
from cli.exits import ExitCode
from cli.gated import NOTHING_ASKED, Told
from cli.progress import counted, saying
from cli.run import Changes, made_folder
from cli.told import as_blocks, headline_json

if TYPE_CHECKING:
    from simulator.sweep.course import Progress
    from simulator.sweep.question import Question
    from simulator.sweep.result import SweepResult
    from simulator.sweep.run import Opened


@dataclass(frozen=True, slots=True)
class Where:
    """What works the points out."""

    engine: Annotated[Literal["local", "dask"], typer.Option(help="Processes on this machine, or a Dask cluster.")] = (
        "local"
    )
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Scheduler of the Dask cluster, for example tcp://host:8786.")
    ] = None
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes of the local engine; as many as cores if left out.")
    ] = None


@dataclass(frozen=True, slots=True)
class Kept:
    """Where points and the result go."""

    store: Annotated[
        Path | None, typer.Option(help="File that keeps the points; sweep.sqlite beside the result if left out.")
    ] = None
    out: Annotated[Path | None, typer.Option(help="Folder of the result; out/NAME if left out.", file_okay=False)] = (
        None
    )


def sweep(
    file: Annotated[str, typer.Argument(help="A YAML file of a sweep, or the name of a shipped one.")],
    changes: Changes = None,
    catalog: Annotated[list[Path] | None, typer.Option(help="Another catalogue folder. Repeatable.")] = None,
    where: Where = Where(),
    kept: Kept = Kept(),
    told: Told = NOTHING_ASKED,
) -> None:
    """Vary a scenario over a grid, a list or samples; points are kept, never worked out twice, and survive a crash.

    The later wins: the file's scenario, then --with, then the overrides of the list from left to right, then the
    values of the design.
    """
    from simulator.sweep.asked import question_of
    from simulator.sweep.store import STORE

    path = sweep_file(file)
    command = command_line(file, changes or (), catalog or (), where)
    engine = engine_of(where)
    with saying(told.quiet) as say:
        say("Reading the sweep")
        question = question_of(path, changes_of(changes or ()), tuple(catalog or ()))
    folder = made_folder(kept.out if kept.out is not None else folder_of(path, changes or ()))
    store = kept.store if kept.store is not None else folder / STORE
    made_folder(store.parent)
    result = worked_out(question, store, engine, command, told.quiet)
    page = write_page(result, folder)
    if told.as_json:
        print(as_data(result, page, store))
    elif not told.quiet:
        print(summary(result, page, store))
    require_figures(result)


def require_figures(result: SweepResult) -> None:
    """End as for invalid input where not one point has figures, with the first reason."""
    failed = result.tables["failed"]
    if len(failed) and result.headline["points_done"].value == 0:
        typer.echo(f"clustercast: no point has figures; the first: {failed['why'].iloc[0]}", err=True)
        raise typer.Exit(ExitCode.INVALID)


def engine_of(where: Where) -> Opened:
    """How the engine that is asked for is started. Raises typer's usage error for options that would be ignored."""
    from simulator.sweep.asked import engine_at

    if where.engine == "dask" and where.scheduler is None:
        raise typer.BadParameter("--engine dask needs --scheduler, for example tcp://host:8786")
    if where.engine == "dask" and where.workers is not None:
        raise typer.BadParameter("--workers is for processes on this machine; a cluster has its own")
    if where.engine != "dask" and where.scheduler is not None:
        raise typer.BadParameter("--scheduler goes with --engine dask")
    return engine_at(where.scheduler, where.workers)


def worked_out(
    question: Question,
    store: Path,
    engine: Opened,
    command: str,
    quiet: bool,
) -> SweepResult:
    """Work out what is missing. Ctrl-C ends with a store that the same command goes on from, and says so."""
    from simulator.sweep.run import run_sweep

    reached: list[Progress] = []
    try:
        with counted(quiet, "Working out points") as show:

            def tell(progress: Progress) -> None:
                reached[:] = [progress]
                show(*progress)

            return run_sweep(question, store, engine, tell, command)
    except KeyboardInterrupt:
        done = f"{reached[0].done:,} of {reached[0].whole:,}" if reached else "none"
        typer.echo(f"clustercast: interrupted; {done} points are kept in {store}: the same command goes on", err=True)
        raise typer.Exit(ExitCode.INCOMPLETE) from None


def write_page(result: SweepResult, folder: Path) -> Path:
    """Write the folder; return the path of the page in it."""
    from reports.write_sweep import write_sweep

    return write_sweep(result, folder)[0]


def folder_of(path: Path, changes: Sequence[str]) -> Path:
    """Folder of the result where none is named; another question gets another folder."""
    mark = hashlib.sha256("\n".join(changes).encode()).hexdigest()[:8] if changes else ""
    return Path("out") / "-".join(filter(None, (path.stem, mark)))


def command_line(file: str, changes: Sequence[str], catalog: Sequence[Path], where: Where) -> str:
    """Command that gives the same result again; which engine works it out makes no difference."""
    words = ["clustercast", "sweep", file]
    for change in changes:
        words += ["--with", change]
    for folder in catalog:
        words += ["--catalog", str(folder)]
    return shlex.join(words)


def summary(result: SweepResult, page: Path, store: Path) -> str:
    """Title, how many points, the ends of the first figures, warnings, where the store is and how to read it."""
    from reports.words import quantity

    rows = [[name, str(quantity(one.value, one.unit))] for name, one in result.headline.items()]
    python = (
        f'import clustercast\npoints = clustercast.results({str(store)!r})\npoints[points.status == "done"].describe()'
    )
    return f"{as_blocks(result, [aligned(rows)], page)}\nstore:  {store}\n\nIn Python:\n{python}"


def as_data(result: SweepResult, page: Path, store: Path) -> str:
    """Headline, points without figures, answer, warnings and paths as JSON."""
    from reports.write_answered import document

    whole = document(result)
    return headline_json(whole, page, failed=whole["tables"]["failed"], store=str(store))
