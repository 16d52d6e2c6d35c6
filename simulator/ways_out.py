"""What to change in a plan that does not fit: changes from the nearest on, and the first that fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

from simulator.refusal import Refused
from topologies.problems import InvalidInput
from topologies.units import pretty
from workloads.scenario import Scenario, catalogue

Changes = Mapping[str, object]
SAVINGS = ("none", "selective", "swiglu", "mla-norms", "deepseek", "full")
"""Recompute policies, from those that keep most on; which of the middle ones keeps less depends on the attention."""
TIMES = (2, 4, 8, 16, 32, 64)
MOST_TRIED = 60
"""Changes tried before none is proposed."""


def way_out(scenario: Scenario, needs_bytes: Callable[[Scenario], float]) -> str:
    """Say which change, of few fields and small steps, fits into the GPU's memory.

    needs_bytes   what the fullest rank of a scenario needs; may raise Refused
    """
    usable_bytes = scenario.cluster.node.gpu.memory_usable_bytes
    least: tuple[float, str] | None = None
    for tried, changes in enumerate(nearest_first(scenario)):
        if tried == MOST_TRIED:
            break
        try:
            needed = needs_bytes(scenario.with_changes(changes, catalogue()))
        except (InvalidInput, Refused):
            continue
        text = " and ".join(f"{path}: {value}" for path, value in changes.items())
        if needed <= usable_bytes:
            return f"{text} would fit, with {pretty(needed, 'bytes')}."
        least = min(filter(None, (least, (needed, text))))
    if least is None:
        return "No change of layout, recompute or ZeRO alone makes it fit."
    return f"Of the changes tried none fits; {least[1]} needs least, {pretty(least[0], 'bytes')}."


def nearest_first(scenario: Scenario) -> Iterator[Changes]:
    """Single changes, the mildest first, ZeRO-3 last; then recompute or ZeRO-3 with each of the layout."""
    software, layout = list(_software(scenario)), list(_layout(scenario))
    yield from software[:-1]
    yield from layout
    yield from software[-1:]
    strongest = [software[place] for place in (-1, 0) if software]
    for first, second in product(strongest, layout):
        yield {**first, **second}


def _software(scenario: Scenario) -> Iterator[Changes]:
    """Changes that leave every GPU where it is."""
    job, layout = scenario.job, scenario.layout
    if job.memory.weight_average == "gpu":
        yield {"job.memory.weight_average": "host"}
    for stage in range(max(1, layout.zero_stage + 1), 4):
        if layout.zero_stage < stage:
            yield {"layout.zero_stage": stage}
            break
    for policy in SAVINGS[SAVINGS.index(job.recompute) + 1 :]:
        yield {"job.recompute": policy}
    if layout.zero_stage < 3:
        yield {"layout.zero_stage": 3}
    if job.sequences_per_micro_batch > 1:
        yield {"job.sequences_per_micro_batch": job.sequences_per_micro_batch // 2}


def _layout(scenario: Scenario) -> Iterator[Changes]:
    """Changes of how the ranks divide the work: twice as many experts' ranks, stages, tensor or context ranks."""
    layout = scenario.layout
    if layout.schedule.kind == "dualpipe":
        yield {"layout.schedule.kind": "1f1b"}
    for times in TIMES:
        if scenario.demands.experts:
            yield {"layout.ep": layout.ep * times}
        if layout.dp % times == 0:
            for axis in ("pp", "tp", "cp"):
                yield {f"layout.{axis}": getattr(layout, axis) * times, "layout.dp": layout.dp // times}
