"""Distinct nodes and GPUs of a token by combinatorics: experts chosen evenly among those of evenly chosen groups."""

from __future__ import annotations

from math import comb

from workloads.reference.dims import Gate
from workloads.routing import Reach, nodes_of


def expected_reach(gate: Gate, ranks: int, ranks_per_node: int) -> Reach:
    """Nodes and GPUs that a token reaches on average, experts lying in order on `ranks` GPUs.

    Choosing k of n experts misses e of them with probability C(n-e, k) / C(n, k). Real gates reach a little more where
    groups are limited: a group is chosen for its best experts, which are then chosen too (`workloads.routing.reach`).

    Raises ValueError where experts do not divide among GPUs, or a GPU or node holds parts of several groups.
    """
    if gate.experts % ranks:
        raise ValueError(f"{gate.experts} experts do not divide among {ranks} GPUs")
    of_rank = gate.experts // ranks
    nodes = nodes_of(ranks, ranks_per_node)
    held = [min(ranks_per_node, ranks - first) * of_rank for first in range(0, ranks, ranks_per_node)]
    in_nodes = sum(_hit(gate, experts) for experts in held) if nodes > 1 else 1.0
    return Reach.of(in_nodes, ranks * _hit(gate, of_rank), ranks, ranks_per_node)


def _hit(gate: Gate, held: int) -> float:
    """Probability that a token chooses one of the experts of a place that holds so many."""
    size = gate.experts // gate.groups
    pool = size * gate.top_groups
    if gate.top_groups == gate.groups:
        return 1 - _missed(pool, held, gate.top_k)
    if held <= size:
        _divides(size, held, "a group's experts")
        return gate.top_groups / gate.groups * (1 - _missed(pool, held, gate.top_k))
    _divides(held, size, "a place's experts")
    own = held // size
    ways = comb(gate.groups, gate.top_groups)
    missed = sum(
        comb(own, open_here)
        * comb(gate.groups - own, gate.top_groups - open_here)
        / ways
        * _missed(pool, open_here * size, gate.top_k)
        for open_here in range(min(own, gate.top_groups) + 1)
    )
    return 1 - missed


def _missed(pool: int, held: int, top_k: int) -> float:
    """Probability that none of `held` experts is among k of `pool`."""
    return comb(pool - held, top_k) / comb(pool, top_k)


def _divides(whole: int, part: int, what: str) -> None:
    """Refuse a place that holds parts of several groups."""
    if whole % part:
        raise ValueError(f"{what}, {whole}, do not divide into parts of {part}: a place holds parts of several groups")
