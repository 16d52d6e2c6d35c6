"""What a router is: how many tokens each expert gets; how long that takes is somebody else's business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from topologies.spec import Spec
from topologies.units import Positive
from workloads.reference.dims import Gate

Floats = NDArray[np.float64]
Seed = int | Sequence[int]
GATED_TOKENS = 65_536
"""Tokens of a step that pass the gate unless more are asked for: an expert that gets one token of 32 then gets so many
that chance moves it by about 2 %."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Tokens on their way to the experts: one micro-batch of all the ranks that share them, once a step.

    layers            that route to experts;  steps   draws, one after the other
    tokens            of a step;  sequence_tokens   of one sequence
    gated_tokens      most tokens that are sent through the gate one by one; of more, evenly many of every sequence are,
                      and stand for the rest
    at                numbers of the steps, ascending, one for each; left out: 0, 1, 2, ...; a router that drifts drifts
                      in the steps between, too
    """

    gate: Gate
    layers: int
    steps: int
    tokens: int
    sequence_tokens: int
    gated_tokens: int = GATED_TOKENS
    at: tuple[int, ...] = ()

    @property
    def choices(self) -> float:
        """Pairs of a token and an expert in a layer."""
        return float(self.tokens * self.gate.top_k)

    @property
    def even(self) -> Floats:
        """The mean for every expert: [step, layer, expert]."""
        return np.full(self.shape, self.choices / self.gate.experts)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Steps, layers, experts."""
        return (self.steps, self.layers, self.gate.experts)

    @property
    def moments(self) -> tuple[int, ...]:
        """Number of each step."""
        return self.at or tuple(range(self.steps))

    @property
    def sequences(self) -> float:
        """Sequences of a step, one begun counted by its share; at least one."""
        return max(self.tokens / self.sequence_tokens, 1.0)


class RouterSpec(Spec):
    """A router. A file in workloads/routers with one subclass adds one.

    capacity_factor   tokens that an expert takes at most, in units of the mean; those above are dropped; None: no limit
    """

    kind: str
    independent: ClassVar[bool] = False
    """Every load is drawn by itself, in no time; else tokens pass the gate, or steps and layers hang together."""
    whole_model: ClassVar[bool] = False
    """It only knows all layers of a model at once."""
    capacity_factor: Positive | None = None

    def expert_tokens(self, batch: Batch, seed: Seed) -> Floats:
        """Tokens of each expert after the cap: [step, layer, expert].

        Without a cap those of a layer sum to tokens x top_k. Same seed, same numbers. Raises InvalidInput for a file
        that cannot be read or is of another model.
        """
        tokens = self.routed(batch, seed)
        return tokens if self.capacity_factor is None else capped(tokens, self.capacity_factor)

    def routed(self, batch: Batch, seed: Seed) -> Floats:
        """Tokens that choose each expert: [step, layer, expert]."""
        raise NotImplementedError(f"{type(self).__name__} routes nothing")


def capped(tokens: Floats, capacity_factor: float) -> Floats:
    """Tokens that experts keep if each takes ceil(factor x mean) at most (arXiv 2101.03961, section 2.2).

    Which tokens are dropped does not matter to the loads: no token goes elsewhere instead.

    tokens   [..., expert];  returns [..., expert]
    """
    capacity = np.ceil(capacity_factor * tokens.mean(axis=-1, keepdims=True))
    kept: Floats = np.minimum(tokens, capacity)
    return kept


def dropped_share(tokens: Floats, capacity_factor: float) -> Floats:
    """Share of the choices that a cap drops: [..., expert] -> [...]."""
    share: Floats = 1 - capped(tokens, capacity_factor).sum(axis=-1) / tokens.sum(axis=-1)
    return share


def seeds(seed: Seed, *more: int) -> tuple[int, ...]:
    """A seed of its own for a part of what is drawn."""
    return (*((seed,) if isinstance(seed, int) else seed), *more)
