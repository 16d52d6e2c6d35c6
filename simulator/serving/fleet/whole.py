"""Units that read prompts and write answers in the same steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.serving.fleet.decode import NO_GUESSING, Guessing, Steps, fullest, sequences_that_fit, shared
from simulator.serving.fleet.lookup import at_keys, step_s
from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.option import Kind, Limit, Outcome
from simulator.serving.fleet.prefill import MOST_PROMPTS, QUANTILES, quantiles
from simulator.serving.fleet.queues import points_of, waiting
from simulator.serving.fleet.steps import SIZES, Arriving, Chain, chain, cut
from simulator.serving.tables import MixedTable
from workloads.service import Promises

Floats = NDArray[np.float64]
RATES = 64
"""Fillings of a step at which the rate of requests is worked out, up to the fullest one."""
MEAN_ROUNDS = 2
"""Times that steps are timed anew with what comes to all groups while they last."""
BATCHES = 7
"""Numbers of sequences of a group at which steps are worked out, beside none; between them they are linear."""


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
        """Sequences that a group can have, and what keeps it from more; a token of each has place beside a prompt's."""
        fitting = sequences_that_fit(self.kv_tokens, offered)
        most = min(self.most_sequences, float(self.table.decode.rows[-1]), self.top_tokens - 1)
        return (fitting, "KV memory") if fitting < most else (most, "sequences a step")

    def most_per_unit_per_s(self, offered: Offered) -> tuple[float, Limit]:
        """Requests a second of a unit at most; steps have tokens of prompts and sequences as requests bring them."""
        most, limit = self.places(offered)
        if most < 1:
            return 0.0, limit
        each = offered.decoded_mean_tokens / self.guessing.tokens_per_step / offered.new_mean_tokens
        prompts = min(self.top_tokens / (1 + each), most / each if each else math.inf)
        read = prompts * np.geomspace(min(1.0, 1 / prompts), 1.0, RATES)
        return self.groups * float(
            (read / self._step_s(each * read, read, offered)).max()
        ) / offered.new_mean_tokens, "rate"

    def outcome(self, units: int, offered: Offered, promises: Promises) -> Outcome:
        """Share of the requests that get both; steps hold what comes during the last one beside the sequences there."""
        most, limit = self.places(offered)
        groups = units * self.groups
        if most < 1:
            return Outcome(0.0, 0.0, math.inf, most, math.inf, limit)
        prompts = quantiles(offered.new_tokens, MOST_PROMPTS)
        batches = np.concatenate([[0.0], np.geomspace(1.0, most, BATCHES if most > 1 else 1)])
        means = [self._chain(float(batch), prompts, units, offered).mean_s for batch in batches]
        points = points_of(most * groups)
        seconds = np.interp(fullest(points / groups, self.groups, most), batches, means)
        written = shared(Steps(points, seconds, groups, limit), self.guessing, offered, promises)
        in_time, load = self._in_time(written, units, offered, promises)
        binds: Limit = "TTFT" if in_time < written.tpot_share else written.limit
        if load >= 1:
            binds = "rate"
        return replace(written, ttft_share=in_time, load_ratio=max(written.load_ratio, load), limit=binds)

    def _chain(self, batch: float, prompts: Floats, units: int, offered: Offered) -> Chain:
        """Steps of a unit whose groups have so many sequences; prompts   [prompt]  lengths, all equally often."""
        room = self.top_tokens - batch
        pieces = cut(prompts, room)
        per_s = offered.requests_per_s / units * len(pieces) / len(prompts)
        sizes = np.concatenate([[0.0], np.geomspace(min(max(pieces[0], 1.0), room), room, SIZES)])
        arriving = Arriving(pieces, per_s, self.groups)
        means = sizes / self.groups
        found = chain(arriving, sizes, self._step_s(batch, sizes, offered, means))
        for _ in range(MEAN_ROUNDS if self.groups > 1 and self.table.own_rest_s is not None else 0):
            came = per_s * pieces.mean() / self.groups * found.mean_s
            means = np.clip(came, sizes / self.groups, sizes)
            found = chain(arriving, sizes, self._step_s(batch, sizes, offered, means))
        return found

    def _step_s(self, batch: Floats | float, prompts: Floats, offered: Offered, means: Floats | None = None) -> Floats:
        """Seconds of steps of so many sequences and tokens of prompts in the fullest group: [step] -> [step].

        means   [step]  tokens of prompts of a group, mean of all; None: all have as many
        """
        table = self.table
        own, total = batch + prompts, batch + (prompts if means is None else means)
        rest_s: Floats = np.interp(total, table.tokens, table.rest_s) - np.interp(total, table.tokens, table.own_s)
        rest_s = rest_s + np.interp(own, table.tokens, table.own_s)
        writing = at_keys(table.decode, offered.decode_keys_tokens)
        write_s = np.where(np.asarray(batch) > 0, step_s(table.decode, writing, batch), 0.0)
        read_s = step_s(table.prefill, at_keys(table.prefill, offered.prefill_keys_tokens), prompts)
        found: Floats = rest_s + write_s + np.where(prompts > 0, read_s, 0.0)
        return found

    def _in_time(self, written: Outcome, units: int, offered: Offered, promises: Promises) -> tuple[float, float]:
        """Share of the prompts that are read in time, and how full the room for prompts is."""
        groups, room = units * self.groups, self.top_tokens - written.batch
        if room < 1:
            return 0.0, math.inf
        full_s = float(self._step_s(written.batch, np.array([room]), offered)[0])
        service_s = offered.new_mean_tokens * full_s / room
        load = offered.requests_per_s * service_s
        if load >= groups:
            return 0.0, load / groups
        line = waiting(groups, load, service_s, offered.burstiness_ratio, offered.new_variation)
        found = self._chain(written.batch, quantiles(offered.new_tokens, MOST_PROMPTS), units, offered)
        prompts = quantiles(offered.new_tokens, QUANTILES)
        return found.in_time_share(promises.ttft_s, (room, full_s), line, prompts), load / groups
