"""The inside of a chunk: what a GPU's compute and communication streams do for the blocks of a stage."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from simulator.engine import Task
from simulator.phases import Block, Compute

COMPUTE, COMM = "compute", "comm"


class Labelled(NamedTuple):
    """A block of a stage and its layer, which its tasks are named by; MTP modules count on from the last layer.

    layer   None for the embedding and the output head
    """

    block: Block
    layer: int | None

    def name(self, what: str, op: str) -> str:
        """How a task of the block is called in a timeline: "attn(F) l3", "head(B)"."""
        return f"{self.block.kind}({op})" if self.layer is None else f"{what}({op}) l{self.layer}"


class _Streams:
    """Collects the tasks of one GPU in order of their issue; tasks of no length are left out."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def add(self, stream: str, name: str, seconds: float, after: Sequence[int | None]) -> int | None:
        """Issue a task; return its index, or what it would have waited for if it has no length."""
        waits = tuple(sorted({index for index in after if index is not None}))
        if seconds <= 0:
            return waits[-1] if waits else None
        self.tasks.append(Task(0, stream, name, seconds, waits))
        return len(self.tasks) - 1


def forward(stage: Sequence[Labelled]) -> tuple[Task, ...]:
    """Forward of a stage alone: nothing to hide the transfers behind."""
    streams = _Streams()
    last: int | None = None
    for item in stage:
        last = _block_forward(streams, item, last)
    return tuple(streams.tasks)


def _block_forward(streams: _Streams, item: Labelled, last: int | None) -> int | None:
    """Issue the forward of one block and return the task that the next block waits for."""
    block = item.block
    last = streams.add(COMM, item.name("split", "F"), block.exchange.split_f.seconds, [last])
    attention = streams.add(COMPUTE, item.name("attn", "F"), block.alone.attention_f_s, [last])
    sent = streams.add(COMM, item.name("dispatch", "F"), block.exchange.dispatch.seconds, [attention, last])
    mlp = streams.add(COMPUTE, item.name("mlp", "F"), block.alone.mlp_f_s, [sent, attention, last])
    return streams.add(COMM, item.name("combine", "F"), block.exchange.combine.seconds, [mlp, last])


def backward(stage: Sequence[Labelled], with_weights: bool) -> tuple[Task, ...]:
    """Backward of a stage alone, last block first; weight gradients run beside transfers where they can.

    with_weights   False leaves the weight gradients to a later chunk
    """
    streams = _Streams()
    last: int | None = None
    for item in reversed(stage):
        last = _block_backward(streams, item, last, with_weights)
    return tuple(streams.tasks)


def _block_backward(streams: _Streams, item: Labelled, last: int | None, with_weights: bool) -> int | None:
    """Issue the backward of one block and return the task that the next block waits for."""
    block = item.block
    exchange, weights = block.exchange, block.shared if block.routed else block.alone
    last = streams.add(COMM, item.name("split", "B"), exchange.split_b.seconds, [last])
    back = streams.add(COMM, item.name("combine", "B"), exchange.combine_back.seconds, [last])
    mlp = streams.add(COMPUTE, item.name("mlp", "B"), block.alone.mlp_b_s, [back, last])
    sent = streams.add(COMM, item.name("dispatch", "B"), exchange.dispatch_back.seconds, [mlp, back, last])
    if with_weights:
        streams.add(COMPUTE, item.name("mlp", "W"), weights.mlp_w_s, [mlp])
    attention = streams.add(COMPUTE, item.name("attn", "B"), block.alone.attention_b_s, [sent, mlp, last])
    if with_weights:
        streams.add(COMPUTE, item.name("attn", "W"), weights.attention_w_s, [attention])
    return attention


def weight_gradient(stage: Sequence[Labelled]) -> tuple[Task, ...]:
    """The postponed weight gradients of a stage, last block first; they need no transfer."""
    streams = _Streams()
    for item in reversed(stage):
        block = item.block
        streams.add(COMPUTE, item.name("mlp", "W"), block.alone.mlp_w_s, [])
        streams.add(COMPUTE, item.name("attn", "W"), block.alone.attention_w_s, [])
    return tuple(streams.tasks)


def pair(forward_stage: Sequence[Labelled], backward_stage: Sequence[Labelled]) -> tuple[Task, ...]:
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
    return tuple(streams.tasks)


def _both(
    streams: _Streams, items: tuple[Labelled, Labelled], last: tuple[int | None, int | None]
) -> tuple[int | None, int | None]:
    """Issue one block of each direction; return what the next blocks of each wait for."""
    (f_item, b_item), (f_block, b_block) = items, (items[0].block, items[1].block)
    ahead, back = last
    overlapped = f_block.routed or b_block.routed
    f_times: Compute = f_block.shared if overlapped else f_block.alone
    b_times: Compute = b_block.shared if overlapped else b_block.alone
    f_moves, b_moves = f_block.exchange, b_block.exchange

    ahead = streams.add(COMM, f_item.name("split", "F"), f_moves.split_f.seconds, [ahead])
    back = streams.add(COMM, b_item.name("split", "B"), b_moves.split_b.seconds, [back])
    gradient = streams.add(COMM, b_item.name("combine", "B"), b_moves.combine_back.seconds, [back])
    attention_f = streams.add(COMPUTE, f_item.name("attn", "F"), f_times.attention_f_s, [ahead])
    sent_f = streams.add(COMM, f_item.name("dispatch", "F"), f_moves.dispatch.seconds, [attention_f, ahead])
    mlp_b = streams.add(COMPUTE, b_item.name("mlp", "B"), b_times.mlp_b_s, [gradient, back])
    sent_b = streams.add(COMM, b_item.name("dispatch", "B"), b_moves.dispatch_back.seconds, [mlp_b, gradient, back])
    streams.add(COMPUTE, b_item.name("mlp", "W"), b_times.mlp_w_s, [mlp_b])
    mlp_f = streams.add(COMPUTE, f_item.name("mlp", "F"), f_times.mlp_f_s, [sent_f, attention_f, ahead])
    attention_b = streams.add(COMPUTE, b_item.name("attn", "B"), b_times.attention_b_s, [sent_b, mlp_b, back])
    combined = streams.add(COMM, f_item.name("combine", "F"), f_moves.combine.seconds, [mlp_f, ahead])
    streams.add(COMPUTE, b_item.name("attn", "W"), b_times.attention_w_s, [attention_b])
    return combined, attention_b
