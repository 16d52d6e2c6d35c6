"""Multi-plane fat tree (MPFT): NIC i of every node is on plane i, and each plane is a fat tree of its own."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from topologies import trees
from topologies.fabric import Fabric, wired
from topologies.kinds.base import Counts, TopologyError, TopologySpec
from topologies.units import Count


class MultiPlaneFatTree(TopologySpec):
    """Endpoint e is on plane e mod planes; traffic to another plane takes NVLink first (arXiv 2505.09343, 5.1)."""

    kind: Literal["mpft"] = "mpft"
    planes: Count = 8
    layers: Literal[2, 3] = 2

    @property
    def full_size(self) -> int:
        """Planes times the size of one tree."""
        return self.planes * trees.full_size(self.switch.ports, self.layers)

    def networks(self) -> int:
        """Planes are isolated from each other."""
        return self.planes

    def count(self, endpoints: int | None = None) -> Counts:
        """The counts of a fat tree, added up over the planes."""
        held = self.held(endpoints)
        # Planes differ by one endpoint at most, so there are two sizes of tree.
        longer = held % self.planes
        sizes = ((longer, held // self.planes + 1), (self.planes - longer, held // self.planes))
        shapes = [(times, self._tree(size)) for times, size in sizes]
        switches = sum(times * shape.switches for times, shape in shapes)
        return Counts(held, switches, sum(times * shape.links for times, shape in shapes))

    def build(self, endpoints: int | None = None) -> Fabric:
        """Switches are numbered plane after plane."""
        held = self.held(endpoints)
        lows: list[NDArray[np.integer]] = []
        highs: list[NDArray[np.integer]] = []
        planes: list[NDArray[np.integer]] = []
        switches = 0
        for plane in range(self.planes):
            ends = np.arange(plane, held, self.planes, dtype=np.int32)
            shape = self._tree(len(ends))
            low, high = trees.wire(shape)
            first = held + switches
            lows += [ends, first + low]
            highs += [first + np.arange(len(ends)) // shape.half, first + high]
            planes.append(np.full(len(ends) + len(low), plane, dtype=np.int32))
            switches += shape.switches
        cables = (np.concatenate(lows), np.concatenate(highs), np.concatenate(planes))
        return wired(held, switches, cables, self.switch.port_bytes_per_s, self.switch.latency_s)

    def switches_between(self, first: int, second: int, endpoints: int | None = None) -> int:
        """1 under a leaf, 3 across. Raises TopologyError for endpoints of two planes."""
        if first % self.planes != second % self.planes:
            raise TopologyError(
                f"endpoints {first} and {second} are on planes {first % self.planes} and {second % self.planes}; "
                "planes are joined by NVLink inside a node only"
            )
        shape = self._tree(-(-self.held(endpoints) // self.planes))
        leaves = (first // self.planes // shape.half, second // self.planes // shape.half)
        return trees.switches_between(*leaves, shape)

    def farthest(self, endpoints: int | None = None) -> int:
        """From the first leaf of a plane to its last."""
        return trees.farthest(self._tree(-(-self.held(endpoints) // self.planes)))

    def _tree(self, endpoints: int) -> trees.Tree:
        """One plane."""
        ports = self.switch.ports
        return trees.tree(trees.leaves_for(endpoints, ports), ports, self.layers)
