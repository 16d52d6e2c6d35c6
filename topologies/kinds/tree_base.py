"""What all fat trees share: how their leaves are thinned out, and what follows from the sizes of their layers."""

from abc import abstractmethod
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from topologies import trees
from topologies.fabric import Fabric, Ints, wired
from topologies.kinds.base import Counts, TopologySpec
from topologies.problems import FieldErrors

Oversubscription = Annotated[float, Field(ge=1, allow_inf_nan=False)]
"""Ports down over ports up."""


class TreeSpec(TopologySpec):
    """One fat tree that joins all endpoints."""

    carries_any = True
    oversubscription: Oversubscription = 1.0
    """Endpoints of a leaf over its uplinks; a leaf is never thinner than asked."""

    @model_validator(mode="after")
    def _ports_can_be_split(self) -> Self:
        """A tree halves the ports of a switch, and a leaf has an uplink at least."""
        ports = self.switch.ports
        if ports % 2:
            why = f"read {ports} ports; a fat tree gives half of them to each side: write {ports - 1} or {ports + 1}"
            raise FieldErrors([("switch.ports", why)])
        if self.split.up < 1:
            why = (
                f"read {self.oversubscription:g}, which leaves a switch of {ports} ports no uplink; at most {ports - 1}"
            )
            raise FieldErrors([("oversubscription", why)])
        return self

    @property
    def depth(self) -> int:
        """Layers of switches: 2 or 3."""
        return 3

    @property
    def split(self) -> trees.Ports:
        """How switches split their ports."""
        return trees.split(self.switch.ports, self.depth, self.oversubscription)

    @abstractmethod
    def shape(self, endpoints: int) -> trees.Tree:
        """Sizes of the tree for so many endpoints."""

    @abstractmethod
    def leaf_of(self, ends: Ints, endpoints: int) -> Ints:
        """[endpoint] leaf of each endpoint, of so many in all."""

    def side_by_side(self) -> int:
        """Neighbouring endpoints that are on leaves of their own."""
        return 1

    def fullest(self, endpoints: int) -> int:
        """Endpoints of the leaf that has most."""
        return min(self.split.down, -(-endpoints // self.side_by_side()))

    def count(self, endpoints: int | None = None) -> Counts:
        """Leaves, the switches above that carry their uplinks, and the cables between."""
        held = self.held(endpoints)
        shape = self.shape(held)
        return Counts(held, shape.switches, shape.links)

    def near_links(self, endpoints: int | None = None) -> int:
        """Cables inside pods."""
        return self.shape(self.held(endpoints)).near_links

    def build(self, endpoints: int | None = None) -> Fabric:
        """Switches are numbered leaves first, then middle, then top."""
        held = self.held(endpoints)
        shape = self.shape(held)
        low, high = trees.wire(shape)
        ends = np.arange(held, dtype=np.int32)
        cables = (
            np.concatenate([ends, held + low]),
            np.concatenate([held + self.leaf_of(ends, held), held + high]),
            np.zeros(held + len(low), dtype=np.int32),
        )
        return wired(held, shape.switches, cables, self.switch.port_bytes_per_s, self.switch.latency_s)

    def switches_between(self, first: int, second: int, endpoints: int | None = None) -> int:
        """1 under a leaf, 3 across, 5 across pods."""
        held = self.held(endpoints)
        leaves = self.leaf_of(np.array([first, second], dtype=np.int32), held).tolist()
        return trees.switches_between(leaves[0], leaves[1], self.shape(held))

    def farthest(self, endpoints: int | None = None) -> int:
        """From the first leaf to the last that has an endpoint."""
        held = self.held(endpoints)
        ends = np.arange(max(0, held - self.side_by_side()), held, dtype=np.int32)
        return trees.switches_between(0, int(self.leaf_of(ends, held).max()), self.shape(held))

    def uniform_ratio(self, endpoints: int | None = None) -> float:
        """What leaves and pods can send out, over what their endpoints would."""
        held = self.held(endpoints)
        return trees.uniform_ratio(self.shape(held), held, self.fullest(held))

    def bisection_bytes_per_s(self, endpoints: int | None = None) -> float:
        """Half of all endpoints' ports, or of all uplinks where those are fewer; exact for full trees."""
        held = self.held(endpoints)
        return trees.bisection_cables(self.shape(held), held) * self.switch.port_bytes_per_s


class LayeredTree(TreeSpec):
    """A fat tree of two or three layers."""

    layers: Literal[2, 3] = 2

    @property
    def depth(self) -> int:
        """As the field says."""
        return self.layers

    def instead(self) -> str:
        """Three layers hold more than two."""
        deeper = self.model_copy(update={"layers": 3}).full_size if self.layers == 2 else 0
        return f" (with layers: 3 it holds {deeper:,})" if deeper > self.full_size else ""
