"""How far apart the experts of a token lie: nodes and GPUs it reaches through the gate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from workloads.load_statistics import distinct
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

    @classmethod
    def of(cls, nodes: float, gpus: float, ranks: int, ranks_per_node: int) -> Reach:
        """What follows from the nodes and GPUs reached, the token's own GPU being any of the `ranks`."""
        in_all = nodes_of(ranks, ranks_per_node)
        return cls(nodes, gpus, nodes * (in_all - 1) / in_all, gpus * (1 - 1 / min(ranks, ranks_per_node)))


def nodes_of(ranks: int, ranks_per_node: int) -> int:
    """Nodes that hold these ranks."""
    return -(-ranks // ranks_per_node)


@lru_cache(maxsize=64)
def reach(gate: Gate, ranks: int, ranks_per_node: int, seed: int) -> Reach:
    """Send random tokens through the group-limited gate and count where they go.

    Logits are independent and normal, so loads are balanced on average. The gate is the numeric core's own.

    ranks            GPUs that share the experts, `ranks_per_node` of them in each node
    """
    logits = np.random.default_rng(seed).standard_normal((SAMPLED_TOKENS, gate.experts), np.float32)
    chosen = choose(logits, gate, None).experts
    gpus = distinct(chosen // (gate.experts // ranks), ranks).mean()
    nodes = distinct(chosen // (gate.experts // ranks * ranks_per_node), nodes_of(ranks, ranks_per_node)).mean()
    return Reach.of(float(nodes), float(gpus), ranks, ranks_per_node)
