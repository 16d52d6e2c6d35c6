"""What ranks that split a block's heads or its sequence wait for each other, where their products do not hide it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from simulator.collectives import NOTHING, Links, Transfer, all_gather
from simulator.costs import Sms, duration
from simulator.network import group_of
from topologies.hardware import Gpu
from workloads.layout import Layout
from workloads.reference.graph import ELEMENT_BYTES
from workloads.reference.record import Message, Op, Phase, Record

IN_PIECES: dict[tuple[str, Phase], Phase] = {
    ("gather", "forward"): "forward",
    ("scatter", "forward"): "forward",
    ("scatter", "input_grad"): "input_grad",
}
"""Messages whose own product is done in pieces: rows are multiplied as they come, or sent as they are made."""
BESIDE: dict[tuple[str, Phase], Phase] = {
    ("gather", "recompute"): "input_grad",
    ("gather", "input_grad"): "weight_grad",
}
"""Messages that travel beside a product that does not need them: the input's rows beside the input gradient, which
only the weight gradient reads, and the input gradient's sums beside the weight gradient."""
LAYER = ("attention", "mlp")
"""Parts whose products are done in pieces (Megatron's userbuffers name the four products of a layer)."""


@dataclass(frozen=True, slots=True)
class Splitting:
    """Who splits what, how their transfers run, on what."""

    layout: Layout
    gpu: Gpu
    links: Links

    def seconds(self, op: Op) -> float:
        """Time of one operation with all multiprocessors."""
        return duration(op, self.gpu, Sms(self.gpu.sms, self.gpu.sms)).seconds


def split(messages: Iterable[Message], record: Record, forward: bool, by: Splitting) -> Transfer:
    """What the messages of one direction add to the block's products: bytes in full, seconds that nothing hides."""
    total = NOTHING
    for message in messages:
        if (message.phase == "forward") == forward:
            moved = transfer(message, by)
            if moved.seconds > 0:
                total = total + replace(moved, seconds=_added_s(message, record, moved.seconds, by))
    return total


def transfer(message: Message, by: Splitting) -> Transfer:
    """Time one gather or scatter by itself; nothing for other messages and for a rank alone.

    A message tells what one rank holds of a token's row; all ranks of the group gather (or give) as many rows each.
    """
    layout = by.layout
    ranks = {"gather": layout.tp, "scatter": layout.tp, "context": layout.cp}.get(message.kind, 1)
    if ranks == 1:
        return NOTHING
    reach = by.links.gpus_per_node // (layout.tp if message.kind == "context" else 1)
    whole_bytes = message.tokens * message.bytes_per_token * ranks
    return all_gather(whole_bytes, group_of(ranks, max(1, reach)), by.links)


def _added_s(message: Message, record: Record, alone_s: float, by: Splitting) -> float:
    """Seconds that a transfer adds to the products it belongs to."""
    if message.kind == "context":
        return _ring_of_keys_s(message, record, alone_s, by) if by.layout.cp_exchange == "ring" else alone_s
    how = (message.kind, message.phase)
    if by.layout.tp_exchange == "whole" or how not in IN_PIECES | BESIDE:
        return alone_s
    partner = _product(record, message.name, (IN_PIECES | BESIDE)[how])
    if partner is None:
        return alone_s
    if how in BESIDE:
        return max(0.0, alone_s - by.seconds(partner))
    return _in_pieces_s(partner, alone_s, by)


def _product(record: Record, name: str, phase: Phase) -> Op | None:
    """The matrix product of a layer that a transfer belongs to; None for the embedding's and the output head's."""
    found = (op for op in record if (op.name, op.phase, op.kind) == (name, phase, "gemm"))
    return next((op for op in found if op.part in LAYER), None)


def _in_pieces_s(product: Op, alone_s: float, by: Splitting) -> float:
    """Seconds that a product done in one piece a rank, each beside the transfer of the next, takes beyond the whole.

    n pieces of p seconds and n - 1 transfers of c: p + (n - 1) max(p, c). A piece has fewer tiles than the whole
    product and reads the whole weight, so that n p is more than the whole product's time.
    """
    ranks = by.layout.tp
    piece_s = by.seconds(piece(product, ranks))
    step_s = alone_s / (ranks - 1)
    return max(0.0, piece_s + (ranks - 1) * max(piece_s, step_s) - by.seconds(product))


def piece(product: Op, pieces: int) -> Op:
    """One of so many equal parts of a product's rows."""
    rows_bytes = product.m * product.k * ELEMENT_BYTES[product.precision]
    return replace(
        product,
        m=product.m // pieces,
        flop=product.flop / pieces,
        flop_full=product.flop_full / pieces,
        read_bytes=product.read_bytes - rows_bytes * (pieces - 1) / pieces,
        write_bytes=product.write_bytes / pieces,
    )


def _ring_of_keys_s(message: Message, record: Record, alone_s: float, by: Splitting) -> float:
    """Seconds of the keys' and values' way round that attention does not hide (ring attention, arXiv 2310.01889).

    While a rank scores what it has, the next rank's keys come: each of the n - 1 transfers runs beside one core.
    """
    steps = by.layout.cp - 1
    cores = [op for op in record if (op.name, op.phase, op.kind) == (message.name, message.phase, "attention")]
    return sum(max(0.0, alone_s / steps - by.seconds(core)) for core in cores[:steps])
