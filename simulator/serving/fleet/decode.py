"""Units that write answers: sequences that share steps, as many as promise and memory allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.serving.fleet.lookup import at_keys, step_s
from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.option import Kind, Limit, Outcome
from simulator.serving.fleet.queues import Sharing, peakedness, points_of, sharing
from simulator.serving.tables import StepTable
from workloads.service import Promises

Floats = NDArray[np.float64]
QUANTILES = 16
FITS_DEVIATIONS = 2.326
"""Standard deviations between the mean and the 99th of 100: so often a group's caches are to fit."""


@dataclass(frozen=True, slots=True)
class Guessing:
    """Tokens that a sequence gets in a step, mean and standard deviation; one and none without speculation."""

    tokens_per_step: float = 1.0
    deviation_tokens: float = 0.0


NO_GUESSING = Guessing()


@dataclass(frozen=True, slots=True)
class DecodeOption:
    """One way to build units that write answers.

    gpus, groups     of a unit: GPUs, and groups of them with sequences of their own
    table            rows: sequences of a group in a step
    most_sequences   that a group runs at most;  kv_tokens   whose cache a group has place for
    """

    kind: ClassVar[Kind] = "decode"
    name: str
    gpus: int
    groups: int
    table: StepTable
    most_sequences: float
    kv_tokens: float
    gpu_usd_per_s: float
    guessing: Guessing = NO_GUESSING

    def places(self, offered: Offered) -> tuple[float, Limit]:
        """Sequences that a group can have, and what keeps it from more."""
        fitting = sequences_that_fit(self.kv_tokens, offered)
        most = min(self.most_sequences, float(self.table.rows[-1]))
        return (fitting, "KV memory") if fitting < most else (most, "sequences a step")

    def most_per_unit_per_s(self, offered: Offered) -> tuple[float, Limit]:
        """Requests a second of a unit whose places are all taken."""
        most, limit = self.places(offered)
        if most < 1:
            return 0.0, limit
        full_s = float(step_s(self.table, at_keys(self.table, offered.decode_keys_tokens), most))
        asked = offered.decoded_mean_tokens / self.guessing.tokens_per_step
        return (self.groups * most / full_s / asked if asked else np.inf), limit

    def outcome(self, units: int, offered: Offered, promises: Promises) -> Outcome:
        """Share of the requests whose tokens come in time; who finds no place counts as late.

        All units share one line of sequences (a router sends each where least are).
        """
        most, limit = self.places(offered)
        groups = units * self.groups
        if most < 1:
            return Outcome(1.0, 0.0, np.inf, most, np.inf, limit)
        seconds = at_keys(self.table, offered.decode_keys_tokens)
        points = points_of(most * groups)
        steps = step_s(self.table, seconds, fullest(points / groups, self.groups, most))
        return shared(Steps(points, steps, groups, limit), self.guessing, offered, promises)


@dataclass(frozen=True, slots=True)
class Steps:
    """Seconds of a step over the number of sequences of all units.

    sequences   [point]  as from `points_of`;  seconds   [point];  limit   what ends their number
    """

    sequences: Floats
    seconds: Floats
    groups: int
    limit: Limit


def shared(steps: Steps, guessing: Guessing, offered: Offered, promises: Promises) -> Outcome:
    """What requests get that share such steps."""
    rates = steps.sequences / steps.seconds
    asked_per_s = offered.requests_per_s * offered.decoded_mean_tokens / guessing.tokens_per_step
    if not asked_per_s:
        return Outcome(1.0, 1.0, 0.0, 0.0, float(steps.seconds[0]), "TPOT")
    load = float(asked_per_s / rates[-1])
    if load >= 1:
        batch = float(steps.sequences[-1]) / steps.groups
        return Outcome(1.0, 0.0, load, batch, float(steps.seconds[-1]), steps.limit)
    rates[0] = rates[1]
    found = sharing(asked_per_s, rates, float(steps.sequences[-1]), peakedness(offered.burstiness_ratio))
    in_time = _in_time_share(steps.seconds, guessing, offered, promises.tpot_s)
    share = float(found.chance @ in_time)
    late = 1 - found.queued_share - share
    limit: Limit = steps.limit if found.queued_share > late else "TPOT"
    return Outcome(1.0, share, load, *_usual(found, steps), limit)


def _usual(found: Sharing, steps: Steps) -> tuple[float, float]:
    """Mean sequences of a group, and mean seconds of a step."""
    chance = found.chance / found.chance.sum()
    return float(chance @ found.sequences) / steps.groups, float(chance @ steps.seconds)


def _in_time_share(seconds: Floats, guessing: Guessing, offered: Offered, tpot_s: float) -> Floats:
    """Share of the requests that get their tokens in time while steps take so long: [point] -> [point].

    A request of n steps gets tokens a step within deviation / sqrt(n) of the mean (central limit).
    """
    if not guessing.deviation_tokens:
        return (seconds <= tpot_s * guessing.tokens_per_step).astype(np.float64)
    from scipy.special import ndtr

    quantiles = np.quantile(offered.output_tokens - 1, (np.arange(QUANTILES) + 0.5) / QUANTILES)
    lengths = np.maximum(quantiles / guessing.tokens_per_step, 1.0)
    beyond = (guessing.tokens_per_step - seconds / tpot_s) / guessing.deviation_tokens
    found: Floats = ndtr(beyond[:, None] * np.sqrt(lengths)).mean(axis=1)
    return found


def fullest(sequences: Floats, groups: int, most: float) -> Floats:
    """Sequences of the group that has most, by the mean of all: about one more, if each goes where least are.

    Answers end anywhere, new ones fill up what is lowest: levels differ by one or two. One group is its own mean.
    sequences   [...]  mean;  returns [...], `most` at most
    """
    return np.minimum(sequences + np.minimum(sequences, 1.0) * (1 - 1 / groups), most)


def sequences_that_fit(kv_tokens: float, offered: Offered) -> float:
    """Sequences whose caches fit 99 times of 100: b k + 2.33 d sqrt(b) = kv_tokens, solved for b."""
    mean, spread = offered.decode_keys_tokens, FITS_DEVIATIONS * offered.decode_keys_deviation_tokens
    root = (-spread + np.sqrt(spread**2 + 4 * mean * kv_tokens)) / (2 * mean)
    return float(root**2)
