"""How far apart the experts of a token lie: nodes and GPUs it reaches through the gate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from workloads.reference.dims import Gate

SAMPLED_TOKENS = 8_192
"""Tokens sent through the gate; the mean number of nodes is then known to about 0.1 %."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Distinct nodes and GPUs that a token reaches, on average over tokens and home GPUs.

    other_nodes   nodes that are not its own
    hops          GPUs reached over NVLink, that is all but the one with its own index in each node
    """

    nodes: float
    gpus: float
    other_nodes: float
    hops: float


@lru_cache(maxsize=64)
def reach(gate: Gate, ranks: int, ranks_per_node: int, seed: int) -> Reach:
    """Send random tokens through the group-limited gate and count where they go.

    Affinities are sigmoids of independent normal logits, so loads are balanced on average. Groups are ranked by the
    sum of their best two, then the best experts of the groups in use are taken (arXiv 2412.19437, section 2.1.2).

    ranks            GPUs that share the experts, `ranks_per_node` of them in each node
    """
    chosen = choose(gate, SAMPLED_TOKENS, seed)
    gpu = chosen // (gate.experts // ranks)
    nodes_in_all = -(-ranks // ranks_per_node)
    gpus = _distinct(gpu, ranks).mean()
    nodes = _distinct(gpu // ranks_per_node, nodes_in_all).mean()
    return Reach(
        nodes=float(nodes),
        gpus=float(gpus),
        other_nodes=float(nodes * (nodes_in_all - 1) / nodes_in_all),
        hops=float(gpus * (1 - 1 / min(ranks, ranks_per_node))),
    )


def choose(gate: Gate, tokens: int, seed: int) -> np.ndarray:
    """Choose experts for random tokens.

    returns  [token, top_k]  expert index
    """
    affinity = 1 / (1 + np.exp(-np.random.default_rng(seed).standard_normal((tokens, gate.experts))))
    by_group = affinity.reshape(tokens, gate.groups, -1)
    if gate.top_groups < gate.groups:
        best_two = np.sort(by_group, axis=-1)[..., -2:].sum(axis=-1)
        used = np.argpartition(best_two, -gate.top_groups, axis=-1)[:, -gate.top_groups :]
        open_groups = np.zeros((tokens, gate.groups), dtype=bool)
        np.put_along_axis(open_groups, used, True, axis=-1)
        affinity = np.where(open_groups[..., None], by_group, -1.0).reshape(tokens, gate.experts)
    return np.argpartition(affinity, -gate.top_k, axis=-1)[:, -gate.top_k :]


def _distinct(places: np.ndarray, count: int) -> np.ndarray:
    """Count distinct places of each token.

    places   [token, k]  index below `count`;  returns [token]
    """
    seen = np.zeros((len(places), count), dtype=bool)
    np.put_along_axis(seen, places, True, axis=-1)
    counted: np.ndarray = seen.sum(axis=-1)
    return counted
