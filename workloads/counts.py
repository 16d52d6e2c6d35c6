"""What a model weighs, caches and computes, part by part, counted in the record of its operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from workloads.model import ModelSpec
from workloads.reference.dims import Dims, Grouped, Latent, Tokens
from workloads.reference.reading import Block, BlockName, forward_block
from workloads.reference.record import Weight

if TYPE_CHECKING:
    import pandas as pd

PARTS = (
    "embedding",
    "attention",
    "router",
    "dense MLP",
    "routed experts",
    "shared experts",
    "output head",
    "MTP",
)
TRAINING_PER_FORWARD = 3
"""Forward, input gradient and weight gradient count the same; what is computed again does not count."""


@dataclass(frozen=True, slots=True)
class PartCount:
    """One part of a model.

    parameters             all of it
    activated              what one token uses: of the embedding one row, of the routed experts top_k
    cache_bytes_per_token  keys and values, or latents
    flop_per_token         forward; causal attention counted as half of the square
    flop_per_token_full    forward; the full square
    """

    part: str
    parameters: int
    activated: int
    cache_bytes_per_token: float
    flop_per_token: float
    flop_per_token_full: float


@dataclass(frozen=True, slots=True)
class CacheShare:
    """Cached bytes against full multi-head attention of the same shape, read in two ways.

    whole_ratio     against whole keys and values of all heads
    content_ratio   against keys without their rotary part, and values
    """

    whole_ratio: float
    content_ratio: float


@lru_cache(maxsize=64)
def count(model: ModelSpec, sequence_length: int = 4096) -> tuple[PartCount, ...]:
    """Counts of each part of the model for sequences of this length; parts it does not have are left out.

    The MTP part is what its modules add; the embedding and head they share are counted once, under their own.
    """
    dims = model.dims()
    totals = {part: [0, 0, 0.0, 0.0, 0.0] for part in PARTS}
    tokens = Tokens(1, sequence_length)
    seen: set[str] = set()
    for name, copies in Counter(model.block_kinds()).items():
        block = forward_block(dims, name, tokens)
        own = [weight for weight in block.weights if weight.name not in seen]
        _add_weights(totals, own, dims, (name, copies))
        _add_work(totals, block, tokens, (name, copies))
        seen |= {weight.name for weight in own if name in ("embedding", "head")}
    return tuple(PartCount(part, int(t[0]), int(t[1]), *t[2:]) for part, t in totals.items() if t[0] or t[3])


def parameters(model: ModelSpec, mtp: bool = False) -> int:
    """Parameters in all; mtp: with what the prediction modules add."""
    return sum(part.parameters for part in count(model) if mtp or part.part != "MTP")


def activated(model: ModelSpec) -> int:
    """Parameters that one token uses, prediction modules left out; of the embedding one row."""
    return sum(part.activated for part in count(model) if part.part != "MTP")


def kv_cache_bytes_per_token(model: ModelSpec, mtp: bool = False) -> float:
    """Bytes that all layers cache for a token; mtp: with the prediction modules."""
    return sum(part.cache_bytes_per_token for part in count(model) if mtp or part.part != "MTP")


def kv_cache_bytes(model: ModelSpec, context_tokens: int) -> float:
    """Bytes cached for one sequence; layers with a sliding window keep no more than its tokens."""
    attention = model.dims().attention
    window = attention.window if isinstance(attention, Grouped) else None
    return kv_cache_bytes_per_token(model) * min(context_tokens, window or context_tokens)


def flop_per_token(model: ModelSpec, sequence_length: int, causal: bool = True, mtp: bool = False) -> float:
    """Training FLOP a token: three times the forward's matmuls and attention, head counted, recompute not."""
    parts = [part for part in count(model, sequence_length) if mtp or part.part != "MTP"]
    forward = sum(part.flop_per_token if causal else part.flop_per_token_full for part in parts)
    return TRAINING_PER_FORWARD * forward


def cache_share(model: ModelSpec) -> CacheShare:
    """Cached elements of a layer over those of full multi-head attention with the same heads."""
    attention = model.dims().attention
    whole = attention.cache_width / attention.full_width
    if isinstance(attention, Latent):
        content = attention.heads * (attention.nope_dim + attention.value_dim)
        return CacheShare(whole, attention.cache_width / content)
    return CacheShare(whole, whole)


def count_table(model: ModelSpec, sequence_length: int = 4096) -> pd.DataFrame:
    """The same as a table, one row a part and the totals without and with MTP below; training FLOP a token."""
    import pandas as pd

    parts = count(model, sequence_length)
    rows = [_row(part.part, (part,)) for part in parts]
    rows.append(_row("all without MTP", [part for part in parts if part.part != "MTP"]))
    if any(part.part == "MTP" for part in parts):
        rows.append(_row("all", parts))
    return pd.DataFrame(rows).set_index("part")


def _row(name: str, parts: Iterable[PartCount]) -> dict[str, object]:
    """One row of the table: sums over parts."""
    parts = tuple(parts)
    return {
        "part": name,
        "parameters": sum(part.parameters for part in parts),
        "activated": sum(part.activated for part in parts),
        "cache_bytes_per_token": sum(part.cache_bytes_per_token for part in parts),
        "training_flop_per_token": TRAINING_PER_FORWARD * sum(part.flop_per_token for part in parts),
        "training_flop_per_token_full": TRAINING_PER_FORWARD * sum(part.flop_per_token_full for part in parts),
    }


def _add_weights(
    totals: dict[str, list[float]], weights: Iterable[Weight], dims: Dims, block: tuple[BlockName, int]
) -> None:
    """Add a block's parameters, and those of them that a token uses, to the parts."""
    name, copies = block
    for weight in weights:
        used = weight.count
        if weight.routed and dims.experts is not None:
            used = used * dims.experts.gate.top_k // dims.experts.gate.experts
        elif name == "embedding":
            used = dims.hidden
        total = totals[_part(name, weight.part, weight.name)]
        total[0] += copies * weight.count
        total[1] += copies * used


def _add_work(totals: dict[str, list[float]], block: Block, tokens: Tokens, which: tuple[BlockName, int]) -> None:
    """Add a block's cache and FLOP a token to the parts."""
    name, copies = which
    totals["MTP" if name == "mtp" else "attention"][2] += copies * block.cache_bytes_per_token
    for op in block.record:
        total = totals[_part(name, op.part, op.name)]
        total[3] += copies * op.flop / tokens.count
        total[4] += copies * op.flop_full / tokens.count


def _part(block: BlockName, part: str, name: str) -> str:
    """Part of the table that an operation or parameter belongs to."""
    if block == "mtp":
        return "MTP"
    first = name.split(".", maxsplit=1)[0]
    named = {"experts": "routed experts", "shared": "shared experts", "router": "router", "gate": "router"}
    parts = {"mlp": "dense MLP", "head": "output head"}
    return named.get(first, parts.get(part, part))
