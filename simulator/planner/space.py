"""Which layouts there are: shares of a layer, then everything that may be chosen beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

from pydantic import ValidationError

from simulator.admission import admissible
from simulator.estimates.choices import Choice, chosen
from topologies.discovery import Discovered
from workloads.fit import misfits
from workloads.layout import Layout
from workloads.layout_axes import LayoutAxes
from workloads.scenario import Scenario
from workloads.schedule import ScheduleSpec

CPS, LEAST_TOKENS = (1, 2, 4, 8), 2000
"""Context parallelism that is tried unless other sizes are named, and tokens of a sequence that it leaves a rank."""
PLAIN = "1f1b"
"""Schedule of a single rank: all others do the same there, in another order."""
WHOLE = 3
"""ZeRO stage at which nothing is left to travel at the step's end, so that it cannot travel beside chunks."""


class Part(NamedTuple):
    """One part of the space: how a layer is shared, and how much of a batch goes through it at once."""

    tp: int
    cp: int
    ep: int
    sequences_per_micro_batch: int


class Family(NamedTuple):
    """Choices that differ in sharding and recomputation only, which no rule of validity depends on."""

    layout: Layout
    sequences_per_micro_batch: int


class Way(NamedTuple):
    """How states are spread, and whether gradients and parameters travel beside chunks."""

    zero_stage: int
    zero_overlap: bool


def parts(scenario: Scenario, axes: LayoutAxes) -> list[Part]:
    """Every part that any layout may be in, those first that resemble what runs well: little is split."""
    demands, gpus = scenario.demands, scenario.cluster.gpus
    tps = axes.tp or divisors(demands.gpus_per_node)
    cps = axes.cp or [cp for cp in CPS if cp == 1 or demands.sequence_tokens // cp >= LEAST_TOKENS]
    eps = (axes.ep or divisors(demands.experts)) if demands.experts else (1,)
    found = [
        Part(tp, cp, ep, size)
        for tp, cp, ep, size in product(tps, cps, eps, axes.sequences_per_micro_batch)
        if not (demands.heads % tp or demands.sequence_tokens % cp or gpus % (tp * cp))
        and not (demands.experts and demands.experts % ep)
        and not demands.global_batch_sequences % size
    ]
    own = Part(*_own(scenario))
    return sorted(dict.fromkeys(found), key=lambda part: (part != own, part.tp * part.cp, *part))


def lists_own(scenario: Scenario, axes: LayoutAxes) -> bool:
    """Whether the scenario's own layout is one of those that are searched."""
    layout, job = scenario.layout, scenario.job
    pairs: tuple[tuple[Sequence[object] | None, object], ...] = (
        (axes.tp, layout.tp), (axes.cp, layout.cp), (axes.pp, layout.pp), (axes.ep, layout.ep),
        (axes.schedules, layout.schedule.kind), (axes.sequences_per_micro_batch, job.sequences_per_micro_batch),
        (axes.recompute, job.recompute), (axes.zero_stage, layout.zero_stage), (axes.zero_overlap, layout.zero_overlap),
    )  # fmt: skip
    return all(values is None or value in values for values, value in pairs)


def _own(scenario: Scenario) -> tuple[int, int, int, int]:
    """The part that the scenario's own layout is in."""
    layout = scenario.layout
    return layout.tp, layout.cp, layout.ep, scenario.job.sequences_per_micro_batch


def families(scenario: Scenario, axes: LayoutAxes, part: Part) -> Iterator[Family]:
    """Every valid layout of a part, whatever its sharding and recomputation."""
    gpus, layers = scenario.cluster.gpus, scenario.demands.layers
    base = dict(scenario.layout.model_copy(update={"layers_per_stage": None}))
    for pp in axes.pp or divisors(gpus):
        if pp > layers or gpus % (part.tp * part.cp * pp):
            continue
        dp = gpus // (part.tp * part.cp * pp)
        if scenario.demands.global_batch_sequences % (dp * part.sequences_per_micro_batch):
            continue
        sizes = {"tp": part.tp, "cp": part.cp, "ep": part.ep, "pp": pp, "dp": dp}
        for schedule in schedules(axes, scenario.layout.schedule):
            layout = layout_of({**base, **sizes, "schedule": schedule})
            if layout is None:
                break
            if (
                schedule.stages(pp) <= layers
                and (pp > 1 or schedule.stages(1) == 1)
                and runs(scenario, Choice(layout, part[-1], scenario.job.recompute))
            ):
                yield Family(layout, part.sequences_per_micro_batch)


def sensible(schedule: ScheduleSpec, pp: int, layers: int) -> bool:
    """Whether a schedule is worth a look: every stage has a layer; where there is no pipeline, 1F1B alone is."""
    return schedule.stages(pp) <= layers and (pp > 1 or schedule.kind == PLAIN)


def layout_of(fields: dict[str, object]) -> Layout | None:
    """A layout, None where its axes do not go together."""
    try:
        return Layout(**fields)  # type: ignore[arg-type]
    except ValidationError:
        return None


def runs(scenario: Scenario, choice: Choice) -> bool:
    """Whether a choice fits the batch and is simulated."""
    one = chosen(scenario, choice)
    return not misfits(choice.layout, one.demands) and admissible(one)


def ways(scenario: Scenario, axes: LayoutAxes) -> list[Way]:
    """Every way of sharding that the job allows; its own is tried first."""
    own = Way(scenario.layout.zero_stage, scenario.layout.zero_overlap)
    every = [Way(*way) for way in product(axes.zero_stage, axes.zero_overlap) if way != (WHOLE, True)]
    if axes.zero_overlap == (True,) and WHOLE in axes.zero_stage:
        every.append(Way(WHOLE, True))
    offload = scenario.job.memory.offload
    sharded = offload is not None and offload.parameters != "gpu"
    return sorted((way for way in every if not sharded or way.zero_stage == WHOLE), key=lambda way: (way != own, *way))


def under(family: Family, way: Way, recompute: str) -> Choice:
    """One choice of a family."""
    told = {"zero_stage": way.zero_stage, "zero_overlap": way.zero_overlap}
    return Choice(family.layout.model_copy(update=told), family.sequences_per_micro_batch, recompute)


def schedules(axes: LayoutAxes, own: ScheduleSpec) -> list[ScheduleSpec]:
    """Schedules of the kinds that are searched; those with chunks in several ways, each with its overlap and without.

    A schedule that the scenario has is tried as it is there; two that overlap by their nature only so.
    """
    found: list[ScheduleSpec] = [own] if axes.schedules is None or own.kind in axes.schedules else []
    for kind, spec in sorted(Discovered("workloads.schedules").classes(ScheduleSpec).items()):
        if axes.schedules is not None and kind not in axes.schedules:
            continue
        own_ways: Sequence[dict[str, object]] = [{}]
        if "chunks" in spec.model_fields:
            overlaps = [{"overlap": False}, {"overlap": True}] if "overlap" in spec.model_fields else [{}]
            own_ways = [{"chunks": chunks, **overlap} for chunks in axes.chunks for overlap in overlaps]
        for way in own_ways:
            schedule = spec.model_validate({"kind": kind, **way})
            if isinstance(schedule, ScheduleSpec) and schedule not in found:
                found.append(schedule)
    return found


def divisors(number: int) -> list[int]:
    """All divisors, ascending."""
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]
