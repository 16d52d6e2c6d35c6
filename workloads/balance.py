"""EPLB: busy experts get replicas, and replicas are packed onto GPUs (github.com/deepseek-ai/EPLB, README).

All loads are tokens of one layer; layers know nothing of each other and are worked on side by side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workloads.placement import BalanceError, Placement, Slots, busiest_over_mean, in_order

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
DIGITS = 9
"""Decimals of a ratio in which two placements must differ to be told apart: sums in another order differ later."""


def balanced(tokens: Floats, slots: Slots) -> Placement:
    """The least busy of three placements, layer by layer; among equals the first. Raises BalanceError.

    EPLB with replicas of an expert kept on different GPUs, EPLB as published, experts in order: greedy packing alone
    now and then puts an expert on a GPU twice, or is worse than no replication.

    tokens   [layer, expert]  how busy each expert is
    """
    apart, published = eplb(tokens, slots, apart=True), eplb(tokens, slots)
    choices = [apart, published, in_order(len(tokens), tokens.shape[1], slots)]
    ratios = np.stack([busiest_over_mean(choice.gpu_tokens(tokens)) for choice in choices])
    best = np.round(ratios, DIGITS).argmin(axis=0)
    return Placement(np.stack([choice.expert for choice in choices])[best, np.arange(len(tokens))], slots)


def eplb(tokens: Floats, slots: Slots, *, apart: bool = False) -> Placement:
    """Replicate and place experts as published: in a hierarchy, or globally if groups do not divide among nodes.

    Hierarchy: groups are packed to nodes, experts replicated within their node, replicas packed to its GPUs.
    Global: the same with one node and one group. Raises BalanceError.

    tokens   [layer, expert];  apart   pack replicas of an expert to different GPUs where there is room
    """
    layers, experts = tokens.shape
    slots.check(experts)
    if not (np.isfinite(tokens).all() and (tokens >= 0).all()):
        raise BalanceError("tokens of an expert are a number, 0 or more")
    groups, nodes = (slots.groups, slots.nodes) if slots.hierarchical else (1, 1)
    of_node = _node_experts(tokens, groups, nodes)
    busy = np.take_along_axis(np.repeat(tokens, nodes, axis=0), of_node, axis=1)
    local = replicate(busy, slots.replicas // nodes)
    copies = np.stack([np.bincount(row, minlength=busy.shape[1]) for row in local])
    share = np.take_along_axis(busy / copies, local, axis=1)
    order = pack(share, slots.gpus // nodes, local if apart else None)
    local_in_order = np.take_along_axis(local, order, axis=1)
    expert = np.take_along_axis(of_node, local_in_order, axis=1)
    return Placement(expert.reshape(layers, slots.replicas), slots)


def _node_experts(tokens: Floats, groups: int, nodes: int) -> Indices:
    """Experts of each node after groups are packed to nodes: [layer, expert] -> [layer x node, expert of the node]."""
    layers, experts = tokens.shape
    size = experts // groups
    order = pack(tokens.reshape(layers, groups, size).sum(axis=-1), nodes)
    named: Indices = order[:, :, None] * size + np.arange(size)
    return named.reshape(layers * nodes, experts // nodes)


def replicate(busy: Floats, replicas: int) -> Indices:
    """Give every expert a replica, and each further one to the expert whose replicas are the busiest so far.

    busy      [row, expert]
    returns   [row, replica]  expert; the first replica of each expert comes first
    """
    rows, experts = np.arange(len(busy)), busy.shape[1]
    copies = np.ones(busy.shape)
    chosen = np.tile(np.arange(experts), (len(busy), 1))
    further = np.empty((len(busy), replicas - experts), dtype=np.int64)
    for place in range(replicas - experts):
        further[:, place] = (busy / copies).argmax(axis=1)
        copies[rows, further[:, place]] += 1
    return np.concatenate([chosen, further], axis=1)


def pack(loads: Floats, packs: int, kinds: Indices | None = None) -> Indices:
    """Put equally many items into each pack: the heaviest item first, into the lightest pack that has room.

    loads     [row, item];  kinds   [row, item]  items of one kind go to different packs where there is room
    returns   [row, place]  item; the places of a pack stand side by side
    """
    rows, room = np.arange(len(loads)), loads.shape[1] // packs
    weight, held = np.zeros((len(loads), packs)), np.zeros((len(loads), packs), dtype=np.int64)
    content = np.full((len(loads), packs, room), -1)
    inside = np.full(content.shape, -1)
    for item in np.argsort(-loads, axis=1, kind="stable").T:
        cost = np.where(held < room, weight, np.inf)
        if kinds is not None:
            elsewhere = np.where((inside == kinds[rows, item][:, None, None]).any(axis=-1), np.inf, cost)
            cost = np.where(np.isinf(elsewhere).all(axis=1, keepdims=True), cost, elsewhere)
        chosen = cost.argmin(axis=1)
        if kinds is not None:
            inside[rows, chosen, held[rows, chosen]] = kinds[rows, item]
        content[rows, chosen, held[rows, chosen]] = item
        held[rows, chosen] += 1
        weight[rows, chosen] += loads[rows, item]
    return content.reshape(loads.shape)
