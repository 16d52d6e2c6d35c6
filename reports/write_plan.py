"""The folder of a plan: page, result.json, tables, and the question whole."""

from __future__ import annotations

from pathlib import Path

from reports import plan_page
from reports.write import put
from reports.write_answered import contents
from simulator.result import Answered


def write_plan(result: Answered, folder: Path) -> tuple[Path, ...]:
    """Write report.html, result.json, plan.yaml and tables/*.csv; return their paths, the report first.

    As for the report of a step, everything is made before the first file is written. Raises OSError.
    """
    return put(contents(result, plan_page.page(result)), folder)
