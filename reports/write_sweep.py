"""The folder of a sweep: page, result.json, tables, and the sweep whole."""

from __future__ import annotations

from pathlib import Path

from reports import sweep_page
from reports.write import put
from reports.write_answered import contents
from simulator.result import Answered


def write_sweep(result: Answered, folder: Path) -> tuple[Path, ...]:
    """Write report.html, result.json, sweep.yaml and tables/*.csv; return their paths, the report first.

    As for the report of a step, everything is made before the first file is written. Raises OSError.
    """
    return put(contents(result, sweep_page.page(result)), folder)
