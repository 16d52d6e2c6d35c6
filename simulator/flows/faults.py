"""What can be down or slow in a fabric, from when to when, and what remains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from topologies.fabric import Fabric, Ints


@dataclass(frozen=True, slots=True)
class Fault:
    """Links that keep a share of their rate for some time: 0 is down.

    reroute_s   seconds until routing knows; meanwhile flows on a link that is down stand still
    """

    links: tuple[int, ...]
    left_ratio: float = 0.0
    begin_s: float = 0.0
    end_s: float = np.inf
    reroute_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse shares and times that cannot be."""
        if not 0 <= self.left_ratio <= 1:
            raise ValueError(f"a fault leaves {self.left_ratio} of the rate; allowed: 0 to 1")
        if not 0 <= self.begin_s < self.end_s or self.reroute_s < 0:
            raise ValueError(f"a fault from {self.begin_s} to {self.end_s} s, known after {self.reroute_s} s; "
                             "allowed: from 0 on, a later end, and no negative delay")  # fmt: skip


def cable(fabric: Fabric, link: int) -> tuple[int, ...]:
    """A link and one back between the same two vertices, as far as there is one of the same rank among parallels."""
    tail, head = fabric.link_from[link], fabric.link_to[link]
    ahead = np.flatnonzero((fabric.link_from == tail) & (fabric.link_to == head))
    back = np.flatnonzero((fabric.link_from == head) & (fabric.link_to == tail))
    rank = int(np.flatnonzero(ahead == link)[0])
    return (link, *back[rank : rank + 1].tolist())


def vertex(fabric: Fabric, number: int) -> tuple[int, ...]:
    """All links of a NIC port (a number below `endpoints`) or of a switch."""
    return tuple(np.flatnonzero((fabric.link_from == number) | (fabric.link_to == number)).tolist())


def plane(fabric: Fabric, number: int) -> tuple[int, ...]:
    """All links of a plane."""
    return tuple(np.flatnonzero(fabric.link_plane == number).tolist())


def with_faults(fabric: Fabric, faults: Sequence[Fault], now_s: float, *, known: bool = False) -> Fabric:
    """The fabric at an instant; `known` for what routing knows of it. The smallest share of a link's faults holds."""
    left = np.ones(len(fabric.link_bytes_per_s))
    for fault in faults:
        late_s = fault.reroute_s if known else 0.0
        if fault.begin_s + late_s <= now_s < fault.end_s + late_s:
            links = np.array(fault.links, np.int64)
            left[links] = np.minimum(left[links], fault.left_ratio)
    return replace(fabric, link_bytes_per_s=fabric.link_bytes_per_s * left)


def instants_s(faults: Sequence[Fault]) -> list[float]:
    """When something changes or routing learns of it, in order."""
    times = {begin for fault in faults for at in (fault.begin_s, fault.end_s) for begin in (at, at + fault.reroute_s)}
    return sorted(at for at in times if 0 < at < np.inf)


@dataclass(frozen=True, slots=True)
class Remains:
    """What a fabric with faults has of what it had without.

    endpoints        that still reach another one
    pairs_ratio      pairs of endpoints with a way between them
    ports_ratio      bytes/s of links that leave endpoints
    switches_ratio   bytes/s of links between switches
    """

    endpoints: int
    pairs_ratio: float
    ports_ratio: float
    switches_ratio: float


def remains(whole: Fabric, damaged: Fabric) -> Remains:
    """Compare a fabric with what faults leave of it."""
    sizes, before = _groups(damaged), _groups(whole)
    port = whole.link_from < whole.endpoints
    inner = ~port & (whole.link_to >= whole.endpoints)
    rate, full = damaged.link_bytes_per_s, whole.link_bytes_per_s
    return Remains(
        endpoints=int(sizes[sizes > 1].sum()),
        pairs_ratio=float((sizes * (sizes - 1)).sum() / max(1, (before * (before - 1)).sum())),
        ports_ratio=float(rate[port].sum() / full[port].sum()),
        switches_ratio=float(rate[inner].sum() / full[inner].sum()) if inner.any() else 1.0,
    )


def _groups(fabric: Fabric) -> Ints:
    """[group] endpoints of each set that has ways among itself; endpoints forward nothing, so switches join them."""
    up = fabric.link_bytes_per_s > 0
    ends = fabric.link_from[up], fabric.link_to[up]
    graph = csr_matrix((np.ones(up.sum(), np.int8), ends), shape=(fabric.vertices, fabric.vertices))
    group = connected_components(graph, directed=False)[1][: fabric.endpoints]
    return np.bincount(group).astype(np.int64)
