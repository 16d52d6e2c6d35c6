"""Grouped-query attention (arXiv 2305.13245), with the query-key norm and biases some models add."""

from __future__ import annotations

from workloads.reference.dims import Dims, Grouped
from workloads.reference.ops import C, Heads, Ops, Q, T
from workloads.reference.rotary import softmax_scale


def grouped_query(ops: Ops[T, Q, C], dims: Dims, gqa: Grouped, x: T) -> T:
    """Attention with fewer key-value heads than heads.

    x        [token, hidden]  normalised
    returns  [token, hidden]
    """
    heads = ops.split_over("tensor", gqa.heads)
    kv_heads = ops.split_over("tensor", gqa.kv_heads)
    width = gqa.head_dim
    operand = ops.gather("qkv", ops.operand("qkv", x, dims.linear))
    qkv = ops.linear("qkv", operand, (heads + 2 * kv_heads) * width, bias=gqa.qkv_bias)
    query, key, value = ops.split(qkv, (heads * width, kv_heads * width, kv_heads * width))
    if gqa.qk_norm:
        query = ops.norm("q_norm", query, width)
        key = ops.norm("k_norm", key, width)
    query = ops.rope("q_rope", query, width, width)
    _, (key, value) = ops.remember("kv", ops.rope("k_rope", key, width, width), value)
    how = Heads(heads, kv_heads, width, width, softmax_scale(width, dims.rope), gqa.window)
    out = ops.attend("core", query, key, value, how)
    return ops.scatter("o", ops.linear("o", ops.operand("o", out, dims.linear), dims.hidden))
