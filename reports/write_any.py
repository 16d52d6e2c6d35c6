"""The report of whatever was answered, each kind by its own writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reports.write import write
from reports.write_comparison import write_comparison
from reports.write_plan import write_plan
from reports.write_run import write_run
from reports.write_service import write_service
from reports.write_sweep import write_sweep
from simulator.comparing.comparison import Comparison
from simulator.long_run.result import RunResult
from simulator.planner.result import PlanResult
from simulator.result import Answered, Result
from simulator.serving.result import ServiceResult
from simulator.sweep.result import SweepResult

WRITERS: Mapping[type, Callable[[Any, Path], tuple[Path, ...]]] = {
    Result: write,
    RunResult: write_run,
    ServiceResult: write_service,
    Comparison: write_comparison,
    PlanResult: write_plan,
    SweepResult: write_sweep,
}


def write_any(result: Result | Answered | Comparison, folder: Path) -> tuple[Path, ...]:
    """Write the report of any answer into a folder; return the paths, its page first."""
    if type(result) not in WRITERS:
        raise TypeError(f"{type(result).__name__} is no answer of clustercast")
    return WRITERS[type(result)](result, folder)
