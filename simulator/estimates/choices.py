"""What may be varied of a scenario without changing what is asked: layout, micro-batch, recompute."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import product
from typing import NamedTuple

from pydantic import ValidationError

from simulator.admission import admissible
from topologies.discovery import Discovered
from workloads.fit import misfits
from workloads.layout import Layout
from workloads.reference.policy import POLICIES
from workloads.scenario import Scenario
from workloads.schedule import ScheduleSpec

MICRO_BATCHES = (1, 2, 4)
CHUNKS = (2, 3, 4)
"""Stages a rank that interleaved schedules are tried with."""
ZERO = tuple(product((0, 1), (False, True)))
"""ZeRO stage, and whether gradients and parameters travel beside chunks; the scenario's own is added to them."""


class Choice(NamedTuple):
    """One choice. The layout has to fit the scenario (`workloads.fit.misfits`)."""

    layout: Layout
    sequences_per_micro_batch: int
    recompute: str

    @property
    def share(self) -> Hashable:
        """What the costs of layers depend on: choices that agree in it are cheap together."""
        exchanged = (self.layout.tp_exchange, self.layout.cp_exchange, self.layout.zero_stage >= 2)
        return (self.layout.share, exchanged, self.sequences_per_micro_batch, self.recompute)


def chosen(scenario: Scenario, choice: Choice) -> Scenario:
    """The scenario with a choice put in, not checked again."""
    settings = {"sequences_per_micro_batch": choice.sequences_per_micro_batch, "recompute": choice.recompute}
    job = scenario.job.model_copy(update=settings)
    return scenario.model_copy(update={"layout": choice.layout, "job": job})


def choices(scenario: Scenario) -> Iterator[Choice]:
    """Every valid choice on the scenario's GPUs; axes that it does not vary are the scenario's own.

    Tensor parallelism stays inside a node; expert parallelism reaches over a pipeline rank at most; every schedule that
    there is, ZeRO 0, 1 and the scenario's own, one to four sequences a micro-batch, every recompute policy.
    """
    for layout in layouts(scenario):
        for micro_batch in MICRO_BATCHES:
            one = chosen(scenario, Choice(layout, micro_batch, scenario.job.recompute))
            if not misfits(layout, one.demands) and admissible(one):
                yield from (Choice(layout, micro_batch, policy) for policy in POLICIES)


def layouts(scenario: Scenario) -> Iterator[Layout]:
    """Every layout of the scenario's GPUs, valid or not for its batch."""
    gpus, experts = scenario.cluster.gpus, scenario.demands.experts
    base = scenario.layout.model_copy(update={"layers_per_stage": None})
    every = list(dict.fromkeys((*schedules(), base.schedule)))
    sharding = list(dict.fromkeys((*ZERO, (base.zero_stage, base.zero_overlap))))
    for tp, pp in product(_divisors(scenario.demands.gpus_per_node), _divisors(gpus)):
        if gpus % (tp * pp * base.cp) or pp > scenario.demands.layers:
            continue
        dp = gpus // (tp * pp * base.cp)
        for ep in _divisors(experts) if experts else (1,):
            for schedule, (zero_stage, zero_overlap) in product(every, sharding):
                axes = {"tp": tp, "pp": pp, "dp": dp, "ep": ep, "layers_per_stage": None}
                told = {"schedule": schedule, "zero_stage": zero_stage, "zero_overlap": zero_overlap}
                try:
                    yield Layout(**{**dict(base), **axes, **told})
                except ValidationError:
                    continue


def _divisors(number: int) -> list[int]:
    """All divisors, ascending."""
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]


def schedules() -> list[ScheduleSpec]:
    """Every schedule that there is, those with several stages a rank in several ways."""
    found = []
    for kind, spec in Discovered("workloads.schedules").classes(ScheduleSpec).items():
        ways = [{"chunks": chunks} for chunks in CHUNKS] if "chunks" in spec.model_fields else [{}]
        found += [spec.model_validate({"kind": kind, **way}) for way in ways]
    return [schedule for schedule in found if isinstance(schedule, ScheduleSpec)]
