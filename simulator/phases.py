"""Seconds of the phases of one block of the model: computing by part, sending to experts and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simulator.collectives import NOTHING, Transfer
from simulator.costs import Sms, total_s
from topologies.hardware import Gpu
from workloads.reference.record import Op


@dataclass(frozen=True, slots=True)
class Compute:
    """Seconds on the compute stream, by phase of the block.

    F forward, B input gradient with what it recomputes, W weight gradient
    """

    attention_f_s: float
    mlp_f_s: float
    attention_b_s: float
    mlp_b_s: float
    attention_w_s: float
    mlp_w_s: float

    @property
    def total_s(self) -> float:
        """Forward and whole backward."""
        forward_s = self.attention_f_s + self.mlp_f_s
        return forward_s + self.attention_b_s + self.mlp_b_s + self.attention_w_s + self.mlp_w_s


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a block sends for one micro-batch.

    split_f, split_b   among ranks that split its heads or its sequence, forward and backward
    The others go to its experts and back; the gradient of a combine is a dispatch, and the gradient of a dispatch
    a combine (arXiv 2412.19437, 3.2.1).
    """

    split_f: Transfer = NOTHING
    split_b: Transfer = NOTHING
    dispatch: Transfer = NOTHING
    combine: Transfer = NOTHING
    dispatch_back: Transfer = NOTHING
    combine_back: Transfer = NOTHING

    @property
    def total_s(self) -> float:
        """Seconds of all."""
        return sum(t.seconds for t in self.transfers)

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """All, in the order in which a micro-batch needs them."""
        back = (self.split_b, self.combine_back, self.dispatch_back)
        return (self.split_f, self.dispatch, self.combine, *back)


@dataclass(frozen=True, slots=True)
class Block:
    """One block as a GPU sees it.

    kind     name of its content; two blocks of one kind cost the same
    alone    compute while nothing is sent;  shared   beside a communication kernel that holds some multiprocessors
    exchange   what it sends while it computes, NOTHING where all experts are at hand
    """

    kind: str
    alone: Compute
    shared: Compute
    exchange: Exchange

    @property
    def routed(self) -> bool:
        """Whether its tokens travel to experts on other GPUs."""
        return self.exchange.dispatch.seconds > 0

    @property
    def cost_s(self) -> float:
        """What the block asks of the slower of the two streams for one micro-batch, forward and backward."""
        return max(self.shared.total_s if self.routed else self.alone.total_s, self.exchange.total_s)


def compute(record: Iterable[Op], gpu: Gpu, sms: Sms) -> Compute:
    """Sum a block's operations into its phases.

    Everything that is not attention (MLP, experts, embedding, output head) counts as MLP.
    """
    by_phase: dict[tuple[bool, str], list[Op]] = {}
    for op in record:
        by_phase.setdefault((op.part == "attention", op.turn), []).append(op)
    seconds: Mapping[tuple[bool, str], float] = {key: total_s(ops, gpu, sms) for key, ops in by_phase.items()}

    def of(attention: bool, phase: str) -> float:
        return seconds.get((attention, phase), 0.0)

    return Compute(
        attention_f_s=of(True, "F"),
        mlp_f_s=of(False, "F"),
        attention_b_s=of(True, "B"),
        mlp_b_s=of(False, "B"),
        attention_w_s=of(True, "W"),
        mlp_w_s=of(False, "W"),
    )
