"""Multi-plane fat tree (MPFT): NIC i of every node is on plane i, and each plane is a fat tree of its own."""

from math import gcd
from typing import Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from topologies import trees
from topologies.fabric import Fabric, Ints, wired
from topologies.kinds.base import Counts, TopologyError
from topologies.kinds.tree_base import LayeredTree
from topologies.problems import FieldErrors
from topologies.units import Count


class Departure(NamedTuple):
    """Where traffic enters the network.

    endpoint      the port it leaves by
    over_nvlink   whether another GPU of the node has that port's NIC, so that NVLink carries it there first
    """

    endpoint: int
    over_nvlink: bool


class MultiPlaneFatTree(LayeredTree):
    """Endpoint e is on plane e mod planes; traffic to another plane takes NVLink first (arXiv 2505.09343, 5.1).

    With several planes behind one NIC, a NIC is as many endpoints, each with its share of the NIC's rate: with all
    planes behind each NIC, no traffic needs NVLink (the ideal of Figure 4 there).
    """

    kind: Literal["mpft"] = "mpft"
    planes: Count = 8
    planes_per_nic: Count = 1

    @model_validator(mode="after")
    def _nics_have_planes(self) -> Self:
        """The planes behind a NIC divide all planes."""
        if self.planes % self.planes_per_nic:
            fitting = gcd(self.planes, self.planes_per_nic)
            why = f"read {self.planes_per_nic}; {self.planes} planes do not divide so: write {fitting}, or planes: "
            why += f"{self.planes_per_nic}"
            raise FieldErrors([("planes_per_nic", why)])
        return self

    @property
    def ports_per_nic(self) -> int:
        """A port to each plane behind the NIC."""
        return self.planes_per_nic

    @property
    def full_size(self) -> int:
        """Planes times the size of one tree."""
        return self.planes * self.split.most_leaves * self.split.down

    def networks(self) -> int:
        """Planes are isolated from each other."""
        return self.planes

    def count(self, endpoints: int | None = None) -> Counts:
        """The counts of a fat tree, added up over the planes."""
        held = self.held(endpoints)
        shapes = self._shapes(held)
        switches = sum(times * shape.switches for times, shape in shapes)
        return Counts(held, switches, sum(times * shape.links for times, shape in shapes))

    def near_links(self, endpoints: int | None = None) -> int:
        """Cables inside pods of all planes."""
        return sum(times * shape.near_links for times, shape in self._shapes(self.held(endpoints)))

    def build(self, endpoints: int | None = None) -> Fabric:
        """Switches are numbered plane after plane."""
        held = self.held(endpoints)
        lows: list[NDArray[np.integer]] = []
        highs: list[NDArray[np.integer]] = []
        planes: list[NDArray[np.integer]] = []
        switches = 0
        for plane in range(min(self.planes, held)):
            ends = np.arange(plane, held, self.planes, dtype=np.int32)
            shape = self.shape(len(ends))
            low, high = trees.wire(shape)
            first = held + switches
            lows += [ends, first + low]
            highs += [first + np.arange(len(ends)) // shape.split.down, first + high]
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
        # The plane as it is built: later planes may hold one endpoint less.
        held = len(range(first % self.planes, self.held(endpoints), self.planes))
        leaves = (first // self.planes // self.split.down, second // self.planes // self.split.down)
        return trees.switches_between(*leaves, self.shape(held))

    def farthest(self, endpoints: int | None = None) -> int:
        """From the first leaf of a plane to its last."""
        held = self._fullest_plane(endpoints)
        return trees.switches_between(0, (held - 1) // self.split.down, self.shape(held))

    def uniform_ratio(self, endpoints: int | None = None) -> float:
        """What the fullest plane carries."""
        held = self._fullest_plane(endpoints)
        return trees.uniform_ratio(self.shape(held), held, self.fullest(held))

    def bisection_bytes_per_s(self, endpoints: int | None = None) -> float:
        """Between two halves of the nodes: all planes together."""
        shapes = self._shapes(self.held(endpoints))
        sizes = self._sizes(self.held(endpoints))
        cables = sum(
            times * trees.bisection_cables(shape, held) for (times, shape), (_, held) in zip(shapes, sizes, strict=True)
        )
        return cables * self.switch.port_bytes_per_s

    def departure(self, first: int, second: int, per_node: int) -> Departure:
        """Port by which traffic from endpoint `first` leaves for `second`, of nodes with so many endpoints each.

        The own NIC where it is on the target's plane; else NVLink takes the traffic to the GPU whose NIC is.
        """
        own = first // self.planes_per_nic * self.planes_per_nic
        for endpoint in range(own, own + self.planes_per_nic):
            if endpoint % self.planes == second % self.planes:
                return Departure(endpoint, over_nvlink=False)
        return Departure(first // per_node * per_node + second % per_node, over_nvlink=True)

    def shape(self, endpoints: int) -> trees.Tree:
        """Sizes of one plane."""
        return trees.tree(trees.over(endpoints, self.split.down), self.split)

    def leaf_of(self, ends: Ints, endpoints: int) -> Ints:
        """Leaf inside the endpoint's plane."""
        return ends // self.planes // self.split.down

    def _sizes(self, held: int) -> tuple[tuple[int, int], ...]:
        """How many planes hold how many endpoints: planes differ by one at most, so there are two sizes."""
        longer = held % self.planes
        return ((longer, held // self.planes + 1), (self.planes - longer, held // self.planes))

    def _shapes(self, held: int) -> tuple[tuple[int, trees.Tree], ...]:
        """How many planes have which sizes."""
        return tuple((times, self.shape(size)) for times, size in self._sizes(held))

    def _fullest_plane(self, endpoints: int | None) -> int:
        """Endpoints of the first plane."""
        return -(-self.held(endpoints) // self.planes)
