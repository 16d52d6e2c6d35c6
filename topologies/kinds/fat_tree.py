"""Fat tree: one network of two or three layers of equal switches."""

from typing import Literal

import numpy as np

from topologies import trees
from topologies.fabric import Fabric, wired
from topologies.kinds.base import Counts, TopologySpec


class FatTree(TopologySpec):
    """Endpoints fill leaf after leaf, so a node's ports are under one leaf."""

    kind: Literal["fat-tree"] = "fat-tree"
    layers: Literal[2, 3] = 2

    @property
    def full_size(self) -> int:
        """k^2/2 endpoints in two layers, k^3/4 in three."""
        return trees.full_size(self.switch.ports, self.layers)

    def count(self, endpoints: int | None = None) -> Counts:
        """Two layers: k leaves and k/2 spines; three: 5 k^2/4 switches."""
        shape = self._tree(self.held(endpoints))
        return Counts(self.held(endpoints), shape.switches, shape.links)

    def build(self, endpoints: int | None = None) -> Fabric:
        """Endpoint e is under leaf e // (k/2)."""
        held = self.held(endpoints)
        shape = self._tree(held)
        low, high = trees.wire(shape)
        ends = np.arange(held)
        cables = (
            np.concatenate([ends, held + low]),
            np.concatenate([held + ends // shape.half, held + high]),
            np.zeros(held + len(low), dtype=np.int32),
        )
        return wired(held, shape.switches, cables, self.switch.port_bytes_per_s, self.switch.latency_s)

    def switches_between(self, first: int, second: int, endpoints: int | None = None) -> int:
        """1 under a leaf, 3 across, 5 across pods."""
        shape = self._tree(self.held(endpoints))
        return trees.switches_between(first // shape.half, second // shape.half, shape)

    def farthest(self, endpoints: int | None = None) -> int:
        """From the first leaf to the last."""
        return trees.farthest(self._tree(self.held(endpoints)))

    def _tree(self, endpoints: int) -> trees.Tree:
        """Sizes for so many endpoints."""
        ports = self.switch.ports
        return trees.tree(trees.leaves_for(endpoints, ports), ports, self.layers)
