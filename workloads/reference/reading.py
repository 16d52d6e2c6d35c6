"""A block's record: the shape reading of one block, remembered by its shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from workloads.reference import blocks
from workloads.reference.derive import derive, forward_record
from workloads.reference.dims import WHOLE, Dims, Share, Tokens
from workloads.reference.graph import ELEMENT_BYTES, Graph
from workloads.reference.policy import POLICIES
from workloads.reference.record import Kept, Message, Record, Weight
from workloads.reference.shapes import Shapes

BlockName = Literal["embedding", "dense", "moe", "head", "mtp"]


@dataclass(frozen=True, slots=True)
class Block:
    """What one block asks of one rank for one micro-batch.

    record           every operation
    kept             activations held from forward to the end of the input gradient; empty without backward
    postponed        operands held from the input gradient to a postponed weight gradient
    messages         what leaves the rank between operations
    weights          parameter arrays of the rank, shared ones (embedding and head in MTP) under their first name
    cache_bytes_per_token   keys and values, or latents, that the block caches
    """

    record: Record
    kept: tuple[Kept, ...]
    postponed: tuple[Kept, ...]
    messages: tuple[Message, ...]
    weights: tuple[Weight, ...]
    cache_bytes_per_token: float

    @property
    def kept_bytes(self) -> float:
        """Bytes held from forward to the end of the input gradient."""
        return sum(item.bytes for item in self.kept)

    @property
    def postponed_bytes(self) -> float:
        """Bytes held from the input gradient to a postponed weight gradient."""
        return sum(item.bytes for item in self.postponed)


@lru_cache(maxsize=4096)
def training_block(dims: Dims, name: BlockName, tokens: Tokens, share: Share = WHOLE, policy: str = "none") -> Block:
    """Forward and derived backward of one block; policy: a name in POLICIES."""
    graph = _read(dims, name, tokens, share, folded=False)
    derived = derive(graph, POLICIES[policy], dims.linear == "fp8")
    block = _block(dims, graph, derived.record, derived.kept, derived.postponed)
    return replace(block, messages=(*block.messages, *derived.sent_again))


@lru_cache(maxsize=4096)
def forward_block(dims: Dims, name: BlockName, tokens: Tokens, share: Share = WHOLE, folded: bool = False) -> Block:
    """Forward of one block alone (prefill; decode with `folded` latent attention)."""
    graph = _read(dims, name, tokens, share, folded)
    return _block(dims, graph, forward_record(graph), (), ())


def _block(dims: Dims, graph: Graph, record: Record, kept: tuple[Kept, ...], postponed: tuple[Kept, ...]) -> Block:
    """The graph's findings beside the record."""
    cache_bytes = graph.cached * ELEMENT_BYTES[dims.cache]
    return Block(record, kept, postponed, tuple(graph.messages), tuple(graph.weights.values()), cache_bytes)


def _read(dims: Dims, name: BlockName, tokens: Tokens, share: Share, folded: bool) -> Graph:
    """Read one block on shapes."""
    graph = Graph(per_tensor=dims.scale == "tensor")
    ops = Shapes(graph, dims, tokens, share)
    if name == "embedding":
        blocks.embedding(ops, dims, ops.ids())
    elif name == "head":
        scores = blocks.head(ops, dims, ops.start(dims.hidden))
        ops.at("head").loss("loss", scores, ops.ids())
    elif name == "mtp":
        _, scores = blocks.mtp(ops, dims, ops.start(dims.hidden), ops.ids(), folded=folded)
        ops.at("head").loss("loss", scores, ops.ids())
    else:
        blocks.layer(ops, dims, ops.start(dims.hidden), name == "moe", folded)
    return graph
