"""`clustercast run`: simulate a scenario, a whole run or a service, write its report folder, say the answer."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.asked import changes_of, read_run, read_scenario, read_service, require_no_sweep, runnable_file
from cli.columns import aligned
from cli.gated import NO_GATE, Gated, end, with_conditions
from cli.progress import counting, saying
from cli.told import as_blocks, headline_json

if TYPE_CHECKING:
    from simulator.result import Result
    from workloads.long_run import Run
    from workloads.scenario import Scenario
    from workloads.service import Service

Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--with", metavar="PATH=VALUE", help="Change a value, for example cluster.nodes=128, or nodes=128. Repeatable."
    ),
]
FIRST = {
    "step_s": "step",
    "step_every_gpu_s": "step, every GPU by itself",
    "step_bubble_s": "of it bubble",
    "gpu_hours": "GPU-hours",
    "cost_usd": "cost",
    "tokens_per_day": "tokens a day",
    "mfu_ratio_causal": "MFU of the BF16 peak",
    "memory_bytes_per_gpu_max": "memory of the fullest GPU",
}
"""Headline figures of the summary, with what the terminal calls them."""
USUAL_SAMPLES = 256
"""Enough for ends of intervals within 2 % of those of 4,096 (DECISIONS.md)."""


@dataclass(frozen=True, slots=True)
class Also:
    """What is looked at beyond the step."""

    every_gpu: Annotated[
        bool, typer.Option("--every-gpu", help="Also play every GPU by itself: who waits how long for whom.")
    ] = False
    network: Annotated[
        bool, typer.Option("--network", help="Also follow every flow: how full links are, what one fault would cost.")
    ] = False
    experts: Annotated[
        bool, typer.Option("--experts", help="Also look at experts: loads, waiting, and what balance is worth.")
    ] = False
    intervals: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="SAMPLES",
            help=f"Draws of the inputs behind 90 % intervals; 0 for none, {USUAL_SAMPLES} if left out.",
        ),
    ] = None
    sobol: Annotated[
        bool, typer.Option("--sobol", help="Also estimate which share of the step's variance each input explains.")
    ] = False

    @property
    def samples(self) -> int:
        """Draws of the inputs."""
        return USUAL_SAMPLES if self.intervals is None else self.intervals


LEAST_SAMPLES = 32


def run(
    scenario: Annotated[str, typer.Argument(help="A YAML file, or the name of a shipped scenario, run or service.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the report; out/NAME if left out.", file_okay=False),
    ] = None,
    changes: Changes = None,
    catalog: Annotated[list[Path] | None, typer.Option(help="Another catalogue folder. Repeatable.")] = None,
    also: Also = Also(),
    told: Gated = NO_GATE,
) -> None:
    """Simulate a scenario, a whole run or a service and write its report: how long, how much, and why."""
    from workloads.file_kind import is_run, is_service

    file = runnable_file(scenario)
    mark = hashlib.sha256("\n".join(changes).encode()).hexdigest()[:8] if changes else ""
    check_samples(also)
    folder = out if out is not None else Path("out") / "-".join(filter(None, (file.stem, mark)))
    command = shlex.join([*command_line(scenario, changes or (), catalog or (), also), *told.words])
    require_no_sweep(file)
    if is_run(file):
        if replace(also, intervals=None) != Also():
            raise typer.BadParameter("this is a whole run; options that look into one step go with its scenario")
        whole = read_run(file, catalog or (), changes_of(changes or ()))
        answer_of_weeks(whole, command, (made_folder(folder), also.samples), told)
        return
    if is_service(file):
        if also != Also():
            raise typer.BadParameter(
                "this is a service; error bars and options that look into one step go with training"
            )
        service = read_service(file, catalog or (), changes_of(changes or ()))
        answer_of_service(service, command, folder, told)
        return
    with saying(told.quiet) as say:
        say("Reading the scenario")
        asked = read_scenario(file, catalog or (), changes_of(changes or ()))
        result = with_conditions(simulated(asked, command, also, say), told)
        say("Writing the report")
        report = write_report(result, folder)
    if told.as_json:
        print(as_data(result, report))
    elif not told.quiet:
        print(summary(result, report))
    end(result.tables)


def check_samples(also: Also) -> None:
    """Refuse draws that are too few for intervals, and none where something is asked of them."""
    if 0 < also.samples < LEAST_SAMPLES:
        raise typer.BadParameter(f"--intervals {also.samples} draws say little of 90 %; give {LEAST_SAMPLES} or more")
    if also.sobol and not also.samples:
        raise typer.BadParameter("--sobol goes with intervals: leave `--intervals 0` out")


def answer_of_service(service: Service, command: str, folder: Path, told: Gated) -> None:
    """Work out a service, write its report into the folder, say the answer."""
    from cli.served import as_data, summary, worked_out

    with saying(told.quiet) as say:
        result, report = worked_out(service, command, made_folder(folder), told, say)
    if told.as_json:
        print(as_data(result, report))
    elif not told.quiet:
        print(summary(result, report))
    end(result.tables)


def answer_of_weeks(whole: Run, command: str, wanted: tuple[Path, int], told: Gated) -> None:
    """Work out a whole run, write its report into the folder, with error bars of so many draws; say the answer."""
    from cli.weeks import as_data, summary, worked_out

    with saying(told.quiet) as say:
        result, report = worked_out(whole, command, wanted, told, say)
    if told.as_json:
        print(as_data(result, report))
    elif not told.quiet:
        print(summary(result, report))
    end(result.tables)


def simulated(asked: Scenario, command: str, also: Also, say: Callable[[str], None]) -> Result:
    """The step answered, with error bars where asked. Raises as `step_answer`."""
    from simulator.step_answer import Wanted, step_answer

    wanted = Wanted(True, also.experts, also.network, also.every_gpu)
    result = step_answer(asked, wanted, command, say)
    return _with_intervals(result, asked, also, say) if also.samples else result


def _with_intervals(result: Result, asked: Scenario, also: Also, say: Callable[[str], None]) -> Result:
    """The result with low, mid and high of every headline figure; a warning where a run that nobody asked them for has
    none, because the fast estimate refuses what the simulation does not. Raises Refused where they were asked for.
    """
    from simulator.refusal import Refused
    from simulator.uncertainty import intervals
    from workloads.schedule import ScheduleError

    try:
        return intervals.with_intervals(result, asked, intervals.Asked(also.samples, also.sobol), counting(say))
    except (Refused, ScheduleError) as refusal:
        if also.intervals is not None or also.sobol:
            raise
        return replace(result, warnings=(*result.warnings, f"No intervals: {refusal}"))


def write_report(result: Result, folder: Path) -> Path:
    """Write the folder; return the path of the report in it. Raises typer's usage error for an unusable folder."""
    from reports.write import write

    return write(result, made_folder(folder))[0]


def made_folder(folder: Path) -> Path:
    """The folder, made where it is not there. Raises typer's usage error where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"--out {folder} cannot be made: {error.strerror}") from None
    return folder


def command_line(scenario: str, changes: Sequence[str], catalog: Sequence[Path], also: Also) -> list[str]:
    """Words of the command that gives the same result again, wherever its report was written."""
    words = ["clustercast", "run", scenario]
    for change in changes:
        words += ["--with", change]
    for folder in catalog:
        words += ["--catalog", str(folder)]
    words += ["--every-gpu"] * also.every_gpu + ["--network"] * also.network + ["--experts"] * also.experts
    words += ["--intervals", str(also.intervals)] * (also.intervals is not None) + ["--sobol"] * also.sobol
    return words


def summary(result: Result, report: Path) -> str:
    """Title, the first figures, what they mean, warnings, where the report is."""
    from reports.words import interval, quantity

    shown = [(name, result.headline[key]) for key, name in FIRST.items() if key in result.headline]
    rows = [[name, str(quantity(one.value, one.unit)), interval(one.low, one.high, one.unit)] for name, one in shown]
    return as_blocks(result, [aligned(rows)], report)


def as_data(result: Result, report: Path) -> str:
    """Headline, answer, warnings and the report's path as JSON."""
    from reports.conditions_section import as_data as asked
    from reports.json_result import document

    return headline_json(document(result), report, conditions=asked(result.tables))
