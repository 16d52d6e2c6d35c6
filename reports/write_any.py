"""The report of whatever was answered, each kind by its own writer."""

from __future__ import annotations

from pathlib import Path

from reports.write import write
from reports.write_comparison import write_comparison
from reports.write_run import write_run
from reports.write_service import write_service
from simulator.comparing.comparison import Comparison
from simulator.long_run.result import RunResult
from simulator.result import Result
from simulator.serving.result import ServiceResult


def write_any(result: Result | RunResult | ServiceResult | Comparison, folder: Path) -> tuple[Path, ...]:
    """Write the report of a step, a run, a service or a comparison into a folder; return the paths, its page first."""
    if isinstance(result, RunResult):
        return write_run(result, folder)
    if isinstance(result, ServiceResult):
        return write_service(result, folder)
    if isinstance(result, Comparison):
        return write_comparison(result, folder)
    return write(result, folder)
