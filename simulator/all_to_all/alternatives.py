"""Other ways to take tokens to their experts: bytes, messages, kernels and seconds (arXiv 2201.05596, section 5).

DeepSpeed-MoE exchanges in two levels (a local shuffle, then one message a node instead of one a GPU), lets each rank
that splits a layer send its share alone and gather afterwards, and finds experts in tables, not by one-hot products.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.all_to_all import normal
from simulator.all_to_all.carrier import Carrier, Load
from simulator.collectives import Group, Links, Spread, Transfer, all_gather
from topologies.all_to_all import NormalKernels


@dataclass(frozen=True, slots=True)
class Way:
    """One way of a dispatch or combine.

    messages   over the network and inside the node, that one GPU sends;  kernels   launched for it
    """

    name: str
    transfer: Transfer
    messages: float
    kernels: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """Tokens of one GPU on their way to experts on `group`, `token_bytes` each; `tensor` ranks hold the same tokens."""

    tokens: int
    token_bytes: float
    spread: Spread
    group: Group
    tensor: int = 1


def ways(asked: Exchange, kernels: NormalKernels, links: Links, sms: int) -> tuple[Way, ...]:
    """Every way, the straight ones with a copy for each expert first."""
    on = normal.carrier(kernels, links, sms)
    named = {"expert": "one copy for each expert", "gpu": "one copy for each GPU", "node": "one copy for each node"}
    straight = [_straight(name, kernels.model_copy(update={"copies": copies}), asked, on)
                for copies, name in named.items()]  # fmt: skip
    found = (*straight, hierarchical(asked, on))
    return found if asked.tensor == 1 else (*found, coordinated(asked, on, kernels))


def _straight(name: str, kernels: NormalKernels, asked: Exchange, on: Carrier) -> Way:
    """All GPUs at once, or node by node with forwarding."""
    moved = on.carry(normal.load(asked.tokens, asked.token_bytes, asked.spread, kernels))
    others = asked.group.size - 1
    hops = asked.group.nodes - 1 + asked.group.per_node - 1 if kernels.copies == "node" else others
    return Way(name, moved, hops, 1)


def hierarchical(asked: Exchange, on: Carrier) -> Way:
    """Shuffle inside the node, lay out anew, exchange between nodes: twice the bytes, fewer messages.

    Each of p GPUs sends G + p/G messages instead of p, if a node has G of them; every copy moves inside the node first.
    """
    rows_bytes = asked.tokens * asked.token_bytes * asked.spread.experts
    group = asked.group
    near = Load(rows_bytes * (group.per_node - 1) / group.per_node, 0.0, rows_bytes, 0.0, forwarded=False)
    far = Load(0.0, rows_bytes * (group.nodes - 1) / group.nodes, rows_bytes, group.nodes - 1, forwarded=False)
    return Way(
        "in two levels, a copy for each expert",
        on.carry(near) + on.carry(far),
        group.per_node - 1 + group.nodes - 1,
        4,
    )


def coordinated(asked: Exchange, on: Carrier, kernels: NormalKernels) -> Way:
    """Each of the ranks that hold the same tokens sends its share, then gathers what came for the others.

    Messages go among the p / tensor GPUs of the same tensor rank instead of among all.
    """
    share = normal.load(asked.tokens / asked.tensor, asked.token_bytes, asked.spread, kernels)
    came_bytes = asked.tokens * asked.token_bytes * asked.spread.experts
    gathered = all_gather(came_bytes, Group(1, asked.tensor), on.links)
    others = asked.group.size // asked.tensor - 1
    return Way("each tensor rank its share, then a gather", on.carry(share) + gathered, others + asked.tensor - 1, 2)


@dataclass(frozen=True, slots=True)
class Finding:
    """How a GPU lays out its tokens for experts: multiply-adds of 2 FLOP, bytes through its memory, kernels."""

    name: str
    flop: float
    moved_bytes: float
    kernels: int


def findings(tokens: int, hidden: int, experts: int, chosen: int, capacity: int) -> tuple[Finding, Finding]:
    """By one-hot masks and products over them, or by tables of where each token goes.

    The masked way multiplies a [token, expert x capacity] mask with the tokens, tokens x experts x capacity x hidden
    multiply-adds, of which all but tokens x chosen x hidden are with nothing; a table moves these alone (section 5.4).

    capacity   rows of an expert
    """
    slots, row_bytes = experts * capacity, hidden * normal.ROW_ELEMENT_BYTES
    mask_bytes = tokens * slots * normal.ROW_ELEMENT_BYTES
    masked = Finding("one-hot masks", 2.0 * tokens * slots * hidden, mask_bytes + (tokens + slots) * row_bytes, 5)
    table = Finding("tables", 0.0, (tokens + tokens * chosen) * row_bytes, 1)
    return masked, table
