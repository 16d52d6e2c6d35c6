"""The blocks of a decoder-only transformer, and the whole of it."""

from __future__ import annotations

from workloads.reference.dims import Dims, Latent
from workloads.reference.gqa import grouped_query
from workloads.reference.mla import absorbed, expanded
from workloads.reference.mlp import mixture, swiglu_mlp
from workloads.reference.ops import C, Ops, Q, T

EMBEDDING = "embedding"
HEAD = "head"


def embedding(ops: Ops[T, Q, C], dims: Dims, ids: T) -> T:
    """Hidden states of token ids: [token] -> [token, hidden]."""
    part = ops.at("embedding")
    vocab = part.split_over("tensor", dims.vocab)
    return part.scatter(EMBEDDING, part.lookup(EMBEDDING, ids, vocab, dims.hidden))


def layer(ops: Ops[T, Q, C], dims: Dims, x: T, routed: bool, folded: bool = False) -> T:
    """One layer: attention, then a dense MLP or routed experts, each added to the residual stream.

    folded   multi-head latent attention on the latents themselves (decode)
    x        [token, hidden]
    returns  [token, hidden]
    """
    early, late = ops.at("attention"), ops.at("mlp")
    normed = early.norm("attention_norm", x)
    if isinstance(dims.attention, Latent):
        mla = absorbed if folded else expanded
        x = early.add("attention_add", x, mla(early, dims, dims.attention, normed))
    else:
        x = early.add("attention_add", x, grouped_query(early, dims, dims.attention, normed))
    normed = early.norm("ffn_norm", x)
    if routed and dims.experts is not None:
        return early.add("ffn_add", x, *mixture(ops, dims, dims.experts, normed))
    inner = early.operand("gate_up", normed, dims.linear)
    return early.add("ffn_add", x, swiglu_mlp(late, dims, "", inner, dims.dense_inter))


def head(ops: Ops[T, Q, C], dims: Dims, x: T) -> T:
    """Scores of the next token: [token, hidden] -> [token, vocab]."""
    part = ops.at("head")
    return _scores(part, dims, part.norm("final_norm", x))


def mtp(ops: Ops[T, Q, C], dims: Dims, x: T, ids: T, depth: int = 0, folded: bool = False) -> tuple[T, T]:
    """One multi-token prediction module (arXiv 2412.19437, section 2.2): one more token ahead.

    Embedding and output head are the main model's own.

    x        [token, hidden]  of the main model or of the module before
    ids      [token]          the token that follows what x has seen
    returns  [token, hidden] and scores [token, vocab] of the token after that
    """
    own = ops.inside(f"mtp.{depth}").at("mtp")
    ahead = own.norm("embedding_norm", embedding(ops, dims, ids))
    both = own.beside("concat", own.norm("hidden_norm", x), ahead)
    x = own.linear("projection", own.operand("projection", both, dims.linear), dims.hidden)
    x = layer(own, dims, x, dims.experts is not None, folded)
    return x, _scores(ops.at("head"), dims, own.norm("final_norm", x))


def model(ops: Ops[T, Q, C], dims: Dims, ids: T, folded: bool = False) -> tuple[T, T]:
    """All layers: [token] -> hidden states [token, hidden] before the final norm, and scores [token, vocab]."""
    x = embedding(ops, dims, ids)
    for index in range(dims.layers):
        x = layer(ops.inside(f"layers.{index}"), dims, x, dims.routed(index), folded)
    return x, head(ops, dims, x)


def _scores(ops: Ops[T, Q, C], dims: Dims, normed: T) -> T:
    """The output head: [token, hidden] -> [token, vocab]."""
    operand = ops.gather(HEAD, ops.operand(HEAD, normed, "bf16"))
    vocab = ops.split_over("tensor", dims.vocab)
    return ops.linear(HEAD, operand, vocab, weight=EMBEDDING if dims.tied else HEAD)
