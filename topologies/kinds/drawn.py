"""A network drawn by hand: switches by name, cables between them, and where endpoints are attached."""

from collections import Counter
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from topologies import routes
from topologies.cables import CableClass, Cabling
from topologies.drawing import DrawnAttachment, DrawnLink, flaws
from topologies.fabric import Fabric
from topologies.hardware import Nic
from topologies.kinds.base import Counts, TopologySpec
from topologies.problems import FieldErrors

SwitchName = Annotated[str, Field(min_length=1, max_length=80)]


class Drawn(TopologySpec):
    """A network of your own: named switches, cables between them, endpoints attached to them.

    Every switch is a `switch`, and all are joined. Distances, latency and what it carries come from the graph:

        kind: drawn
        switch: quantum-2
        switches: [leaf0, leaf1, spine]
        links:
          - {between: [leaf0, spine], count: 16}
          - {between: [leaf1, spine], count: 16, bytes_per_s: 200 Gb/s, latency_s: 50 ns, cable: copper}
        endpoints:
          - {switch: leaf0, count: 32}
          - {switch: leaf1, count: 32}
    """

    kind: Literal["drawn"] = "drawn"
    switches: Annotated[tuple[SwitchName, ...], Field(min_length=1)]
    links: tuple[DrawnLink, ...] = ()
    endpoints: Annotated[tuple[DrawnAttachment, ...], Field(min_length=1)]
    """Endpoints are numbered in the order of this list: the ports of the first node, of the second, and so on."""

    @model_validator(mode="after")
    def _is_one_network(self) -> Self:
        """Names are known, ports suffice, and all is joined; every flaw is told at its place."""
        found = list(flaws(self.switches, self.links, self.endpoints, self.switch))
        if found:
            raise FieldErrors(found)
        return self

    @property
    def full_size(self) -> int:
        """All endpoints drawn."""
        return sum(attached.count for attached in self.endpoints)

    @property
    def port_bytes_per_s(self) -> float:
        """The slowest endpoint's port."""
        return min(attached.bytes_per_s or self.switch.port_bytes_per_s for attached in self.endpoints)

    def count(self, endpoints: int | None = None) -> Counts:
        """As drawn; endpoints that are not in use are left out, switches and links stay."""
        return Counts(self.held(endpoints), len(self.switches), sum(link.count for link in self.links))

    def cabling(self, endpoints: int | None = None) -> Cabling:
        """Each link is of its own class, or of the class of far cables."""
        classes: Counter[CableClass] = Counter()
        for link in self.links:
            classes[link.cable or self.cables.far] += link.count
        return Cabling({self.cables.endpoint: self.held(endpoints)}, dict(classes))

    def build(self, endpoints: int | None = None) -> Fabric:
        """Switches are numbered in the order of their list."""
        held = self.held(endpoints)
        number = {name: held + place for place, name in enumerate(self.switches)}
        attached, links = self.endpoints, self.links
        cables: tuple[DrawnAttachment | DrawnLink, ...] = (*attached, *links)
        times = np.array([one.count for one in cables])
        low = np.repeat([0] * len(attached) + [number[link.between[0]] for link in links], times)
        high = np.repeat([number[one.switch] for one in attached] + [number[link.between[1]] for link in links], times)
        rate_bytes_per_s = [one.bytes_per_s or self.switch.port_bytes_per_s for one in cables]
        cable_s = [one.latency_s for one in cables]
        low[: self.full_size] = np.arange(self.full_size)
        kept = np.concatenate([np.arange(held), np.arange(self.full_size, len(low))])
        return self._fabric(
            held, (low[kept], high[kept]), np.repeat([rate_bytes_per_s, cable_s], times, axis=1)[:, kept]
        )

    def farthest_s(self, nic: Nic, endpoints: int | None = None) -> float:
        """Switches and cables of the quickest way between the two endpoints for which that takes longest."""
        fabric = self.build(endpoints)
        starts = np.unique(routes.attached_to(fabric), return_index=True)[1]
        ends = slice(0, fabric.endpoints)
        most_s = max(float(routes.least_latency_s(fabric, int(start))[ends].max()) for start in starts)
        return max(2 * nic.latency_s + most_s, self.latency_s(nic, 1))

    def described(self) -> str:
        """The drawing with its switches, for a message."""
        return f"drawn network of {len(self.switches)} switches"

    def _fabric(self, held: int, ends: tuple[np.ndarray, np.ndarray], values: np.ndarray) -> Fabric:
        """Both directions of every cable.

        ends     [cable] one end, [cable] the other;  values   [2, cable] rate, latency of the cable itself
        """
        link_from = np.concatenate(ends).astype(np.int32)
        rate_bytes_per_s, cable_s = np.concatenate([values, values], axis=1)
        return Fabric(
            endpoints=held,
            switches=len(self.switches),
            link_from=link_from,
            link_to=np.concatenate(ends[::-1]).astype(np.int32),
            link_bytes_per_s=rate_bytes_per_s,
            link_latency_s=cable_s + np.where(link_from >= held, self.switch.latency_s, 0.0),
            link_plane=np.zeros(len(link_from), dtype=np.int32),
        )
