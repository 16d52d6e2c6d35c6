"""Rail-only: one switch a rail and nothing above; traffic to another rail takes NVLink first."""

from typing import Literal

import numpy as np

from topologies.fabric import Fabric, wired
from topologies.kinds.base import Counts, TopologyError, TopologySpec
from topologies.units import Count


class RailOnly(TopologySpec):
    """Endpoint e is on the switch of rail e mod rails (arXiv 2307.12169). Rails of more than a switch are planes."""

    carries_any = True
    kind: Literal["rail-only"] = "rail-only"
    rails: Count = 8
    parts = "rails"

    @property
    def full_size(self) -> int:
        """Every port of every rail's switch."""
        return self.rails * self.switch.ports

    def networks(self) -> int:
        """Rails are isolated from each other."""
        return self.rails

    def count(self, endpoints: int | None = None) -> Counts:
        """One switch for each rail in use."""
        held = self.held(endpoints)
        return Counts(held, min(self.rails, held), 0)

    def build(self, endpoints: int | None = None) -> Fabric:
        """Switches are numbered as their rails."""
        held, switches, _ = self.count(endpoints)
        ends = np.arange(held, dtype=np.int32)
        rail = ends % np.int32(switches)
        return wired(held, switches, (ends, held + rail, rail), self.switch.port_bytes_per_s, self.switch.latency_s)

    def switches_between(self, first: int, second: int, endpoints: int | None = None) -> int:
        """The rail's switch. Raises TopologyError for endpoints of two rails."""
        if first % self.rails != second % self.rails:
            raise TopologyError(
                f"endpoints {first} and {second} are on rails {first % self.rails} and {second % self.rails}; "
                "rails are joined by NVLink inside a node only"
            )
        return 1

    def farthest(self, endpoints: int | None = None) -> int:
        """The rail's switch."""
        return 1

    def uniform_ratio(self, endpoints: int | None = None) -> float:
        """A switch carries whatever its ports do."""
        return 1.0

    def bisection_bytes_per_s(self, endpoints: int | None = None) -> float:
        """Half of the nodes on every rail."""
        return min(self.rails, self.held(endpoints)) * (self.held(endpoints) // self.rails // 2) * self.port_bytes_per_s

    def instead(self) -> str:
        """Planes are rails with trees of switches."""
        return " (with kind: mpft a rail is a fat tree)"
