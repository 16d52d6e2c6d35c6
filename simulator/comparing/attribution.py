"""Why one scenario differs from another: one thing changed at a time, simulated after each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from simulator import headline
from simulator.comparing.comparison import AttributionError, Compared
from simulator.comparing.differences import differences, turned
from simulator.memory import require_fit
from simulator.network_bill import network_bill, unit_prices
from simulator.plan import planned
from simulator.refusal import Refused
from simulator.result import BUDGET_TOLERANCE_RATIO
from simulator.run import simulate
from workloads.scenario import Scenario
from workloads.schedule import ScheduleError


class Measured(NamedTuple):
    """What is attributed: seconds of a step, USD of the run, USD of the network (not a number where unknown)."""

    step_s: float
    cost_usd: float
    network_usd: float

    def less(self, before: Measured) -> Measured:
        """Difference to what was before."""
        return Measured(*(now - then for now, then in zip(self, before, strict=True)))


@dataclass(frozen=True, slots=True)
class Line:
    """What one thing, or several that only go together, adds.

    note   why they go together, else empty
    """

    things: tuple[str, ...]
    adds: Measured
    note: str = ""


def attribution(base: Compared, other: Compared) -> tuple[Line, ...]:
    """Turn the base into the other, thing after thing in the order of differences.THINGS, and simulate after each.

    A thing with which the scenario would not be valid or not fit is taken together with the next. The lines add up to
    the whole difference; raises AttributionError where they would not.
    """
    things = [difference.thing for difference in differences(base.scenario, other.scenario)]
    lines: list[Line] = []
    done, pending, reason = 0, 0, ""
    before = measured(base)
    for place in range(1, len(things) + 1):
        found = measured(other) if place == len(things) else _on_the_way(base, other, things[:place])
        if isinstance(found, str):
            reason = reason or found
            continue
        pending = place - done
        note = f"with {' and '.join(things[done : place - 1])} alone the scenario {reason}" if pending > 1 else ""
        lines.append(Line(tuple(things[done:place]), found.less(before), note))
        before, done, reason = found, place, ""
    _require_sum(lines, measured(other).less(measured(base)))
    return tuple(lines)


def measured(of: Compared) -> Measured:
    """The attributed figures of a scenario that was simulated."""
    figures = of.result.headline
    return Measured(figures["step_s"].value, figures["cost_usd"].value, of.network.total_usd)


def _on_the_way(base: Compared, other: Compared, things: Sequence[str]) -> Measured | str:
    """Figures of the base with some things of the other; in words why there are none."""
    scenario = turned(base.scenario, other.scenario, things)
    if scenario is None:
        return "is not valid"
    try:
        return _simulated(scenario)
    except (Refused, ScheduleError) as refusal:
        return f"cannot run ({str(refusal).partition(';')[0].rstrip('.')})"


def _simulated(scenario: Scenario) -> Measured:
    """Simulate a scenario for the attributed figures only; raises Refused."""
    decided = planned(scenario)
    require_fit(decided.memory, scenario.cluster.node.gpu.memory_usable_bytes)
    step_s = simulate(decided).step.makespan_s
    cost_usd = headline.rates(scenario, step_s)["cost_usd"].value
    return Measured(step_s, cost_usd, network_bill(scenario.cluster, unit_prices()).total_usd)


def _require_sum(lines: Sequence[Line], whole: Measured) -> None:
    """Refuse lines that do not add up."""
    for name, total in whole._asdict().items():
        added = math.fsum(getattr(line.adds, name) for line in lines)
        scale = max(abs(total), *(abs(getattr(line.adds, name)) for line in lines), 1.0) if lines else 1.0
        if abs(added - total) > BUDGET_TOLERANCE_RATIO * scale:
            raise AttributionError(f"the lines add up to {added} {name}, but the difference is {total}")
