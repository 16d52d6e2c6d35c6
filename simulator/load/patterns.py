"""Who sends to whom over the network in a step: tokens to experts, activations to stages, gradients to replicas."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.flows.demand import Demand, demand
from simulator.refusal import Refused
from topologies.fabric import Fabric
from workloads.layout import Layout

Ints = NDArray[np.int32]
MOST_GPUS = 4_096
"""GPUs whose traffic is followed flow by flow; the others of a larger cluster do the same elsewhere."""


class CutOff(Refused):
    """Faults leave nodes without a way to each other."""


class Site(NamedTuple):
    """Where ranks are: GPUs and network ports of a node, nodes that NVLink joins."""

    gpus: int
    ports: int
    joined: int

    def port(self, rank: Ints) -> Ints:
        """Port of a GPU: neighbours share one where there are fewer ports than GPUs."""
        node, gpu = np.divmod(rank, self.gpus)
        port: Ints = (node * self.ports + gpu * self.ports // self.gpus).astype(np.int32)
        return port


class Pattern(NamedTuple):
    """Flows that run at once; those of one group wait for each other.

    group   [flow]
    """

    name: str
    flows: Demand
    group: Ints


def patterns(layout: Layout, site: Site) -> list[Pattern]:
    """Every kind of traffic between nodes; those that stay inside of NVLink are left out."""
    ranks = np.arange(min(layout.ranks, MOST_GPUS), dtype=np.int32)
    found = [_to_experts(ranks, layout, site), _to_next_stage(ranks, layout, site), _to_replicas(ranks, layout, site)]
    return [pattern for pattern in found if pattern.flows.flows]


def _to_experts(ranks: Ints, layout: Layout, site: Site) -> Pattern:
    """Each GPU sends alike to the GPU of its own index in every other node that its experts lie on.

    A token crosses the network once for each node (arXiv 2412.19437, section 3.2.2).
    """
    reach = site.gpus * site.joined
    together = layout.ranks_per_expert_group
    others = max(1, together // reach)
    first = ranks // together * together
    source = np.repeat(ranks, others)
    at = first[:, None] + (ranks % together % reach)[:, None] + reach * np.arange(others)[None, :]
    return _pattern("expert all-to-all", source, at.reshape(-1).astype(np.int32), together, site)


def _to_next_stage(ranks: Ints, layout: Layout, site: Site) -> Pattern:
    """Each GPU to the same place in the next pipeline rank."""
    after = ranks + layout.ranks_per_stage
    sending = ranks[after < min(layout.ranks, MOST_GPUS)]
    return _pattern("pipeline sends", sending, sending + np.int32(layout.ranks_per_stage), layout.ranks_per_stage, site)


def _to_replicas(ranks: Ints, layout: Layout, site: Site) -> Pattern:
    """Each GPU to the GPU of its own index in the next node of its pipeline rank, round a ring."""
    reach, stage = site.gpus * site.joined, layout.ranks_per_stage
    first = ranks // stage * stage
    after = first + (ranks - first + reach) % stage
    return _pattern("gradients and parameters", ranks, after.astype(np.int32), stage, site)


def _pattern(name: str, source: Ints, destination: Ints, together: int, site: Site) -> Pattern:
    """Flows of one size between ports; those inside of NVLink or of one port are none of the network's."""
    reach = site.gpus * site.joined
    ends = site.port(source), site.port(destination)
    leaves = (source // reach != destination // reach) & (ends[0] != ends[1])
    leaves &= (source < MOST_GPUS) & (destination < MOST_GPUS)
    sent = demand(ends[0][leaves], ends[1][leaves], 1.0)
    return Pattern(name, sent, (source[leaves] // together).astype(np.int32))


def around_lost_planes(pattern: Pattern, site: Site, fabric: Fabric, lost: NDArray[np.bool_]) -> Pattern:
    """The pattern with flows that have no way sent over NVLink to the ports of both nodes that still have one.

    Each is cut into equal parts over those ports, as PXN does with the ports of a node's other GPUs.

    lost   [flow]
    Raises CutOff where two nodes have no plane in common any more.
    """
    if not lost.any():
        return pattern
    alive = np.zeros(fabric.endpoints, np.bool_)
    alive[fabric.link_from[(fabric.link_bytes_per_s > 0) & (fabric.link_from < fabric.endpoints)]] = True
    flows, ports = pattern.flows, np.arange(site.ports)
    first = (flows.source[lost] // site.ports * site.ports)[:, None] + ports
    last = (flows.destination[lost] // site.ports * site.ports)[:, None] + ports
    usable = alive[first] & alive[last]
    parts = usable.sum(axis=1)
    if not parts.all():
        raise CutOff("with these cluster.faults some nodes reach no other node: no network port of theirs is left")
    rows, columns = np.nonzero(usable)
    moved = demand(first[rows, columns], last[rows, columns], flows.size_bytes[lost][rows] / parts[rows])
    kept = flows.chosen(np.flatnonzero(~lost))
    together = demand(
        np.concatenate([kept.source, moved.source]),
        np.concatenate([kept.destination, moved.destination]),
        np.concatenate([kept.size_bytes, moved.size_bytes]),
    )
    return Pattern(pattern.name, together, np.concatenate([pattern.group[~lost], pattern.group[lost][rows]]))
