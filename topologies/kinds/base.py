"""What every network topology answers: counts in closed form, its fabric, and how many switches lie on a way."""

from abc import abstractmethod
from typing import Annotated, NamedTuple, Self

from pydantic import model_validator

from topologies.catalogue import FromCatalogue
from topologies.fabric import Fabric
from topologies.hardware import Nic, Switch
from topologies.spec import Spec


class TopologyError(ValueError):
    """A topology that cannot be built as asked; the message says what would work."""


class Counts(NamedTuple):
    """Size of a network; links are cables between switches, endpoint cables left out, as published tables count."""

    endpoints: int
    switches: int
    links: int


class TopologySpec(Spec):
    """A scale-out network. Endpoints are NIC ports, numbered node by node: endpoint = node x nics + nic."""

    kind: str
    switch: Annotated[Switch, FromCatalogue("switches")]

    @model_validator(mode="after")
    def _switch_has_ports(self) -> Self:
        """A switch joins at least two cables."""
        if self.switch.ports < 2:
            raise ValueError(f"a switch of {self.switch.ports} port joins nothing; it needs 2 or more")
        return self

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

    @abstractmethod
    def switches_between(self, first: int, second: int, endpoints: int | None = None) -> int:
        """Switches on the shortest way between two endpoints. Raises TopologyError when there is none."""

    @abstractmethod
    def farthest(self, endpoints: int | None = None) -> int:
        """Switches on the longest of the shortest ways."""

    def latency_s(self, nic: Nic, switches: int) -> float:
        """Seconds for a small message through so many switches: both ends, and each switch between.

        The published 64-byte figures (arXiv 2505.09343, Table 5) are one switch and three switches.
        """
        return 2 * nic.latency_s + switches * self.switch.latency_s

    def held(self, endpoints: int | None) -> int:
        """Number of endpoints asked for, checked. Raises TopologyError."""
        wanted = self.full_size if endpoints is None else endpoints
        if not 1 <= wanted <= self.full_size:
            raise TopologyError(
                f"{wanted:,} endpoints do not fit: a {self.kind} of {self.switch.ports}-port switches "
                f"holds 1 to {self.full_size:,}"
            )
        return wanted
