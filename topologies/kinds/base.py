"""What every network topology answers: counts in closed form, its fabric, how far apart endpoints are, what it carries.

A kind has to say its full size, its counts and its graph. The rest is read off the graph unless the kind knows better.
"""

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import model_validator

from topologies import routes
from topologies.cables import Cables, Cabling
from topologies.catalogue import FromCatalogue
from topologies.fabric import Fabric
from topologies.hardware import Nic, Node, Switch
from topologies.spec import Spec
from topologies.units import Count


class TopologyError(ValueError):
    """A topology that cannot be built as asked; the message says what would work."""


class Counts(NamedTuple):
    """Size of a network; links are cables between switches, endpoint cables left out, as published tables count."""

    endpoints: int
    switches: int
    links: int


class Port(NamedTuple):
    """What one GPU reaches others over outside of its NVLink domain, each direction.

    bytes_per_s   achieved by large messages;  nominal_bytes_per_s   of which that is a share
    """

    bytes_per_s: float
    nominal_bytes_per_s: float
    latency_s: float


class TopologySpec(Spec):
    """A network. Endpoints are network ports, numbered node by node: endpoint = node x ports of a node + port."""

    kind: str
    switch: Annotated[Switch, FromCatalogue("switches")]
    cables: Cables = Cables()
    routing: Literal["spray", "ecmp", "by-destination"] = "spray"
    """How switches choose among shortest ways: each packet anew (adaptive), each flow by a hash, or by the target."""
    queue_pairs: Count = 1
    """Flows between two ports that are hashed apart."""
    carries_any: ClassVar[bool] = False
    """Whether sprayed packets reach what `uniform_ratio` says whoever sends to whom, not only if all send alike."""
    parts: ClassVar[str] = "planes"
    """What the networks are called that have no way between them."""
    bought_apart: ClassVar[bool] = True
    """Whether it is bought beside the nodes; NVLink is part of them."""

    @model_validator(mode="after")
    def _switch_has_ports(self) -> Self:
        """A switch joins at least two cables."""
        if self.switch.ports < 2:
            raise ValueError(f"a switch of {self.switch.ports} port joins nothing; it needs 2 or more")
        return self

    @property
    def ports_per_nic(self) -> int:
        """Endpoints that one NIC is, each with its share of the NIC's rate."""
        return 1

    def networks(self) -> int:
        """Networks without a way between them: planes, else 1."""
        return 1

    @property
    @abstractmethod
    def full_size(self) -> int:
        """Most endpoints that the topology holds."""

    @abstractmethod
    def count(self, endpoints: int | None = None) -> Counts:
        """Size for so many endpoints, or at full size. Raises TopologyError when they do not fit."""

    @abstractmethod
    def build(self, endpoints: int | None = None) -> Fabric:
        """Graph for so many endpoints, or at full size. Raises TopologyError when they do not fit."""

    def near_links(self, endpoints: int | None = None) -> int:
        """Of the links, those inside a pod or group."""
        return 0

    def cabling(self, endpoints: int | None = None) -> Cabling:
        """Cables by class. Raises TopologyError when the endpoints do not fit."""
        counts, near = self.count(endpoints), self.near_links(endpoints)
        links = {self.cables.near: near}
        links[self.cables.far] = links.get(self.cables.far, 0) + counts.links - near
        return Cabling({self.cables.endpoint: counts.endpoints}, links)

    def switches_between(self, first: int, second: int, endpoints: int | None = None) -> int:
        """Switches on the shortest way between two endpoints. Raises TopologyError when there is none."""
        hops = int(routes.hops_from(self.build(endpoints), first)[second])
        if hops < 0:
            raise TopologyError(f"no way leads from endpoint {first} to endpoint {second}")
        return max(hops - 1, 1)

    def farthest(self, endpoints: int | None = None) -> int:
        """Switches on the longest of the shortest ways."""
        return routes.farthest(self.build(endpoints))

    def uniform_ratio(self, endpoints: int | None = None) -> float:
        """Share of their ports' rate that endpoints reach when each sends alike to all it reaches over the network."""
        return routes.uniform_ratio(self.build(endpoints))

    def bisection_bytes_per_s(self, endpoints: int | None = None) -> float:
        """Least that can pass from one half of the nodes to the other, over all halves, one direction.

        Here, for a kind without a formula: from the first half of the endpoints to the second, which is a bound from
        above.
        """
        fabric = self.build(endpoints)
        return routes.cut_bytes_per_s(fabric, np.arange(fabric.endpoints) < fabric.endpoints // 2)

    @property
    def port_bytes_per_s(self) -> float:
        """Nominal rate of a switch's port that an endpoint is on."""
        return self.switch.port_bytes_per_s

    def latency_s(self, nic: Nic, switches: int) -> float:
        """Seconds for a small message through so many switches: both ends, and each switch between.

        The published 64-byte figures (arXiv 2505.09343, Table 5) are one switch and three switches.
        """
        return 2 * nic.latency_s + switches * self.switch.latency_s

    def farthest_s(self, nic: Nic, endpoints: int | None = None) -> float:
        """Seconds for a small message between the two endpoints that are farthest apart."""
        return self.latency_s(nic, self.farthest(endpoints))

    def endpoints_of(self, node: Node, nodes: int) -> int:
        """Endpoints that so many nodes are. Raises TopologyError when these nodes cannot be on this network."""
        ports = node.nics * self.ports_per_nic
        if ports % self.networks():
            has = f"a {node.name} has {_ports(node.nics, self.ports_per_nic)}"
            raise TopologyError(
                f"{self.networks()} {self.parts}, but {has}, so that nodes would be on "
                f"different {self.parts} and could not reach each other; "
                f"write {self.parts}: {ports}, or a divisor of it"
            )
        if nodes * ports > self.full_size:
            raise TopologyError(
                f"{nodes:,} nodes are {nodes * ports:,} endpoints, but a {self.described()} holds "
                f"{self.full_size:,}; write nodes: {self.full_size // ports}{self.instead()}"
            )
        return nodes * ports

    def port_of(self, node: Node, nodes: int) -> Port:
        """What one GPU of such nodes has of the network.

        A port is as fast as the slower of its two ends, shared where a node has fewer NICs than GPUs, and no faster
        than the network carries when all send alike.
        """
        nic, endpoints = node.nic, self.endpoints_of(node, nodes)
        rate_bytes_per_s = self.ports_per_nic * min(nic.bytes_per_s / self.ports_per_nic, self.port_bytes_per_s)
        rate_bytes_per_s *= min(1.0, node.nics / node.gpus) * self.uniform_ratio(endpoints)
        return Port(
            rate_bytes_per_s * nic.achievable_ratio,
            rate_bytes_per_s,
            self.farthest_s(nic, endpoints),
        )

    def described(self) -> str:
        """The network in a few words, for a message."""
        return f"{self.kind} of {self.switch.ports}-port switches"

    def instead(self) -> str:
        """End of a message that says what would hold more endpoints."""
        return ""

    def held(self, endpoints: int | None) -> int:
        """Number of endpoints asked for, checked. Raises TopologyError."""
        wanted = self.full_size if endpoints is None else endpoints
        if not 1 <= wanted <= self.full_size:
            raise TopologyError(
                f"{wanted:,} endpoints do not fit: a {self.described()} holds 1 to {self.full_size:,}{self.instead()}"
            )
        return wanted


def _ports(nics: int, each: int) -> str:
    """`8 NICs`, or `4 NICs with 2 ports each`."""
    return f"{nics} NICs" if each == 1 else f"{nics} NICs with {each} ports each"
