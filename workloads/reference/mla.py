"""Multi-head latent attention (arXiv 2405.04434, section 2.1), expanded for training and absorbed for decode."""

from __future__ import annotations

from workloads.reference.dims import Dims, Latent
from workloads.reference.ops import C, Heads, Ops, Q, Slab, T
from workloads.reference.rotary import softmax_scale


def expanded(ops: Ops[T, Q, C], dims: Dims, mla: Latent, x: T) -> T:
    """Attention with every head's keys and values written out.

    x        [token, hidden]  normalised
    returns  [token, hidden]
    """
    heads = ops.split_over("tensor", mla.heads)
    query = _queries(ops, dims, mla, x)
    _, (latent, shared_key) = _compressed(ops, dims, mla, x)
    kv = ops.linear("kv_b", ops.operand("kv_b", latent, dims.linear), heads * (mla.nope_dim + mla.value_dim))
    content_key, value = ops.split(kv, (mla.nope_dim, mla.value_dim), heads)
    key = ops.join("key", content_key, shared_key, heads)
    scale = softmax_scale(mla.query_dim, dims.rope)
    out = ops.attend("core", query, key, value, Heads(heads, heads, mla.query_dim, mla.value_dim, scale))
    return _output(ops, dims, out)


def absorbed(ops: Ops[T, Q, C], dims: Dims, mla: Latent, x: T) -> T:
    """The same attention on the latents themselves: kv_b is folded into queries and outputs.

    One key-value head of kv_rank + rope_dim serves all heads (arXiv 2405.04434, section 2.1.2).

    x        [token, hidden]  normalised
    returns  [token, hidden]
    """
    heads = ops.split_over("tensor", mla.heads)
    width = mla.nope_dim + mla.value_dim
    content, rotated = ops.split(_queries(ops, dims, mla, x), (mla.nope_dim, mla.rope_dim), heads)
    key, (latent, _) = _compressed(ops, dims, mla, x)
    content = ops.per_head("kv_b", content, heads, Slab(width, mla.kv_rank, 0, mla.nope_dim, turned=True))
    query = ops.beside("query", content, rotated, heads)
    scale = softmax_scale(mla.query_dim, dims.rope)
    out = ops.attend("core", query, key, latent, Heads(heads, 1, mla.cache_width, mla.kv_rank, scale))
    out = ops.per_head("kv_b", out, heads, Slab(width, mla.kv_rank, mla.nope_dim, width, turned=False))
    return _output(ops, dims, out)


def _queries(ops: Ops[T, Q, C], dims: Dims, mla: Latent, x: T) -> T:
    """Rotated queries of this rank's heads: [token, head x query_dim]."""
    heads = ops.split_over("tensor", mla.heads)
    if mla.query_rank:
        low = ops.linear("q_a", ops.operand("q_a", x, dims.linear), mla.query_rank)
        operand = ops.operand("q_b", ops.norm("q_norm", low), dims.linear)
    else:
        operand = ops.operand("q_b", x, dims.linear)
    query = ops.linear("q_b", ops.gather("q_b", operand), heads * mla.query_dim)
    return ops.rope("q_rope", query, mla.query_dim, mla.rope_dim)


def _compressed(ops: Ops[T, Q, C], dims: Dims, mla: Latent, x: T) -> tuple[T, tuple[T, ...]]:
    """The cache, past tokens first: latents and rotated shared keys side by side, and each of them."""
    low = ops.linear("kv_a", ops.operand("kv_a", x, dims.linear), mla.cache_width)
    low = ops.gather_plain("kv_a", low)
    latent, shared_key = ops.split(low, (mla.kv_rank, mla.rope_dim))
    latent = ops.norm("kv_norm", latent)
    shared_key = ops.rope("k_rope", shared_key, mla.rope_dim, mla.rope_dim)
    return ops.remember("latent", latent, shared_key)


def _output(ops: Ops[T, Q, C], dims: Dims, out: T) -> T:
    """Heads back to the hidden state: [token, head x value_dim] -> [token, hidden]."""
    return ops.scatter("o", ops.linear("o", ops.operand("o", out, dims.linear), dims.hidden))
