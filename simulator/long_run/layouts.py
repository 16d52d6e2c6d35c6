"""Which layout a phase runs on: its own schedule where that can run the batch, else the fastest that fits."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from simulator.admission import admissible
from simulator.estimates.choices import Choice, chosen, schedules
from simulator.estimates.estimator import Estimate, Estimator
from simulator.refusal import Refused
from topologies.units import pretty
from workloads.fit import micro_batches, misfits
from workloads.layout import Layout
from workloads.scenario import Scenario
from workloads.schedule import ScheduleSpec

FALLBACK = (
    "where the layout's schedule cannot run a batch's micro-batches, the same layout runs under the schedule, of all "
    "that can, whose step is shortest by the estimate among those that fit into memory"
)
SEARCH = (
    "of all sizes of context parallelism that leave every parameter on its GPU (tp, pp and ep as in the steady step; "
    "dp is what is left), under all schedules and with the job's recomputation or a full one, the fastest by the "
    "estimate among those that fit into memory"
)


class Tried(NamedTuple):
    """A layout under its best schedule: the fastest that fits, else the leanest.

    fits   whether the fullest GPU has room
    """

    choice: Choice
    estimate: Estimate
    fits: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """A phase's scenario with its layout put in.

    micro_batches   of a pipeline in a step
    tried           every size of context parallelism, with its best schedule
    """

    scenario: Scenario
    estimate: Estimate
    micro_batches: int
    tried: tuple[Tried, ...]

    @property
    def range_s(self) -> tuple[float, float]:
        """Steps of the fastest and the slowest layout that fit."""
        steps = [one.estimate.step_s for one in self.tried if one.fits]
        return min(steps), max(steps)


def of_batch(estimator: Estimator, sequences: int) -> Estimator:
    """The same costs for another batch: what is remembered of layers and links does not depend on it."""
    other, job = copy.copy(estimator), estimator.scenario.job
    other.scenario = _with_job(estimator.scenario, sequences, job.sequence_length)
    return other


def _with_job(scenario: Scenario, sequences: int, sequence_length: int) -> Scenario:
    """The scenario with another shape of step, which its own layout need not fit."""
    job = scenario.job.model_copy(update={"sequences_per_step": sequences, "sequence_length": sequence_length})
    return scenario.model_copy(update={"job": job})


def of_shape(scenario: Scenario, sequences: int, sequence_length: int) -> Estimator:
    """Estimates of a scenario with another shape of step."""
    return Estimator(_with_job(scenario, sequences, sequence_length))


def kept(estimator: Estimator) -> Chosen:
    """The scenario's own layout, under another schedule where its own cannot run the batch (`FALLBACK`).

    Raises Refused where none fits.
    """
    scenario = estimator.scenario
    own = Choice(scenario.layout, scenario.job.sequences_per_micro_batch, scenario.job.recompute)
    if _runs(scenario, own):
        found = _tried(estimator, own)
        return _chosen(scenario, (found,) if found is not None else ())
    best = _best(estimator, [_under(own, schedule) for schedule in schedules()])
    return _chosen(scenario, best)


def searched(estimator: Estimator) -> Chosen:
    """The fastest layout by `SEARCH`. Raises Refused where none fits."""
    scenario = estimator.scenario
    tried: list[Tried] = []
    for layout in _layouts(scenario):
        recomputes = dict.fromkeys((scenario.job.recompute, "full"))
        tried += _best(
            estimator,
            [
                _under(Choice(layout, scenario.job.sequences_per_micro_batch, recompute), schedule)
                for recompute in recomputes
                for schedule in dict.fromkeys((scenario.layout.schedule, *schedules()))
            ],
        )
    return _chosen(scenario, tried)


def _layouts(scenario: Scenario) -> Iterator[Layout]:
    """The layout with every power of two of context parallelism that its replicas allow."""
    own, cp = scenario.layout.model_copy(update={"layers_per_stage": None}), 1
    replicas = own.dp * own.cp
    while cp <= replicas:
        if replicas % cp == 0:
            yield own.model_copy(update={"cp": cp, "dp": replicas // cp})
        cp *= 2


def _under(choice: Choice, schedule: ScheduleSpec) -> Choice:
    """The choice under another schedule; a cut by hand is of the old one's stages."""
    layout = choice.layout
    if schedule == layout.schedule:
        return choice
    return choice._replace(layout=layout.model_copy(update={"schedule": schedule, "layers_per_stage": None}))


def _runs(scenario: Scenario, choice: Choice) -> bool:
    """Whether a choice fits the batch and is simulated."""
    one = chosen(scenario, choice)
    return not misfits(choice.layout, one.demands) and admissible(one)


def _tried(estimator: Estimator, choice: Choice) -> Tried | None:
    """The estimate of a choice; None where it cannot run or is not simulated."""
    scenario = estimator.scenario
    if not _runs(scenario, choice):
        return None
    try:
        found = estimator.estimate(choice)
    except Refused:
        return None
    return Tried(choice, found, found.memory_bytes <= scenario.cluster.node.gpu.memory_usable_bytes)


def _best(estimator: Estimator, choices: Sequence[Choice]) -> tuple[Tried, ...]:
    """The fastest choice that fits, else the leanest; nothing where none can run."""
    found = [one for choice in choices if (one := _tried(estimator, choice)) is not None]
    if not found:
        return ()
    fitting = [one for one in found if one.fits]
    return (
        min(fitting, key=lambda one: one.estimate.step_s)
        if fitting
        else min(found, key=lambda one: one.estimate.memory_bytes),
    )


def _chosen(scenario: Scenario, tried: Sequence[Tried]) -> Chosen:
    """The fastest that fits. Raises Refused where none does, with the leanest."""
    fitting = [one for one in tried if one.fits]
    if not fitting:
        raise Refused(_none_fits(scenario, tried))
    best = min(fitting, key=lambda one: one.estimate.step_s)
    whole = chosen(scenario, best.choice)
    return Chosen(whole, best.estimate, micro_batches(whole.layout, whole.demands), tuple(tried))


def _none_fits(scenario: Scenario, tried: Sequence[Tried]) -> str:
    """Why there is no layout."""
    job, usable = scenario.job, scenario.cluster.node.gpu.memory_usable_bytes
    what = f"{job.sequences_per_step:,} sequences of {job.sequence_length:,} tokens"
    if not tried:
        return f"no schedule can run {what} on this layout: change dp, pp or the batch"
    least = min(tried, key=lambda one: one.estimate.memory_bytes)
    need = pretty(least.estimate.memory_bytes, "bytes")
    where = f"cp = {least.choice.layout.cp}, {least.choice.layout.schedule.kind}, recompute: {least.choice.recompute}"
    return f"no layout of {what} fits: the leanest ({where}) needs {need} of {pretty(usable, 'bytes')}"
