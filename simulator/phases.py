"""Seconds of the phases of one block of the model: computing by part, sending to experts and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from simulator.collectives import NOTHING, Transfer
from simulator.costs import Sms, Stopwatch
from workloads.reference.record import Op, Record


class Seconds(NamedTuple):
    """Time of a phase on a rank whose experts get `load` times the mean number of tokens: fixed + per_load x load."""

    fixed_s: float
    per_load_s: float = 0.0

    @property
    def mean_s(self) -> float:
        """At the mean load."""
        return self.fixed_s + self.per_load_s


@dataclass(frozen=True, slots=True)
class Compute:
    """Time on the compute stream, by phase of the block.

    F forward, B input gradient with what it recomputes, W weight gradient
    """

    attention_f: Seconds
    mlp_f: Seconds
    attention_b: Seconds
    mlp_b: Seconds
    attention_w: Seconds
    mlp_w: Seconds

    @property
    def total_s(self) -> float:
        """Forward and whole backward, at the mean load."""
        phases = (self.attention_f, self.mlp_f, self.attention_b, self.mlp_b, self.attention_w, self.mlp_w)
        return sum(phase.mean_s for phase in phases)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a block sends for one micro-batch.

    split_f, split_b   among ranks that split its heads or its sequence, forward and backward
    again              to its experts and back once more, where backward runs the whole block again
    gather, reduce     its parameters before forward and again before backward, its gradients after: fully sharded only
    The others go to its experts and back; the gradient of a combine is a dispatch, and the gradient of a dispatch
    a combine (arXiv 2412.19437, 3.2.1).
    """

    split_f: Transfer = NOTHING
    split_b: Transfer = NOTHING
    dispatch: Transfer = NOTHING
    combine: Transfer = NOTHING
    dispatch_back: Transfer = NOTHING
    combine_back: Transfer = NOTHING
    again: Transfer = NOTHING
    gather: Transfer = NOTHING
    reduce: Transfer = NOTHING

    @property
    def total_s(self) -> float:
        """Seconds of all."""
        return sum(t.seconds for t in self.transfers)

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """All, in the order in which a micro-batch needs them."""
        back = (self.gather, self.split_b, self.again, self.combine_back, self.dispatch_back, self.reduce)
        return (self.gather, self.split_f, self.dispatch, self.combine, *back)


@dataclass(frozen=True, slots=True)
class Block:
    """One block as a GPU sees it.

    kind     name of its content; two blocks of one kind cost the same
    alone      compute while nothing is sent;  shared   beside a communication kernel that holds some multiprocessors
    exchange   what it sends, NOTHING where all experts are at hand;  beside   the same while something is computed
    """

    kind: str
    alone: Compute
    shared: Compute
    exchange: Exchange
    beside: Exchange

    @property
    def routed(self) -> bool:
        """Whether its tokens travel to experts on other GPUs."""
        return self.exchange.dispatch.seconds > 0

    @property
    def cost_s(self) -> float:
        """What the block asks of the slower of the two streams for one micro-batch, forward and backward."""
        return max(self.shared.total_s if self.routed else self.alone.total_s, self.beside.total_s)


class Readings(NamedTuple):
    """The record of a block at the mean load of its experts, and at `heavier_load` times as much."""

    mean: Record
    heavier: Record
    heavier_load: float


def compute(readings: Readings, on: Stopwatch, sms: Sms) -> Compute:
    """Sum a block's operations into its phases, each as a line through two loads of its experts.

    Everything that is not attention (MLP, experts, embedding, output head) counts as MLP.
    """
    at_mean = _by_phase(readings.mean, on, sms)
    heavier = at_mean if readings.heavier is readings.mean else _by_phase(readings.heavier, on, sms)

    def of(attention: bool, turn: str) -> Seconds:
        mean_s, more_s = (seconds.get((attention, turn), 0.0) for seconds in (at_mean, heavier))
        per_load_s = (more_s - mean_s) / (readings.heavier_load - 1)
        return Seconds(mean_s - per_load_s, per_load_s)

    return Compute(
        attention_f=of(True, "F"),
        mlp_f=of(False, "F"),
        attention_b=of(True, "B"),
        mlp_b=of(False, "B"),
        attention_w=of(True, "W"),
        mlp_w=of(False, "W"),
    )


def _by_phase(record: Iterable[Op], on: Stopwatch, sms: Sms) -> dict[tuple[bool, str], float]:
    """Seconds by (is attention, turn)."""
    by_phase: dict[tuple[bool, str], list[Op]] = {}
    for op in record:
        by_phase.setdefault((op.part == "attention", op.turn), []).append(op)
    return {key: on.total_s(ops, sms) for key, ops in by_phase.items()}
