"""What one phase of a block does: FLOP and bytes it computes with, or bytes it sends, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from simulator.chunks import COMPUTE, Part
from simulator.collectives import Transfer
from simulator.phases import Exchange
from simulator.plan import Plan
from workloads.reference.record import Op

Operation = Literal["all-to-all", "all-gather", "reduce-scatter", "all-reduce"]
Among = Literal["experts", "tensor and context", "replicas", "expert replicas", "all"]
"""GPUs that take part: those that hold a layer's experts, that split a sequence's work, that hold the same parameters
outside of experts or of experts, all of them."""


class Computed(NamedTuple):
    """Work on one GPU: arithmetic, and memory traffic if every operand moves once."""

    flop: float
    moved_bytes: float


class Collective(NamedTuple):
    """What one GPU sends in a collective.

    together   pipeline ranks that take part; none where only the own one does
    """

    operation: Operation
    among: Among
    nvlink_bytes: float
    network_bytes: float
    together: tuple[int, ...] = ()


SENT: dict[str, tuple[str, Operation, Among]] = {
    "split F": ("split_f", "all-gather", "tensor and context"),
    "split B": ("split_b", "all-gather", "tensor and context"),
    "dispatch F": ("dispatch", "all-to-all", "experts"),
    "combine F": ("combine", "all-to-all", "experts"),
    "dispatch B": ("dispatch_back", "all-to-all", "experts"),
    "combine B": ("combine_back", "all-to-all", "experts"),
    "again B": ("again", "all-to-all", "experts"),
    "gather F": ("gather", "all-gather", "replicas"),
    "gather B": ("gather", "all-gather", "replicas"),
    "reduce B": ("reduce", "reduce-scatter", "replicas"),
}
"""Phase -> field of a block's exchange, how it is sent, among whom."""


def of_part(part: Part, plan: Plan) -> Computed | Collective:
    """What a part of a chunk does on one GPU at the mean load of its experts."""
    block = plan.blocks[part.block]
    if part.stream == COMPUTE:
        phase, turn = part.phase.split()
        return computed(
            [op for op in block.record if (op.part == "attention") == (phase == "attn") and op.turn == turn]
        )
    field, operation, among = SENT[part.phase]
    return sent(_transfer(block.block.exchange, field), operation, among)


def computed(ops: Sequence[Op]) -> Computed:
    """Operations added up."""
    return Computed(sum(op.flop for op in ops), sum(op.read_bytes + op.write_bytes for op in ops))


def sent(transfer: Transfer, operation: Operation, among: Among, together: tuple[int, ...] = ()) -> Collective:
    """A transfer as a collective."""
    return Collective(operation, among, transfer.nvlink_bytes, transfer.network_bytes, together)


def _transfer(exchange: Exchange, field: str) -> Transfer:
    """One transfer of a block by its name."""
    found: Transfer = getattr(exchange, field)
    return found
