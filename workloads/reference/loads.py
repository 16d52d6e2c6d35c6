"""What one rank's experts receive when tokens choose evenly."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from workloads.reference.dims import Gate
from workloads.reference.graph import Sized


@dataclass(frozen=True, slots=True)
class Loads:
    """What one rank's experts receive.

    rows      (token, expert) pairs they compute
    received  distinct tokens among them
    sent      tokens this rank dispatched
    experts   of this rank
    choice    the sent tokens' experts and weights
    idle      expected share of this rank's experts that no token chose
    """

    rows: int
    received: int
    sent: int
    experts: int
    choice: Sized
    idle: float


def ranks_reached(gate: Gate, ranks: int) -> float:
    """Ranks a token is sent to on average, if it chooses evenly among the experts of its groups.

    Choosing k of n experts misses a rank that holds e of them with probability C(n-e, k) / C(n, k); of replicated
    experts e is a share, no whole number. Real gates spread a little more (7.49 of 64 ranks in DeepSeek-V3, against
    7.36): `Share.received` overrides it.
    """
    own = gate.experts / ranks
    pool = gate.experts * gate.top_groups // gate.groups
    if own > gate.experts // gate.groups:
        pool = gate.experts
    missed = prod(max(0.0, 1 - own / (pool - at)) for at in range(gate.top_k))
    return min(float(gate.top_k), pool / own * (1 - missed))


def idle_share(gate: Gate, rows_per_expert: float) -> float:
    """Expected share of experts without a row: every token misses one with probability 1 - top_k / experts."""
    chosen = gate.top_k / gate.experts
    return (1 - chosen) ** (rows_per_expert / chosen) if chosen < 1 else 0.0
