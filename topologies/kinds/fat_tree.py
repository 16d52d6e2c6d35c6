"""Fat tree: one network of two or three layers of equal switches."""

from typing import Literal

from topologies import trees
from topologies.fabric import Ints
from topologies.kinds.tree_base import LayeredTree


class FatTree(LayeredTree):
    """One fat tree; endpoints fill leaf after leaf, so a node's ports are under one leaf."""

    kind: Literal["fat-tree"] = "fat-tree"

    @property
    def full_size(self) -> int:
        """k^2/2 endpoints in two layers, k^3/4 in three (Al-Fares et al., SIGCOMM 2008); more when oversubscribed."""
        return self.split.most_leaves * self.split.down

    def shape(self, endpoints: int) -> trees.Tree:
        """Two layers, full: k leaves and k/2 spines; three: 5 k^2/4 switches."""
        return trees.tree(trees.over(endpoints, self.split.down), self.split)

    def leaf_of(self, ends: Ints, endpoints: int) -> Ints:
        """Endpoint e is under leaf e // ports down."""
        return ends // self.split.down
