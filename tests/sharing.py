"""Expert groups for tests: independent loads of a given variation."""

from __future__ import annotations

from workloads.expert_loads import Sharing
from workloads.reference.dims import Gate
from workloads.routers.gamma import Gamma


def varied(experts: int, ranks: int, ranks_per_node: int, variation: float) -> Sharing:
    """Ranks that share experts whose loads of one sequence vary as told."""
    gate = Gate(experts=experts, top_k=1)
    return Sharing(gate, 4, ranks, ranks_per_node, tokens=64, sequence_tokens=64, router=Gamma(variation=variation))
