"""A scale-out network as arrays: directed links between endpoints and switches."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import networkx

Ints: TypeAlias = NDArray[np.int32]
Floats: TypeAlias = NDArray[np.float64]
Truths: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Fabric:
    """Vertices 0 .. endpoints-1 are endpoints (network ports of nodes), the next `switches` are switches.

    Every cable is two links, one a direction, `link_from[i] -> link_to[i]`:
    link_from, link_to   [link]  vertex
    link_bytes_per_s     [link]  nominal rate
    link_latency_s       [link]  latency of the switch that the link leaves; 0 for a link that leaves an endpoint
    link_plane           [link]  plane that the link belongs to
    """

    endpoints: int
    switches: int
    link_from: Ints
    link_to: Ints
    link_bytes_per_s: Floats
    link_latency_s: Floats
    link_plane: Ints

    @property
    def vertices(self) -> int:
        """Endpoints and switches together."""
        return self.endpoints + self.switches

    @property
    def switch_links(self) -> int:
        """Cables between switches (each counted once), as published tables count links."""
        inner = (self.link_from >= self.endpoints) & (self.link_to >= self.endpoints)
        return int(inner.sum()) // 2

    def degrees(self) -> Ints:
        """[vertex] cables at each vertex."""
        return np.bincount(self.link_from, minlength=self.vertices).astype(np.int32)

    def to_networkx(self) -> "networkx.MultiDiGraph[int]":
        """The same network as a networkx graph, for inspection."""
        import networkx

        graph: networkx.MultiDiGraph[int] = networkx.MultiDiGraph()
        graph.add_nodes_from(range(self.endpoints), layer="endpoint")
        graph.add_nodes_from(range(self.endpoints, self.vertices), layer="switch")
        columns = (self.link_from, self.link_to, self.link_bytes_per_s, self.link_latency_s, self.link_plane)
        for tail, head, rate, latency, plane in zip(*(column.tolist() for column in columns), strict=True):
            graph.add_edge(tail, head, bytes_per_s=rate, latency_s=latency, plane=plane)
        return graph


def wired(
    endpoints: int, switches: int, cables: tuple[Ints, Ints, Ints], bytes_per_s: float, switch_latency_s: float
) -> Fabric:
    """Fabric from cables of one rate.

    cables   three arrays [cable]: one end, other end, plane
    """
    low, high, plane = cables
    link_from = np.concatenate([low, high]).astype(np.int32)
    links = len(link_from)
    return Fabric(
        endpoints=endpoints,
        switches=switches,
        link_from=link_from,
        link_to=np.concatenate([high, low]).astype(np.int32),
        link_bytes_per_s=np.full(links, bytes_per_s),
        link_latency_s=np.where(link_from >= endpoints, switch_latency_s, 0.0),
        link_plane=np.concatenate([plane, plane]).astype(np.int32),
    )
