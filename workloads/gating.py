"""Many tokens through the gate: the numeric core's choice, compiled, on given logits or on affinities drawn here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workloads.reference.dims import Gate
from workloads.reference.formats import Array
from workloads.reference.softmax import affinities
from workloads.router import Batch, Floats, Seed, seeds

if TYPE_CHECKING:
    from workloads.gate_kernels import Rule

Indices = NDArray[np.int64]
Single = NDArray[np.float32]
DOMAINS, LAYER = 0, 1
"""Added to the seed for the domains of sequences, and, with its number, for a layer's affinities."""
LEAST, MOST = 1e-20, 1e20
"""Weights are kept between these, so that 32 bits hold the ratio of any of them to a drawn number."""


def chosen(logits: Array, gate: Gate, bias: Array | None) -> Indices:
    """Choose experts exactly as `workloads.reference.softmax.choose` does, about ten times as fast.

    logits   [token, expert];  bias   [expert]  added to choose
    returns  [token, k]        best first
    """
    from workloads.gate_kernels import choose_all

    scores = affinities(logits, gate)
    ranked = np.ascontiguousarray(scores if bias is None else scores + bias)
    experts = np.empty((len(logits), gate.top_k), dtype=np.int64)
    choose_all(ranked, rule(gate), experts)
    return experts


def routed(gate: Gate, weights: Floats, domains: Indices, bias: Floats | None, seed: Seed) -> Indices:
    """Draw affinities of tokens and let the gate choose.

    The logit of an expert is the logarithm of its weight plus Gumbel noise.

    weights   [domain, expert]  above 0;  domains   [token]  whose weights a token has
    bias      [expert]  added to affinities to choose
    returns   [token, k]  best first
    """
    from workloads.gate_kernels import route_all

    added = np.zeros(gate.experts, np.float32) if bias is None else bias.astype(np.float32)
    experts = np.empty((len(domains), gate.top_k), dtype=np.int64)
    route_all(_padded(weights), domains, added, rule(gate), _key(seed), experts)
    return experts


def drawn_affinities(gate: Gate, weights: Floats, domains: Indices, seed: Seed) -> Single:
    """Affinities that `routed` chooses from: [token, expert]."""
    from workloads.gate_kernels import draw_all

    padded = _padded(weights)
    scores = np.empty((len(domains), padded.shape[1]), np.float32)
    draw_all(padded, domains, gate.score == "softmax", _key(seed), scores)
    return scores[:, : gate.experts]


def tokens_by_domain(batch: Batch, weights: Floats, bias: Floats | None, seed: Seed) -> Floats:
    """Tokens of one step by the domain of their sequence and the expert: [layer, domain, expert].

    Every sequence is of one domain, any of them equally likely, and the same in all layers.

    weights   [layer, domain, expert];  bias   [layer, expert] or None
    """
    in_all, experts = weights.shape[1], batch.gate.experts
    domains = domains_of_tokens(batch, in_all, seed)
    counts = np.empty((batch.layers, in_all * experts))
    for layer in range(batch.layers):
        own = None if bias is None else bias[layer]
        choice = routed(batch.gate, weights[layer], domains, own, seeds(seed, LAYER, layer))
        counts[layer] = np.bincount((domains[:, None] * experts + choice).ravel(), minlength=in_all * experts)
    return counts.reshape(weights.shape) * (batch.tokens / len(domains))


def tokens_through_gate(batch: Batch, popularity: Floats, seed: Seed) -> Floats:
    """Tokens of every step where all sequences are alike: popularity [layer, expert] -> [step, layer, expert]."""
    weights = popularity[:, None]
    steps = [tokens_by_domain(batch, weights, None, seeds(seed, step)) for step in range(batch.steps)]
    return np.stack(steps)[:, :, 0]


def domains_of_tokens(batch: Batch, domains: int, seed: Seed) -> Indices:
    """Domain of each token that passes the gate: [token]."""
    gated = min(batch.tokens, batch.gated_tokens)
    sequence = (np.arange(gated) * batch.tokens // gated) // batch.sequence_tokens
    of_sequence = np.random.default_rng(seeds(seed, DOMAINS)).integers(0, domains, sequence[-1] + 1)
    found: Indices = of_sequence[sequence]
    return found


def rule(gate: Gate) -> Rule:
    """A gate in the numbers that compiled code takes."""
    from workloads.gate_kernels import Rule

    counted = 2 if gate.group_score == "best_two" else 1
    return Rule(gate.top_k, gate.groups, gate.top_groups, counted, gate.score == "softmax")


def _padded(weights: Floats) -> Single:
    """Weights in 32 bits, with an expert that nobody chooses where their number is odd."""
    kept = np.clip(weights, LEAST, MOST).astype(np.float32)
    return np.pad(kept, ((0, 0), (0, weights.shape[1] % 2)))


def _key(seed: Seed) -> np.uint64:
    """64 bits that start the compiled generator."""
    return np.uint64(np.random.SeedSequence(seeds(seed)).generate_state(1, np.uint64)[0])
