"""Multi-rail fat tree (MRFT): each rail has leaves of its own, and one fabric joins all rails."""

from typing import Literal

import numpy as np

from topologies import trees
from topologies.fabric import Fabric, Ints, wired
from topologies.kinds.base import Counts, TopologySpec
from topologies.units import Count


class MultiRailFatTree(TopologySpec):
    """Endpoint e is on rail e mod rails; neighbouring nodes share one leaf a rail (arXiv 2505.09343, 5.1)."""

    kind: Literal["mrft"] = "mrft"
    rails: Count = 8
    layers: Literal[2, 3] = 2

    @property
    def full_size(self) -> int:
        """As many groups of nodes, each with a leaf a rail, as the tree has leaves for."""
        groups = trees.most_leaves(self.switch.ports, self.layers) // self.rails
        return groups * self.rails * (self.switch.ports // 2)

    def count(self, endpoints: int | None = None) -> Counts:
        """The counts of a fat tree with a leaf a rail and group of nodes."""
        held = self.held(endpoints)
        shape = self._tree(held)
        return Counts(held, shape.switches, shape.links)

    def build(self, endpoints: int | None = None) -> Fabric:
        """Leaves are numbered group by group, rail by rail."""
        held = self.held(endpoints)
        shape = self._tree(held)
        low, high = trees.wire(shape)
        ends = np.arange(held, dtype=np.int32)
        cables = (
            np.concatenate([ends, held + low]),
            np.concatenate([held + self._leaf(ends), held + high]),
            np.zeros(held + len(low), dtype=np.int32),
        )
        return wired(held, shape.switches, cables, self.switch.port_bytes_per_s, self.switch.latency_s)

    def switches_between(self, first: int, second: int, endpoints: int | None = None) -> int:
        """1 under a leaf (one rail, nodes of one group), 3 across, 5 across pods."""
        leaves = self._leaf(np.array([first, second], dtype=np.int32)).tolist()
        return trees.switches_between(leaves[0], leaves[1], self._tree(self.held(endpoints)))

    def farthest(self, endpoints: int | None = None) -> int:
        """From the first leaf to the last that has an endpoint."""
        held = self.held(endpoints)
        last = self._leaf(np.arange(max(0, held - self.rails), held, dtype=np.int32)).max()
        return trees.switches_between(0, int(last), self._tree(held))

    def _leaf(self, ends: Ints) -> Ints:
        """[endpoint] leaf of each endpoint."""
        node, rail = np.divmod(ends, self.rails)
        return node // (self.switch.ports // 2) * self.rails + rail

    def _tree(self, endpoints: int) -> trees.Tree:
        """The one fabric."""
        ports = self.switch.ports
        groups = trees.leaves_for(-(-endpoints // self.rails), ports)
        return trees.tree(groups * self.rails, ports, self.layers)
