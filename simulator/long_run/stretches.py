"""Stretches of equal steps that a phase consists of, and how the batch grows at its beginning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from simulator.estimates.estimator import Estimator
from simulator.long_run.layouts import Chosen, kept, of_batch
from workloads.run_phases.pre_training import Ramp
from workloads.scenario import Scenario


class Stretch(NamedTuple):
    """Steps that follow each other.

    steps    with a fraction where the tokens do not divide;  step_s   of each, mean where they differ
    tokens   seen in all
    """

    name: str
    steps: float
    step_s: float
    tokens: float

    @property
    def work_s(self) -> float:
        """Seconds of all steps."""
        return self.steps * self.step_s


class Rise(NamedTuple):
    """One batch of a ramp, and the step that it takes."""

    sequences: int
    micro_batches: int
    schedule: str
    steps: float
    step_s: float
    tokens: float


def batches(ramp: Ramp, job_sequences: int) -> tuple[int, ...]:
    """Batch before each rise: from the first, in equal rises, the job's own left out."""
    rise = (job_sequences - ramp.from_sequences) // ramp.rises
    return tuple(ramp.from_sequences + number * rise for number in range(ramp.rises))


def rises(ramp: Ramp, estimator: Estimator, simulated_ratio: float) -> tuple[Rise, ...]:
    """Every batch of a ramp with its step, as far as it can be estimated.

    Each batch sees as many tokens as the others: steps = tokens / rises / (sequences x length).
    simulated_ratio   the steady step as simulated over as estimated, by which all estimates are multiplied
    Raises Refused where a batch runs under no schedule.
    """
    job, found = estimator.scenario.job, []
    for sequences in batches(ramp, job.sequences_per_step):
        one: Chosen = kept(of_batch(estimator, sequences))
        tokens = ramp.tokens / ramp.rises
        steps = tokens / (sequences * job.sequence_length)
        step_s = one.estimate.step_s * simulated_ratio
        schedule = one.scenario.layout.schedule.kind
        found.append(Rise(sequences, one.micro_batches, schedule, steps, step_s, tokens))
    return tuple(found)


def grown(found: tuple[Rise, ...]) -> Stretch:
    """A ramp as one stretch of steps of the mean length."""
    steps = sum(rise.steps for rise in found)
    work_s = sum(rise.steps * rise.step_s for rise in found)
    return Stretch("batch ramp", steps, work_s / steps, sum(rise.tokens for rise in found))


def steady(scenario: Scenario, tokens: int, step_s: float) -> Stretch:
    """Tokens at the job's whole batch."""
    return Stretch("steady", tokens / scenario.job.tokens_per_step, step_s, float(tokens))


def extra_s(ramp: Stretch, whole: Stretch) -> float:
    """Seconds that a ramp takes longer than its tokens would at the whole batch."""
    return ramp.work_s - ramp.tokens * whole.work_s / whole.tokens


def table(found: Mapping[str, tuple[Rise, ...]]) -> pd.DataFrame:
    """One row a batch: phase, sequences, micro_batches, schedule, steps, step_s, tokens."""
    rows = [(phase, *rise) for phase, each in found.items() for rise in each]
    return pd.DataFrame(rows, columns=["phase", *Rise._fields])
