"""Rail-optimised: each rail is a fat tree of two layers, and a core above joins the rails."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from topologies import trees
from topologies.fabric import Ints
from topologies.kinds.tree_base import Oversubscription, TreeSpec
from topologies.problems import FieldErrors
from topologies.units import Count


class RailOptimised(TreeSpec):
    """Endpoint e is on rail e mod rails. The same rail is reached over the rail's own spines, another over the core.

    Leaves and spine groups belong to one rail (as NVIDIA's DGX SuperPOD reference architecture cables them). Traffic
    should stay on its rail, so the core may be thinner than the rails. Rails of one leaf are joined by spines alone.
    """

    kind: Literal["rail-optimised"] = "rail-optimised"
    rails: Count = 8
    core_oversubscription: Oversubscription = 1.0
    """Leaves below a rail's spine over the spine's uplinks into the core."""

    @model_validator(mode="after")
    def _rails_have_pods(self) -> Self:
        """The core joins as many groups of spines as a switch has ports."""
        if self.rails > self.switch.ports:
            ports = self.switch.ports
            why = f"read {self.rails:,}; a core of {ports}-port switches joins {ports} rails at most"
            raise FieldErrors([("rails", why)])
        return self

    @property
    def split(self) -> trees.Ports:
        """The core may be thinned out as well as the leaves."""
        return trees.split(self.switch.ports, self.depth, self.oversubscription, self.core_oversubscription)

    @property
    def full_size(self) -> int:
        """A rail has its share of the k groups of spines, each with k/2 leaves."""
        return self.rails * (self.switch.ports // self.rails) * self.split.half * self.split.down

    def uniform_ratio(self, endpoints: int | None = None) -> float:
        """What a rail carries when its endpoints send to each other alike: other rails are reached over NVLink."""
        held = self.held(endpoints)
        return trees.uniform_ratio(self.shape(held), trees.over(held, self.rails), self.fullest(held))

    def shape(self, endpoints: int) -> trees.Tree:
        """As many leaves a rail as its nodes need."""
        return trees.tree(self.rails * self._leaves(endpoints), self.split, self.rails)

    def leaf_of(self, ends: Ints, endpoints: int) -> Ints:
        """Leaves are numbered rail by rail."""
        node, rail = np.divmod(ends, self.rails)
        leaf: Ints = rail * self._leaves(endpoints) + node // self.split.down
        return leaf

    def side_by_side(self) -> int:
        """A node's ports are on leaves of their own."""
        return self.rails

    def _leaves(self, endpoints: int) -> int:
        """Leaves of one rail."""
        return trees.over(trees.over(endpoints, self.rails), self.split.down)
