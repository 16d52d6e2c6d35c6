"""The attention core, the gate and the loss on arrays: what needs a softmax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workloads.reference.dims import Gate
from workloads.reference.formats import Array
from workloads.reference.ops import Heads


@dataclass(frozen=True, slots=True)
class Choice:
    """The experts that tokens chose.

    experts  [token, k]  index, best first
    weights  [token, k]  of the expert's output
    """

    experts: NDArray[np.int64]
    weights: Array

    @property
    def order(self) -> NDArray[np.int64]:
        """Indices of (token, expert) pairs sorted by expert, tokens in order within each: [token x k]."""
        return np.argsort(self.experts.ravel(), kind="stable")

    def sizes(self, experts: int) -> NDArray[np.int64]:
        """Rows of each expert: [expert]."""
        return np.bincount(self.experts.ravel(), minlength=experts)


def softmax(x: Array) -> Array:
    """Exponentials over their sum along the last axis."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    return result


def attention(q: Array, k: Array, v: Array, heads: Heads) -> Array:
    """Causal attention; the last query stands at the last key.

    q        [sequence, query, head x query_dim]
    k        [sequence, key, kv_head x query_dim]
    v        [sequence, key, kv_head x value_dim]
    returns  [sequence, query, head x value_dim]
    """
    sequences, queries, _ = q.shape
    keys, shared = k.shape[1], heads.heads // heads.kv_heads
    q = q.reshape(sequences, queries, heads.kv_heads, shared, heads.query_dim)
    k = k.reshape(sequences, keys, heads.kv_heads, heads.query_dim)
    v = v.reshape(sequences, keys, heads.kv_heads, heads.value_dim)
    scores = np.einsum("sqgnd,skgd->sgnqk", q, k, optimize=True) * heads.scale
    seen = visible(queries, keys, heads.window)
    weights = softmax(np.where(seen, scores, -np.inf))
    out = np.einsum("sgnqk,skgd->sqgnd", weights, v, optimize=True)
    result: Array = out.reshape(sequences, queries, heads.heads * heads.value_dim)
    return result


def visible(queries: int, keys: int, window: int | None) -> NDArray[np.bool_]:
    """Which keys each query sees: those up to its own, and no more than `window` of them: [query, key]."""
    distance = (np.arange(queries) + keys - queries)[:, None] - np.arange(keys)
    seen: NDArray[np.bool_] = distance >= 0
    return seen if window is None else seen & (distance < window)


def affinities(logits: Array, gate: Gate) -> Array:
    """How much tokens and experts suit each other, between 0 and 1: [token, expert] -> [token, expert]."""
    return 1 / (1 + np.exp(-logits)) if gate.score == "sigmoid" else softmax(logits)


def choose(logits: Array, gate: Gate, bias: Array | None) -> Choice:
    """Choose experts (arXiv 2412.19437, section 2.1.2; softmax and best-of-group: arXiv 2405.04434, section 2.2).

    logits  [token, expert]
    bias    [expert]  added to choose, not to weigh
    """
    scores = affinities(logits, gate)
    ranked = scores if bias is None else scores + bias
    ranked = np.where(_in_best_groups(ranked, gate), ranked, -np.inf)
    experts = np.argsort(-ranked, axis=-1, kind="stable")[:, : gate.top_k]
    weights = np.take_along_axis(scores, experts, axis=-1)
    if gate.normalise:
        weights = weights / weights.sum(axis=-1, keepdims=True)
    return Choice(experts, weights * np.asarray(gate.scale, weights.dtype))


def _in_best_groups(ranked: Array, gate: Gate) -> NDArray[np.bool_]:
    """Experts of the groups that rank best: [token, expert]."""
    tokens, experts = ranked.shape
    if gate.top_groups == gate.groups:
        return np.ones((tokens, experts), dtype=np.bool_)
    counted = 2 if gate.group_score == "best_two" else 1
    best_first = -np.sort(-ranked.reshape(tokens, gate.groups, -1), axis=-1)
    worth = best_first[..., :counted].sum(axis=-1)
    best = np.argsort(-worth, axis=-1, kind="stable")[:, : gate.top_groups]
    chosen = np.zeros((tokens, gate.groups), dtype=np.bool_)
    np.put_along_axis(chosen, best, True, axis=-1)
    return np.repeat(chosen, experts // gate.groups, axis=-1)


def cross_entropy(logits: Array, targets: NDArray[np.int64]) -> Array:
    """Mean of -log p(target) over tokens.

    logits   [token, vocab]
    targets  [token]
    """
    top = logits.max(axis=-1, keepdims=True)
    logs = np.log(np.exp(logits - top).sum(axis=-1)) + top[:, 0]
    picked = np.take_along_axis(logits, targets[:, None], axis=-1)[:, 0]
    mean: Array = np.mean(logs - picked)
    return mean
