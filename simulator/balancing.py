"""Replicas of busy experts and where they go: how busy the busiest GPU is over the mean, before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.admission import TooLarge
from workloads.balance import balanced
from workloads.expert_tokens import ExpertTokens
from workloads.placement import Placement, Slots, busiest_over_mean, unreplicated_tokens

MOST_STEPS = 500_000_000
"""Layers times replicas squared: some ten seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Balanced:
    """A placement of experts, and tokens of the busiest GPU over the mean without it and with it: [layer]."""

    read: ExpertTokens
    placed: Placement
    before: tuple[float, ...]
    after: tuple[float, ...]

    def frame(self) -> pd.DataFrame:
        """Every slot for an expert.

        returns  [layer x slot]  layer, slot, gpu, expert, and of its layer busiest_over_mean_before and _after (ratios)
        """
        slots, layers = self.placed.slots.replicas, len(self.read.layers)
        return pd.DataFrame(
            {
                "layer": np.repeat(self.read.layers, slots),
                "slot": np.tile(np.arange(slots), layers),
                "gpu": np.broadcast_to(self.placed.gpu, self.placed.expert.shape).ravel(),
                "expert": self.placed.expert.ravel(),
                "busiest_over_mean_before": np.repeat(self.before, slots),
                "busiest_over_mean_after": np.repeat(self.after, slots),
            }
        )


def balance(read: ExpertTokens, slots: Slots) -> Balanced:
    """Replicate and place the experts of every layer (EPLB).

    Raises BalanceError for slots that do not suit the experts, TooLarge for what would take too long.
    """
    slots.check(read.tokens.shape[1])
    if len(read.layers) * slots.replicas**2 > MOST_STEPS:
        raise TooLarge(
            f"{slots.replicas} replicas in each of {len(read.layers)} layers are too many to place in ten seconds"
        )
    placed = balanced(read.tokens, slots)
    before = busiest_over_mean(unreplicated_tokens(read.tokens, slots.gpus)).tolist()
    after = busiest_over_mean(placed.gpu_tokens(read.tokens)).tolist()
    return Balanced(read, placed, tuple(before), tuple(after))
