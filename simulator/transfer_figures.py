"""Figures of all-to-all kernels by name, for published measurements of them."""

from __future__ import annotations

import re

from simulator.plan import scenario_links
from simulator.transfer_rates import Measured, Reached, reached_low_latency, reached_normal
from workloads.scenario import Scenario

PATTERN = re.compile(r"(normal|low_latency)\.ep(\d+)\.(dispatch|combine)\.(counted_bytes_per_s|seconds)")
FORM = "all_to_all.normal.epN.dispatch.counted_bytes_per_s (or low_latency, combine, seconds)"


def figure(path: str, scenario: Scenario) -> float | None:
    """Value of `normal.ep64.dispatch.counted_bytes_per_s` and the like on a scenario's GPUs; None for another name.

    Normal kernels run on the job's communication_sms. Raises Refused where experts do not divide.
    """
    found, experts = PATTERN.fullmatch(path), scenario.model.experts
    if found is None or experts is None:
        return None
    which, ranks, direction, field = found.groups()
    kernels, links = scenario.cluster.node.gpu.kernels.all_to_all, scenario_links(scenario)
    gate, count = experts.gate.dims(), int(ranks)
    if which == "normal":
        rows = reached_normal(kernels, links, gate, count, Measured(sms=scenario.job.communication_sms))
    else:
        rows = reached_low_latency(kernels, links, gate, count)
    by_direction: dict[str, Reached] = {row.direction: row for row in rows}
    return float(getattr(by_direction[direction], field))
