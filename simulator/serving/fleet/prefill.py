"""Units that read prompts: steps of batches, prompts that wait for a place in one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.serving.fleet.lookup import at_keys, step_s
from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.option import Kind, Limit, Outcome
from simulator.serving.fleet.queues import Waiting, waiting
from simulator.serving.tables import StepTable
from workloads.service import Promises

Floats = NDArray[np.float64]
ROUNDS = 60
QUANTILES = 64


@dataclass(frozen=True, slots=True)
class PrefillOption:
    """One way to build units that read prompts.

    gpus, groups   of a unit: GPUs, and groups of them with prompts of their own
    table          rows: new tokens of a group in a step
    most_tokens    new tokens that a group takes in a step at most
    chunked        a prompt may be cut so that it fills steps
    """

    kind: ClassVar[Kind] = "prefill"
    name: str
    gpus: int
    groups: int
    table: StepTable
    most_tokens: float
    chunked: bool
    gpu_usd_per_s: float

    @property
    def top_tokens(self) -> float:
        """Tokens of the fullest step that is tabulated."""
        return float(min(self.most_tokens, self.table.rows[-1]))

    def filled_tokens(self, offered: Offered) -> float:
        """New tokens of a full step: uncut prompts leave half of the one that no longer fits (renewal theory)."""
        if self.chunked:
            return self.top_tokens
        return max(self.top_tokens - offered.met_tokens / 2, self.top_tokens / 2)

    def most_per_unit_per_s(self, offered: Offered) -> tuple[float, Limit]:
        """Requests a second of a unit whose steps are all full."""
        full_s = float(step_s(self.table, at_keys(self.table, offered.prefill_keys_tokens), self.top_tokens))
        return self.groups * self.filled_tokens(offered) / full_s / offered.new_mean_tokens, "rate"

    def outcome(self, units: int, offered: Offered, promises: Promises) -> Outcome:
        """Share of the requests whose first token comes in time.

        Groups of all units are the servers of one line (a router sends each prompt where least waits), tokens of a full
        step over its length their speed; who finds a step under way waits for its end.
        """
        seconds = at_keys(self.table, offered.prefill_keys_tokens)
        full_s = float(step_s(self.table, seconds, self.top_tokens))
        filled, servers = self.filled_tokens(offered), units * self.groups
        service_s = offered.new_mean_tokens * full_s / filled
        load = offered.requests_per_s * service_s
        if load >= servers:
            return Outcome(0.0, 1.0, load / servers, self.top_tokens, full_s, "rate")
        line = waiting(servers, load, service_s, offered.burstiness_ratio, offered.new_variation)
        group_per_s = offered.requests_per_s * offered.new_mean_tokens / servers
        step, tokens = self._usual(seconds, group_per_s, offered)
        busy = 1 - math.exp(-offered.requests_per_s / units * step)
        pace = Pace(step, busy, filled, full_s / filled)
        share = float(np.mean(pace.in_time_share(promises.ttft_s, line, quantiles(offered.new_tokens))))
        return Outcome(share, 1.0, load / servers, tokens, step, "TTFT")

    def _usual(self, seconds: Floats, group_per_s: float, offered: Offered) -> tuple[float, float]:
        """Length of a step, and tokens of its fullest group: what comes in during a step, and one prompt more.

        The fullest of groups that are filled in turn has no more than the mean and one prompt (Graham 1966).
        """
        step = float(seconds[0])
        tokens = self.top_tokens
        for _ in range(ROUNDS):
            tokens = min(self.top_tokens, group_per_s * step + offered.met_tokens)
            step = float(step_s(self.table, seconds, tokens))
        return step, tokens


@dataclass(frozen=True, slots=True)
class Pace:
    """How steps follow each other.

    step_s         length;  busy_share   of the time in which one is under way
    filled_tokens  of a group in a full one;  token_s   of a group, in full steps
    """

    step_s: float
    busy_share: float
    filled_tokens: float
    token_s: float

    def in_time_share(self, ttft_s: float, line: Waiting, prompts: Floats) -> Floats:
        """Share of the prompts of each length that are read in time: [prompt] -> [prompt].

        The last token of a prompt of x tokens behind B others is in step k = ceil((B + x) / filled); the step under
        way ends a uniform time after the prompt comes.
        """
        steps = ttft_s / self.step_s
        whole = math.floor(steps)
        by_end, before = self._read_by(whole, line, prompts), self._read_by(whole - 1, line, prompts)
        found: Floats = (1 - self.busy_share) * by_end + self.busy_share * (
            before + (steps - whole) * (by_end - before)
        )
        return found

    def _read_by(self, steps: int, line: Waiting, prompts: Floats) -> Floats:
        """Share of the prompts of each length that are read within so many whole steps: [prompt]."""
        room = steps * self.filled_tokens - prompts
        return line.within_share(room * self.token_s) if steps > 0 else np.zeros_like(prompts)


def quantiles(column: Floats) -> Floats:
    """Evenly many quantiles of a column, in the middle of their shares: [quantile]."""
    found: Floats = np.quantile(column, (np.arange(QUANTILES) + 0.5) / QUANTILES)
    return found
