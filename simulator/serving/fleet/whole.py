"""Units that read prompts and write answers in the same steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.serving.fleet.decode import NO_GUESSING, Guessing, Steps, sequences_that_fit, shared
from simulator.serving.fleet.lookup import at_keys, step_s
from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.option import Kind, Limit, Outcome
from simulator.serving.fleet.prefill import Pace, quantiles
from simulator.serving.fleet.queues import points_of, waiting
from simulator.serving.tables import MixedTable
from workloads.service import Promises

Floats = NDArray[np.float64]
ROUNDS = 40


@dataclass(frozen=True, slots=True)
class WholeOption:
    """One way to build units that do both; fields as in PrefillOption and DecodeOption.

    most_tokens   new tokens of a group's step, those of prompts and of answers together
    """

    kind: ClassVar[Kind] = "whole"
    name: str
    gpus: int
    groups: int
    table: MixedTable
    most_tokens: float
    most_sequences: float
    kv_tokens: float
    gpu_usd_per_s: float
    guessing: Guessing = NO_GUESSING

    @property
    def top_tokens(self) -> float:
        """New tokens of the fullest step that is tabulated."""
        return float(min(self.most_tokens, self.table.tokens[-1], self.table.prefill.rows[-1]))

    def places(self, offered: Offered) -> tuple[float, Limit]:
        """Sequences that a group can have, and what keeps it from more; a token of each has place in a step."""
        fitting = sequences_that_fit(self.kv_tokens, offered)
        most = min(self.most_sequences, float(self.table.decode.rows[-1]), self.top_tokens)
        return (fitting, "KV memory") if fitting < most else (most, "sequences a step")

    def most_per_unit_per_s(self, offered: Offered) -> tuple[float, Limit]:
        """Requests a second of a unit at whose rate prompts take the room that answers leave: the largest there is."""
        most, limit = self.places(offered)
        if most < 1:
            return 0.0, limit
        low, high = 0.0, self.top_tokens / offered.new_mean_tokens / self._least_s()
        for _ in range(ROUNDS):
            middle = (low + high) / 2
            low, high = (middle, high) if self._keeps_up(middle, most, offered) else (low, middle)
        return low * self.groups, "rate"

    def _least_s(self) -> float:
        """The shortest step."""
        return float(self.table.rest_s[0])

    def _keeps_up(self, group_per_s: float, most: float, offered: Offered) -> bool:
        """Whether a group does so many requests a second, with all its places taken."""
        prompts, step = self._mixed(np.array([most]), group_per_s, offered)
        asked = group_per_s * offered.decoded_mean_tokens / self.guessing.tokens_per_step
        return bool(prompts[0] < self.top_tokens - most) and asked < most / float(step[0])

    def _mixed(self, sequences: Floats, group_per_s: float, offered: Offered) -> tuple[Floats, Floats]:
        """Tokens of prompts in a step beside so many sequences, and its seconds: what comes in during it is read in it.

        sequences   [point]  of a group;  returns [point], [point]
        """
        table, room = self.table, np.maximum(self.top_tokens - sequences, 0.0)
        reading = at_keys(table.prefill, offered.prefill_keys_tokens)
        writing = step_s(table.decode, at_keys(table.decode, offered.decode_keys_tokens), sequences)
        prompts = np.zeros_like(sequences)
        seconds = prompts
        for _ in range(ROUNDS):
            rest_s = np.interp(sequences + prompts, table.tokens, table.rest_s)
            read_s = np.where(prompts > 0, step_s(table.prefill, reading, prompts), 0.0)
            seconds = rest_s + np.where(sequences > 0, writing, 0.0) + read_s
            prompts = np.minimum(room, group_per_s * offered.new_mean_tokens * seconds)
        return prompts, seconds

    def outcome(self, units: int, offered: Offered, promises: Promises) -> Outcome:
        """Share of the requests that get both; steps hold what comes in beside the sequences that are there."""
        most, limit = self.places(offered)
        groups = units * self.groups
        if most < 1:
            return Outcome(0.0, 0.0, math.inf, most, math.inf, limit)
        group_per_s = offered.requests_per_s / groups
        points = points_of(most * groups)
        _, seconds = self._mixed(points / groups, group_per_s, offered)
        seconds = np.maximum(seconds, self._least_s())
        written = shared(Steps(points, seconds, groups, limit), self.guessing, offered, promises)
        read_share, load = self._in_time(written, groups, offered, promises)
        binds = "TTFT" if read_share < written.tpot_share else written.limit
        if load >= 1:
            binds = "rate"
        return replace(written, ttft_share=read_share, load_ratio=max(written.load_ratio, load), limit=binds)

    def _in_time(self, written: Outcome, groups: int, offered: Offered, promises: Promises) -> tuple[float, float]:
        """Share of the prompts that are read in time, and how full the room for prompts is, in steps as usual."""
        room = self.top_tokens - written.batch
        step, filled = written.step_s, room
        if room < 1:
            return 0.0, math.inf
        service_s = offered.new_mean_tokens * step / filled
        load = offered.requests_per_s * service_s
        if load >= groups:
            return 0.0, load / groups
        line = waiting(groups, load, service_s, offered.burstiness_ratio, offered.new_variation)
        pace = Pace(step, 1.0, filled, step / filled)
        share = pace.in_time_share(promises.ttft_s, line, quantiles(offered.new_tokens))
        return float(share.mean()), load / groups
