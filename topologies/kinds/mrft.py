"""Multi-rail fat tree (MRFT): each rail has leaves of its own, and one fabric joins all rails."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from topologies import trees
from topologies.fabric import Ints
from topologies.kinds.tree_base import LayeredTree
from topologies.problems import FieldErrors
from topologies.units import Count


class MultiRailFatTree(LayeredTree):
    """Endpoint e is on rail e mod rails; neighbouring nodes share one leaf a rail (arXiv 2505.09343, 5.1)."""

    kind: Literal["mrft"] = "mrft"
    rails: Count = 8

    @model_validator(mode="after")
    def _rails_have_leaves(self) -> Self:
        """Every rail has a leaf."""
        most = self.split.most_leaves
        if self.rails > most:
            raise FieldErrors([("rails", f"read {self.rails:,}; the tree has leaves for {most:,} rails at most")])
        return self

    @property
    def full_size(self) -> int:
        """As many groups of nodes, each with a leaf a rail, as the tree has leaves for."""
        return self.split.most_leaves // self.rails * self.rails * self.split.down

    def shape(self, endpoints: int) -> trees.Tree:
        """A leaf for each rail and group of nodes."""
        groups = trees.over(trees.over(endpoints, self.rails), self.split.down)
        return trees.tree(groups * self.rails, self.split)

    def leaf_of(self, ends: Ints, endpoints: int) -> Ints:
        """Leaves are numbered group by group, rail by rail, so that a pod holds all rails of a few nodes."""
        node, rail = np.divmod(ends, self.rails)
        return node // self.split.down * self.rails + rail

    def side_by_side(self) -> int:
        """A node's ports are on leaves of their own."""
        return self.rails
