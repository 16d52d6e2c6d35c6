"""What `clustercast plan` says of its answer: the ranked candidates, the sentences, where the report is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.columns import aligned
from cli.told import as_blocks, headline_json

if TYPE_CHECKING:
    from simulator.planner.result import PlanResult

SHOWN = 10
GPU_TIME = "gpu_s"
"""Told in GPU-hours, as pages do: seconds of thousands of GPUs are years."""
HEADS = {
    "sequences_per_micro_batch": "micro-batch",
    "zero_stage": "ZeRO",
    "zero_overlap": "beside",
    "step_s": "step",
    "time_s": "run",
    "gpu_s": "GPU time",
    "cost_usd": "cost",
    "energy_j": "energy",
    "hour_usd": "an hour",
    "kept_share": "in time",
    "memory_bytes": "memory",
    "pareto": "compromise",
}
"""Columns that the terminal calls otherwise."""
HIDDEN = frozenset({"label", "lost"})
UNITS = {"_s": "s", "_usd": "USD", "_j": "J", "_bytes": "bytes"}


def written(result: PlanResult, folder: Path) -> Path:
    """Write the folder; return the path of the report in it."""
    from reports.write_plan import write_plan

    return write_plan(result, folder)[0]


def summary(result: PlanResult, report: Path) -> str:
    """The ranking, the sentences, warnings, where the report is."""
    return as_blocks(result, [ranking(result)], report)


def ranking(result: PlanResult) -> str:
    """The best candidates, what varies among them and their figures."""
    table = result.tables["candidates"].head(SHOWN)
    hidden = HIDDEN if table["pareto"].sum() > 1 else HIDDEN | {"pareto"}
    shown = [name for name in table.columns if name not in hidden]
    every = table[shown].itertuples(index=False, name=None)
    rows = [[cell(name, value) for name, value in zip(shown, row, strict=True)] for row in every]
    return aligned(rows, [HEADS.get(name, name) for name in shown])


def cell(name: str, value: Any) -> str:
    """A value as a person reads it."""
    from topologies.units import pretty

    unit = next((unit for ending, unit in UNITS.items() if name.endswith(ending)), None)
    if value is None or value != value:
        return "-"
    if name == GPU_TIME:
        from reports import words
        from reports.candidates import shown

        return str(words.quantity(float(value) / shown(name).divisor, shown(name).unit))
    if unit is not None:
        return pretty(float(value), unit)
    if name.endswith("_share"):
        return f"{value:.1%}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def as_data(result: PlanResult, report: Path) -> str:
    """Headline, candidates, answer, warnings and the report's path as JSON."""
    from reports.write_answered import document

    whole = document(result)
    return headline_json(whole, report, candidates=whole["tables"]["candidates"][:SHOWN])
