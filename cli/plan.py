"""`clustercast plan`: from a question to a ranked, explained answer."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asked import changes_of, question_file
from cli.gated import NO_GATE, Gated, end, with_conditions
from cli.progress import counting, saying
from cli.run import Changes, made_folder

if TYPE_CHECKING:
    from workloads.plan_question import Question


@dataclass(frozen=True, slots=True)
class Work:
    """How it is worked out."""

    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes; the answer is the same whatever their number.")
    ] = 2


def plan(
    question: Annotated[
        str, typer.Argument(help="A YAML file, or the name of a shipped question; a scenario asks for its best layout.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the report; out/plan-NAME if left out.", file_okay=False)
    ] = None,
    changes: Changes = None,
    catalog: Annotated[list[Path] | None, typer.Option(help="Another catalogue folder. Repeatable.")] = None,
    work: Work = Work(),
    told: Gated = NO_GATE,
) -> None:
    """Find the best cluster and layout within limits: what to choose, why, how sure, what would change it."""
    from cli.planned import as_data, summary, written
    from simulator.planner.choose import Ways, choose
    from workloads.scenario import catalogue

    file = question_file(question)
    folders = tuple(catalog or ())
    mark = hashlib.sha256("\n".join(changes).encode()).hexdigest()[:8] if changes else ""
    folder = out if out is not None else Path("out") / "-".join(filter(None, ("plan", file.stem, mark)))
    with saying(told.quiet) as say:
        say("Reading the question")
        asked = read_question(file, folders, changes_of(changes or ()))
        ways = Ways(
            command_line(question, changes or (), folders, told.words),
            work.workers,
            counting(say),
            catalogue(file, folders),
        )
        result = with_conditions(choose(asked, ways), told)
        say("Writing the report")
        report = written(result, made_folder(folder))
    if told.as_json:
        print(as_data(result, report))
    elif not told.quiet:
        print(summary(result, report))
    end(result.tables)


def read_question(file: Path, folders: tuple[Path, ...], changes: dict[str, object]) -> Question:
    """The question of a file with the changes put in, whose paths may begin at its scenario. Raises InvalidInput."""
    from workloads.question_file import changed_question, load_question
    from workloads.scenario import catalogue

    asked = load_question(file, folders)
    return changed_question(asked, changes, catalogue(file, folders)) if changes else asked


def command_line(question: str, changes: Sequence[str], catalog: Sequence[Path], more: Sequence[str]) -> str:
    """Command that gives the same result again, wherever its report was written and whoever helped."""
    words = ["clustercast", "plan", question]
    for change in changes:
        words += ["--with", change]
    for folder in catalog:
        words += ["--catalog", str(folder)]
    return shlex.join([*words, *more])
