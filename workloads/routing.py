"""How far apart the experts of a token lie: nodes and GPUs it reaches through the gate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from workloads.reference.dims import Gate
from workloads.reference.softmax import choose

SAMPLED_TOKENS = 4_096
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

    Logits are independent and normal, so loads are balanced on average. The gate is the numeric core's own.

    ranks            GPUs that share the experts, `ranks_per_node` of them in each node
    """
    logits = np.random.default_rng(seed).standard_normal((SAMPLED_TOKENS, gate.experts), np.float32)
    chosen = choose(logits, gate, None).experts
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


def _distinct(places: np.ndarray, count: int) -> np.ndarray:
    """Count distinct places of each token.

    places   [token, k]  index below `count`;  returns [token]
    """
    seen = np.zeros((len(places), count), dtype=bool)
    np.put_along_axis(seen, places, True, axis=-1)
    counted: np.ndarray = seen.sum(axis=-1)
    return counted
