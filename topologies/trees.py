"""Fat trees of two and three layers, counted and wired; filled leaf by leaf, never oversubscribed.

Every leaf has half its ports down and half up. A tree that is not full has only the leaves it needs, and only the
switches above that carry their uplinks; uplinks go round robin, so every switch stays within its ports.
"""

from dataclasses import dataclass

import numpy as np

from topologies.fabric import Ints


@dataclass(frozen=True, slots=True)
class Tree:
    """Sizes of one fat tree, k being the ports of a switch.

    leaves, middle, top   switches a layer; `middle` is 0 in two layers
    """

    half: int
    leaves: int
    middle: int
    top: int
    links: int

    @property
    def switches(self) -> int:
        """Switches of all layers."""
        return self.leaves + self.middle + self.top


def leaves_for(endpoints: int, ports: int) -> int:
    """Leaves that so many endpoints need."""
    return _over(endpoints, ports // 2)


def most_leaves(ports: int, layers: int) -> int:
    """Leaves of a full tree: k in two layers, k^2/2 in three."""
    return 2 * int((ports // 2) ** (layers - 1))


def full_size(ports: int, layers: int) -> int:
    """Most endpoints: k^2/2 in two layers, k^3/4 in three (Al-Fares et al., SIGCOMM 2008)."""
    return 2 * int((ports // 2) ** layers)


def tree(leaves: int, ports: int, layers: int) -> Tree:
    """Sizes of a tree of so many leaves."""
    half = ports // 2
    if leaves <= 1:
        return Tree(half, leaves, 0, 0, 0)
    if layers == 2:
        return Tree(half, leaves, 0, _over(leaves * half, ports), leaves * half)
    pods = _over(leaves, half)
    if pods == 1:
        return Tree(half, leaves, half, 0, leaves * half)
    return Tree(half, leaves, pods * half, half * _over(leaves, ports), 2 * leaves * half)


def wire(shape: Tree) -> tuple[Ints, Ints]:
    """Cables between switches, numbered leaves first, then middle, then top.

    returns  [cable] lower switch, [cable] upper switch
    """
    leaf = np.arange(shape.leaves)
    if shape.top + shape.middle == 0:
        none = np.zeros(0, dtype=np.int32)
        return none, none
    lower = np.repeat(leaf, shape.half)
    if shape.middle == 0:
        upper = shape.leaves + np.arange(len(lower)) % shape.top
        return lower.astype(np.int32), upper.astype(np.int32)
    port = np.tile(np.arange(shape.half), shape.leaves)
    middle = shape.leaves + lower // shape.half * shape.half + port
    if shape.top == 0:
        return lower.astype(np.int32), middle.astype(np.int32)
    # Middle switch a of a pod has one uplink for each leaf of the pod, into the a-th group of top switches.
    group = shape.top // shape.half
    top = shape.leaves + shape.middle + port * group + lower % group
    return np.concatenate([lower, middle]).astype(np.int32), np.concatenate([middle, top]).astype(np.int32)


def switches_between(first_leaf: int, second_leaf: int, shape: Tree) -> int:
    """Switches on the shortest way between endpoints of two leaves: 1, 3 or 5."""
    if first_leaf == second_leaf:
        return 1
    same_pod = first_leaf // shape.half == second_leaf // shape.half
    return 3 if shape.middle == 0 or same_pod else 5


def farthest(shape: Tree) -> int:
    """Switches on the longest of the shortest ways."""
    return switches_between(0, shape.leaves - 1, shape)


def _over(amount: int, size: int) -> int:
    """How many boxes of a size hold an amount."""
    return -(-amount // size)
