"""What `clustercast run` does with a whole run: work it out, write its folder, say the answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.columns import aligned
from cli.gated import Gated, with_conditions
from cli.told import as_blocks, headline_json

if TYPE_CHECKING:
    from simulator.long_run.result import RunResult
    from workloads.long_run import Run

FIRST = {
    "gpu_hours": "GPU-hours",
    "cost_usd": "rent",
    "days": "wall time",
    "days_per_trillion_tokens": "a trillion tokens, steady steps",
    "goodput_ratio": "goodput",
    "own_usd": "owning instead",
    "energy_j": "energy",
}
"""Headline figures of the summary, with what the terminal calls them."""


def worked_out(
    run: Run, command: str, wanted: tuple[Path, int], told: Gated, say: Callable[[str], None]
) -> tuple[RunResult, Path]:
    """The result and the path of its report, in a folder and with so many draws of its inputs.

    Raises Refused or DoesNotFit where the run cannot go on.
    """
    from cli.progress import counting
    from reports.write_run import write_run
    from simulator.long_run.run import whole_run
    from simulator.run_error_bars import with_error_bars
    from simulator.uncertainty.intervals import Asked

    folder, samples = wanted
    result = whole_run(run, command, say)
    if samples:
        result = with_error_bars(result, run, Asked(samples), counting(say))
    result = with_conditions(result, told)
    say("Writing the report")
    return result, write_run(result, folder)[0]


def summary(result: RunResult, report: Path) -> str:
    """Title, the first figures, hours line by line, what they mean, warnings, where the report is."""
    from reports.words import quantity

    rows = [
        [name, str(quantity(result.headline[key].value, result.headline[key].unit))]
        for key, name in FIRST.items()
        if key in result.headline
    ]
    lines = [
        [str(what), str(quantity(float(hours), "GPU h")), str(quantity(float(usd), "USD"))]
        for what, hours, usd in result.tables["bill"][["what", "gpu_hours", "usd"]].to_numpy().tolist()
    ]
    return as_blocks(result, [aligned(rows), aligned(lines)], report)


def as_data(result: RunResult, report: Path) -> str:
    """Headline, bill, answer, warnings and the report's path as JSON."""
    from reports.conditions_section import as_data as asked
    from reports.write_answered import document

    whole = document(result)
    return headline_json(whole, report, bill=whole["tables"]["bill"], conditions=asked(result.tables))
