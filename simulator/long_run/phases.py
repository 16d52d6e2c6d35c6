"""GPU-hours of each phase of a run while nothing fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

from simulator.economics.drawing import Doing, doing
from simulator.estimates.choices import Choice
from simulator.estimates.estimator import Estimator
from simulator.headline import HOUR_S
from simulator.long_run import stretches
from simulator.long_run.layouts import Chosen, kept, of_shape, searched
from simulator.long_run.stretches import Rise, Stretch
from simulator.memory import DoesNotFit
from simulator.plan import Plan, plan
from simulator.run import simulate
from workloads.long_run import Run
from workloads.run_phase import RunPhase, Trained
from workloads.run_phases.fixed_steps import FixedSteps
from workloads.run_phases.generation_and_training import GenerationAndTraining
from workloads.run_phases.pre_training import PreTraining
from workloads.run_phases.stated import Stated
from workloads.scenario import Scenario

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PhaseTime:
    """What a phase takes while nothing fails.

    plan         of its (steady) step; None where its GPU time is put in
    stretches    of its steps;  rises   batches of its ramp
    work_s       wall seconds;  ramp_extra_s   of them those that growing the batch adds to steady steps
    before_s     of each step, what is done before it trains: generation
    range_s      wall seconds with the fastest and the slowest layout that fit
    """

    phase: RunPhase
    work_s: float
    plan: Plan | None = None
    doing: Doing | None = None
    stretches: tuple[Stretch, ...] = ()
    rises: tuple[Rise, ...] = ()
    chosen: Chosen | None = None
    ramp_extra_s: float = 0.0
    before_s: float = 0.0
    range_s: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """Of the phase."""
        return self.phase.name

    @property
    def tokens(self) -> float:
        """Seen in all its steps."""
        return sum(stretch.tokens for stretch in self.stretches)

    def gpu_hours(self, gpus: int) -> float:
        """On so many GPUs."""
        return self.work_s * gpus / HOUR_S


def phase_times(run: Run, say: Say) -> tuple[PhaseTime, ...]:
    """Every phase in turn. Raises Refused or DoesNotFit where one cannot run, with its name."""
    found = []
    for phase in run.phases:
        say(f"Working out {phase.name}")
        try:
            found.append(_timed(phase, run.scenario))
        except DoesNotFit as refused:
            raise DoesNotFit(f"phase {phase.name}: {refused}") from None
    return tuple(found)


@singledispatch
def _timed(phase: RunPhase, scenario: Scenario) -> PhaseTime:
    """Seconds of one phase."""
    raise NotImplementedError(f"no way to time a phase of kind {phase.kind}")


@_timed.register
def _(phase: Stated, scenario: Scenario) -> PhaseTime:
    return PhaseTime(phase, phase.gpu_time_s / scenario.cluster.gpus)


@_timed.register
def _(phase: PreTraining, scenario: Scenario) -> PhaseTime:
    asked = _changed(phase, scenario)
    decided, step_s, work = _simulated(asked)
    if phase.ramp is None:
        whole = stretches.steady(asked, asked.job.tokens, step_s)
        return PhaseTime(phase, whole.work_s, decided, work, (whole,))
    estimator = Estimator(asked)
    own = Choice(asked.layout, asked.job.sequences_per_micro_batch, asked.job.recompute)
    rises = stretches.rises(phase.ramp, estimator, step_s / estimator.estimate(own).step_s)
    ramp, whole = stretches.grown(rises), stretches.steady(asked, asked.job.tokens - phase.ramp.tokens, step_s)
    return PhaseTime(
        phase,
        ramp.work_s + whole.work_s,
        decided,
        work,
        (ramp, whole),
        rises,
        ramp_extra_s=stretches.extra_s(ramp, whole),
    )


@_timed.register
def _(phase: FixedSteps, scenario: Scenario) -> PhaseTime:
    return _of_shape(phase, scenario, 0.0)


@_timed.register
def _(phase: GenerationAndTraining, scenario: Scenario) -> PhaseTime:
    generated = phase.sequences_per_step * phase.answer_tokens
    return _of_shape(phase, scenario, generated / (phase.generation.tokens_per_s_per_gpu * scenario.cluster.gpus))


def _of_shape(phase: FixedSteps | GenerationAndTraining, scenario: Scenario, before_s: float) -> PhaseTime:
    """Steps of one shape, each after some seconds of something else on the same GPUs."""
    estimator = of_shape(_changed(phase, scenario), phase.sequences_per_step, phase.sequence_length)
    found = searched(estimator) if phase.layout == "search" else kept(estimator)
    decided, step_s, work = _simulated(found.scenario)
    tokens = float(phase.steps * found.scenario.job.tokens_per_step)
    whole = Stretch("steady", float(phase.steps), before_s + step_s, tokens)
    ratio = step_s / found.estimate.step_s
    low_s, high_s = (phase.steps * (before_s + one * ratio) for one in found.range_s)
    return PhaseTime(
        phase,
        whole.work_s,
        decided,
        work,
        (whole,),
        chosen=found,
        before_s=before_s,
        range_s=(low_s, high_s) if phase.layout == "search" else None,
    )


def _changed(phase: Trained, scenario: Scenario) -> Scenario:
    """The scenario as the phase has it."""
    from workloads.scenario import catalogue

    return scenario.with_changes(phase.changes, catalogue()) if phase.changes else scenario


def _simulated(scenario: Scenario) -> tuple[Plan, float, Doing]:
    """Plan and play one step: its seconds, and what GPUs do in them."""
    decided = plan(scenario)
    played = simulate(decided)
    return decided, played.step.makespan_s, doing(decided, played)
