"""The folder of a whole run: page, result.json, tables, and the run whole."""

from __future__ import annotations

from pathlib import Path

from reports import run_page
from reports.write import put
from reports.write_answered import contents
from simulator.long_run.result import RunResult


def write_run(result: RunResult, folder: Path) -> tuple[Path, ...]:
    """Write report.html, result.json, run.yaml and tables/*.csv; return their paths, the report first.

    As for the report of a step, everything is made before the first file is written. Raises OSError.
    """
    return put(contents(result, run_page.page(result)), folder)
