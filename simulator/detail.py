"""Tables of a result beside its figures: why ranks wait, other cuts into stages, recomputing, rooflines."""

from __future__ import annotations

from dataclasses import replace

from simulator import memory_tables
from simulator.bubble import causes
from simulator.cuts import other_cuts
from simulator.plan import Plan
from simulator.result import Result
from simulator.roofline import of_step
from simulator.run import Played


def detailed(result: Result, plan: Plan, played: Played) -> Result:
    """The same result with the tables `bubble` (causes), `cuts` (other admissible ones), `recompute` and `roofline`."""
    tables = {
        **result.tables,
        "bubble": causes(plan, played),
        "cuts": other_cuts(plan),
        "recompute": memory_tables.recomputing(plan, played),
        "roofline": of_step(plan.scenario),
    }
    return replace(result, tables=tables)
