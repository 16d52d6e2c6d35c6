"""Tables of a result that take more runs: why ranks wait, and what another cut into stages would give."""

from __future__ import annotations

from dataclasses import replace

from simulator.bubble import causes
from simulator.cuts import other_cuts
from simulator.plan import Plan
from simulator.result import Result
from simulator.run import Played


def detailed(result: Result, plan: Plan, played: Played) -> Result:
    """The same result with the tables `bubble` (causes) and `cuts` (step and bubble over the admissible cuts)."""
    tables = {**result.tables, "bubble": causes(plan, played), "cuts": other_cuts(plan)}
    return replace(result, tables=tables)
