"""The inside of a chunk: what a GPU's compute and communication streams do for the blocks of a stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from simulator.collectives import Transfer
from simulator.phases import Block, Compute, Seconds

COMPUTE, COMM = "compute", "comm"
SHARDED = ("gather", "reduce")
"""Parameters of a block on their way to all ranks, and its gradients to their owners."""


class Labelled(NamedTuple):
    """A block of a stage and its layer, which its tasks are named by; MTP modules count on from the last layer.

    layer   None for the embedding and the output head
    """

    block: Block
    layer: int | None

    def name(self, what: str, op: str) -> str:
        """How a task of the block is called in a timeline: "attn(F) l3", "head(B)"."""
        if self.layer is None:
            return f"{what if what in SHARDED else self.block.kind}({op})"
        return f"{what}({op}) l{self.layer}"


@dataclass(frozen=True, slots=True)
class Part:
    """One phase of a block inside a chunk.

    seconds   by the load of the rank's experts; a transfer's by that of the node's
    after     places of the parts it waits for
    load      which of the chunk's loads counts: each layer routes each micro-batch's tokens anew
    together  whether the ranks that share the experts start it together: nobody's tokens arrive before they are sent
    own       a transfer whose time a GPU's own links or multiprocessors set, not the ports of its node
    block     kind of the block;  phase   which of its phases, as it is issued ("mlp F")
    """

    stream: str
    name: str
    seconds: Seconds
    after: tuple[int, ...]
    load: int
    together: bool
    own: bool = False
    block: str = ""
    phase: str = ""


def loads_of(parts: Sequence[Part]) -> int:
    """Number of different loads that count in a chunk."""
    return 1 + max((part.load for part in parts), default=-1)


class _Streams:
    """Collects the parts of a chunk in order of their issue; those of no length are left out."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.loads: dict[tuple[bool, int | None], int] = {}
        self.began: dict[str, int | None] = {}
        self.unsent: list[tuple[Labelled, list[int | None]]] = []

    def add(self, item: Labelled, what: str, time: Seconds | Transfer, after: Sequence[int | None]) -> int | None:
        """Issue a phase ("mlp F") of a block; return its place, or what it waits for last if it has no length."""
        waits = tuple(sorted({index for index in after if index is not None}))
        phase, op = what.split()
        seconds = time if isinstance(time, Seconds) else Seconds(0.0, time.seconds)
        if seconds.mean_s <= 0:
            return waits[-1] if waits else None
        load = self.loads.setdefault((op == "F", item.layer), len(self.loads))
        stream = COMPUTE if isinstance(time, Seconds) else COMM
        together = phase in ("dispatch", "combine", "again")
        own = isinstance(time, Transfer) and time.own
        part = Part(stream, item.name(phase, op), seconds, waits, load, together, own, item.block.kind, what)
        self.parts.append(part)
        return len(self.parts) - 1

    def gather(self, item: Labelled, op: str, last: int | None) -> int | None:
        """Issue the gather of a block's parameters, and return what its computation waits for.

        It runs one block ahead: it starts when the block before has begun, the memory of the one before that being
        free. Gradients of the block before go after it.

        last   what the block itself waits for
        """
        moved, ahead = item.block.exchange.gather, self.began.get(op)
        place = self.add(item, f"gather {op}", moved, [ahead]) if moved.seconds > 0 else None
        self.began[op] = last
        self.send_gradients()
        return place

    def reduce(self, item: Labelled, after: list[int | None]) -> None:
        """Note that a block's gradients are complete after these places; they are sent behind the next gather."""
        if item.block.exchange.reduce.seconds > 0:
            self.unsent.append((item, after))

    def send_gradients(self) -> None:
        """Issue what has been noted."""
        for item, after in self.unsent:
            self.add(item, "reduce B", item.block.exchange.reduce, after)
        self.unsent.clear()

    def done(self) -> tuple[Part, ...]:
        """All parts, the last gradients among them."""
        self.send_gradients()
        return tuple(self.parts)


def forward(stage: Sequence[Labelled]) -> tuple[Part, ...]:
    """Forward of a stage alone: nothing to hide the transfers behind."""
    streams = _Streams()
    last: int | None = None
    for item in stage:
        last = _block_forward(streams, item, last)
    return streams.done()


def _block_forward(streams: _Streams, item: Labelled, last: int | None) -> int | None:
    """Issue the forward of one block and return the task that the next block waits for."""
    block = item.block
    here = streams.gather(item, "F", last)
    last = streams.add(item, "split F", block.exchange.split_f, [last])
    attention = streams.add(item, "attn F", block.alone.attention_f, [last, here])
    sent = streams.add(item, "dispatch F", block.exchange.dispatch, [attention, last])
    mlp = streams.add(item, "mlp F", block.alone.mlp_f, [sent, attention, last, here])
    return streams.add(item, "combine F", block.exchange.combine, [mlp, last])


def backward(stage: Sequence[Labelled], with_weights: bool) -> tuple[Part, ...]:
    """Backward of a stage alone, last block first; weight gradients run beside transfers where they can.

    with_weights   False leaves the weight gradients to a later chunk
    """
    streams = _Streams()
    last: int | None = None
    for item in reversed(stage):
        last = _block_backward(streams, item, last, with_weights)
    return streams.done()


def _block_backward(streams: _Streams, item: Labelled, last: int | None, with_weights: bool) -> int | None:
    """Issue the backward of one block and return the task that the next block waits for."""
    block = item.block
    exchange, weights = block.exchange, block.shared if block.routed else block.alone
    here = streams.gather(item, "B", last)
    last = streams.add(item, "split B", exchange.split_b, [last])
    last = streams.add(item, "again B", exchange.again, [last])
    back = streams.add(item, "combine B", exchange.combine_back, [last])
    mlp = streams.add(item, "mlp B", block.alone.mlp_b, [back, last, here])
    sending = block.beside if with_weights else exchange
    sent = streams.add(item, "dispatch B", sending.dispatch_back, [mlp, back, last])
    mlp_w = streams.add(item, "mlp W", weights.mlp_w, [mlp]) if with_weights else None
    attention = streams.add(item, "attn B", block.alone.attention_b, [sent, mlp, last])
    if with_weights:
        attention_w = streams.add(item, "attn W", weights.attention_w, [attention])
        streams.reduce(item, [mlp_w, attention_w])
    return attention


def weight_gradient(stage: Sequence[Labelled]) -> tuple[Part, ...]:
    """The postponed weight gradients of a stage, last block first; they need no transfer."""
    streams = _Streams()
    for item in reversed(stage):
        block = item.block
        mlp_w = streams.add(item, "mlp W", block.alone.mlp_w, [])
        attention_w = streams.add(item, "attn W", block.alone.attention_w, [])
        streams.send_gradients()
        streams.reduce(item, [mlp_w, attention_w])
    return streams.done()


def pair(forward_stage: Sequence[Labelled], backward_stage: Sequence[Labelled]) -> tuple[Part, ...]:
    """DualPipe's overlapped pair: the transfers of one chunk behind the computation of the other.

    Block by block, the order on the two streams as in the published profile of DeepSeek-V3's training:
    compute  attention F, mlp B, mlp W, mlp F, attention B, attention W
    comm     combine B, dispatch F, dispatch B, combine F
    The first block of the forward goes with the last block of the backward, and so on; what is left over of the
    longer stage goes alone.
    """
    streams = _Streams()
    ahead: int | None = None
    back: int | None = None
    for forward_block, backward_block in zip_longest(forward_stage, reversed(backward_stage)):
        if backward_block is None:
            ahead = _block_forward(streams, forward_block, ahead)
        elif forward_block is None:
            back = _block_backward(streams, backward_block, back, True)
        else:
            ahead, back = _both(streams, (forward_block, backward_block), (ahead, back))
    return streams.done()


def _both(
    streams: _Streams, items: tuple[Labelled, Labelled], last: tuple[int | None, int | None]
) -> tuple[int | None, int | None]:
    """Issue one block of each direction; return what the next blocks of each wait for."""
    (f_item, b_item), (f_block, b_block) = items, (items[0].block, items[1].block)
    ahead, back = last
    overlapped = f_block.routed or b_block.routed
    f_times: Compute = f_block.shared if overlapped else f_block.alone
    b_times: Compute = b_block.shared if overlapped else b_block.alone
    f_moves, b_moves = f_block.beside, b_block.beside

    here_f, here_b = streams.gather(f_item, "F", ahead), streams.gather(b_item, "B", back)
    ahead = streams.add(f_item, "split F", f_moves.split_f, [ahead])
    back = streams.add(b_item, "split B", b_moves.split_b, [back])
    back = streams.add(b_item, "again B", b_moves.again, [back])
    gradient = streams.add(b_item, "combine B", b_moves.combine_back, [back])
    attention_f = streams.add(f_item, "attn F", f_times.attention_f, [ahead, here_f])
    sent_f = streams.add(f_item, "dispatch F", f_moves.dispatch, [attention_f, ahead])
    mlp_b = streams.add(b_item, "mlp B", b_times.mlp_b, [gradient, back, here_b])
    sent_b = streams.add(b_item, "dispatch B", b_moves.dispatch_back, [mlp_b, gradient, back])
    mlp_w = streams.add(b_item, "mlp W", b_times.mlp_w, [mlp_b])
    mlp_f = streams.add(f_item, "mlp F", f_times.mlp_f, [sent_f, attention_f, ahead, here_f])
    attention_b = streams.add(b_item, "attn B", b_times.attention_b, [sent_b, mlp_b, back])
    combined = streams.add(f_item, "combine F", f_moves.combine, [mlp_f, ahead])
    attention_w = streams.add(b_item, "attn W", b_times.attention_w, [attention_b])
    streams.reduce(b_item, [mlp_w, attention_w])
    return combined, attention_b
