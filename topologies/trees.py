"""Fat trees of two and three layers, counted and wired; filled leaf by leaf, as thin above the leaves as asked.

A leaf splits its ports between endpoints and uplinks. A tree that is not full has only the leaves it needs, and only
the switches above that carry their uplinks; uplinks go round robin, so every switch stays within its ports.
"""

from dataclasses import dataclass

import numpy as np

from topologies.fabric import Ints

ROUNDING = 1e-9
"""So that a ratio such as 7/3, written as 2.3333, does not lose a port."""


@dataclass(frozen=True, slots=True)
class Ports:
    """How switches split their ports.

    down, up   of a leaf: to endpoints, to the layer above;  ports   of each switch
    core       endpoint ports below a middle switch over its uplinks, in three layers
    """

    ports: int
    layers: int
    down: int
    up: int
    core: float = 1.0

    @property
    def half(self) -> int:
        """Leaves of a full pod: a middle switch turns half its ports down."""
        return self.ports // 2

    @property
    def most_leaves(self) -> int:
        """Leaves of a full tree: k in two layers, k^2/2 in three (Al-Fares et al., SIGCOMM 2008)."""
        return self.ports if self.layers == 2 else self.ports * self.half


@dataclass(frozen=True, slots=True)
class Tree:
    """Sizes of one fat tree.

    leaves, middle, top   switches a layer; `middle` is 0 in two layers
    lines      runs of leaves of which no two share a pod;  pods   in each line, as even as they can be
    uplinks    from the pods into one group of top switches: each middle switch has uplinks / (lines x pods)
    """

    split: Ports
    leaves: int
    middle: int = 0
    top: int = 0
    lines: int = 1
    pods: int = 1
    uplinks: int = 0

    @property
    def switches(self) -> int:
        """Switches of all layers."""
        return self.leaves + self.middle + self.top

    @property
    def near_links(self) -> int:
        """Cables inside a pod."""
        return self.leaves * self.split.up if self.middle else 0

    @property
    def links(self) -> int:
        """Cables between switches."""
        if self.middle:
            return self.near_links + (self.split.up * self.uplinks if self.top else 0)
        return self.leaves * self.split.up if self.top else 0


def split(ports: int, layers: int, oversubscription: float, core: float = 1.0) -> Ports:
    """Ports of a leaf: as many down as `oversubscription` times those up, never more; the rest stays empty."""
    up = int(ports / (1 + oversubscription) + ROUNDING)
    return Ports(ports, layers, min(ports - up, int(up * oversubscription + ROUNDING)), up, core)


def tree(leaves: int, ports: Ports, lines: int = 1) -> Tree:
    """Sizes of a tree of so many leaves, the same number in each line. Lines of one leaf need no pods of their own."""
    if leaves <= 1:
        return Tree(ports, leaves)
    each = leaves // lines
    if ports.layers == 2 or (lines > 1 and each == 1):
        return Tree(ports, leaves, top=over(leaves * ports.up, ports.ports))
    pods = over(each, ports.half)
    if lines * pods == 1:
        return Tree(ports, leaves, middle=ports.up)
    # Every pod has the uplinks of the largest, so that any two pods meet under a top switch.
    uplinks = lines * pods * int(np.ceil(over(each, pods) / ports.core - ROUNDING))
    top = ports.up * over(uplinks, ports.ports)
    return Tree(ports, leaves, lines * pods * ports.up, top, lines, pods, uplinks)


def pod_of(leaf: Ints, shape: Tree) -> Ints:
    """[leaf] pod of each leaf, lines one after the other."""
    each = shape.leaves // shape.lines
    line, place = np.divmod(leaf, each)
    pod: Ints = line * shape.pods + place * shape.pods // each
    return pod


def wire(shape: Tree) -> tuple[Ints, Ints]:
    """Cables between switches, numbered leaves first, then middle, then top.

    returns  [cable] lower switch, [cable] upper switch
    """
    up = shape.split.up
    leaf = np.arange(shape.leaves, dtype=np.int32)
    if shape.top + shape.middle == 0:
        none = np.zeros(0, dtype=np.int32)
        return none, none
    lower = np.repeat(leaf, up)
    if shape.middle == 0:
        return lower, shape.leaves + np.arange(len(lower), dtype=np.int32) % np.int32(shape.top)
    column = np.arange(up, dtype=np.int32)
    middle = (shape.leaves + pod_of(leaf, shape)[:, None] * up + column).ravel()
    if shape.top == 0:
        return lower, middle
    # Middle switch a of every pod leads into the a-th group of top switches, the uplinks of all pods one by one.
    uplink = np.arange(shape.uplinks, dtype=np.int32)
    group = np.int32(shape.top // up)
    pod = uplink // np.int32(shape.uplinks // (shape.lines * shape.pods))
    from_middle = (shape.leaves + pod * np.int32(up) + column[:, None]).ravel()
    top = (shape.leaves + shape.middle + uplink % group + (column * group)[:, None]).ravel()
    return np.concatenate([lower, from_middle]), np.concatenate([middle, top])


def switches_between(first_leaf: int, second_leaf: int, shape: Tree) -> int:
    """Switches on the shortest way between endpoints of two leaves: 1, 3 or 5."""
    if first_leaf == second_leaf:
        return 1
    first, second = pod_of(np.array([first_leaf, second_leaf], dtype=np.int32), shape).tolist()
    return 3 if shape.middle == 0 or first == second else 5


def uniform_ratio(shape: Tree, endpoints: int, fullest: int) -> float:
    """Share of their ports' rate that so many endpoints reach when each sends to all others alike.

    A leaf, and a pod, can send out what their uplinks carry.

    fullest   endpoints of the fullest leaf
    """
    limits = [1.0]
    parts = [(min(fullest, endpoints), shape.split.up if shape.top + shape.middle else 0)]
    if shape.middle and shape.top:
        leaves_of_pod = over(shape.leaves // shape.lines, shape.pods)
        uplinks = shape.split.up * (shape.uplinks // (shape.lines * shape.pods))
        parts.append((min(leaves_of_pod * fullest, endpoints), uplinks))
    limits += [up * (endpoints - 1) / (own * (endpoints - own)) for own, up in parts if own < endpoints]
    return min(limits)


def bisection_cables(shape: Tree, endpoints: int) -> float:
    """Cables cut where a tree is thinnest between halves of its endpoints, counted in ports of endpoints.

    Half of the uplinks of all leaves or of all pods, or half of the endpoints where nothing above is thinner (a tree
    without oversubscription can carry any exchange between two halves: Leiserson 1985). Exact for full trees; a tree
    filled in part may lie off by up to the ports of one leaf.
    """
    limits = [float(endpoints // 2)]
    if shape.top + shape.middle:
        limits.append(shape.leaves * shape.split.up / 2)
    if shape.middle and shape.top:
        limits.append(shape.split.up * shape.uplinks / 2)
    return min(limits)


def over(amount: int, size: int) -> int:
    """How many boxes of a size hold an amount."""
    return -(-amount // size)
