"""Units that read prompts: steps of batches, prompts that wait for a place in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.serving.fleet.lookup import at_keys, step_s
from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.option import Kind, Limit, Outcome
from simulator.serving.fleet.queues import waiting
from simulator.serving.fleet.steps import SIZES, Arriving, chain, cut
from simulator.serving.tables import StepTable
from workloads.service import Promises

Floats = NDArray[np.float64]
QUANTILES = 32
MOST_PROMPTS = 4000
"""Lengths of prompts: so many for whose waiting is averaged, and for how large the largest of a step is."""


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
        step over its length their speed; who finds a step under way waits for its end, see `steps`.
        """
        seconds = at_keys(self.table, offered.prefill_keys_tokens)
        full_s = float(step_s(self.table, seconds, self.top_tokens))
        filled, servers = self.filled_tokens(offered), units * self.groups
        service_s = offered.new_mean_tokens * full_s / filled
        load = offered.requests_per_s * service_s
        if load >= servers:
            return Outcome(0.0, 1.0, load / servers, self.top_tokens, full_s, "rate")
        line = waiting(servers, load, service_s, offered.burstiness_ratio, offered.new_variation)
        prompts = quantiles(offered.new_tokens, MOST_PROMPTS)
        pieces = cut(prompts, filled)
        per_s = offered.requests_per_s / units * len(pieces) / len(prompts)
        sizes = np.geomspace(max(pieces[0], 1.0), filled, SIZES)
        lengths = np.concatenate([[0.0], step_s(self.table, seconds, sizes)])
        found = chain(Arriving(pieces, per_s, self.groups), np.concatenate([[0.0], sizes]), lengths)
        share = found.in_time_share(promises.ttft_s, (filled, full_s), line, quantiles(offered.new_tokens, QUANTILES))
        return Outcome(share, 1.0, load / servers, found.mean_tokens, found.mean_s, "TTFT")


def quantiles(column: Floats, most: int) -> Floats:
    """A column itself, or as many of its quantiles if it is longer, in the middle of their shares: [quantile]."""
    if len(column) <= most:
        return column
    found: Floats = np.quantile(column, (np.arange(most) + 0.5) / most)
    return found
