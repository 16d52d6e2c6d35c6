"""NVLink domain alone: GPUs on NVLink switches, and no network beyond."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from topologies.cables import Cabling
from topologies.fabric import Fabric, wired
from topologies.hardware import Node
from topologies.kinds.base import Counts, Port, TopologyError, TopologySpec
from topologies.problems import FieldErrors
from topologies.units import Count


class NvlinkDomain(TopologySpec):
    """Endpoints are GPUs; each spreads its links over all NVLink switches, so that every GPU is one switch away.

    8 GPUs of a server by default; an NVL72 rack is gpus: 72, nvswitches: 18, switch: nvswitch-nvl72.
    """

    carries_any = True
    kind: Literal["nvlink"] = "nvlink"
    gpus: Count = 8
    nvswitches: Count = 4
    links_per_gpu: Count = 18
    bought_apart = False

    @model_validator(mode="after")
    def _fits_the_switches(self) -> Self:
        """Every switch has the ports for its links."""
        most, name = self.switch.ports // self.gpus, self.switch.name
        if most == 0:
            raise FieldErrors(
                [("gpus", f"read {self.gpus}; a {name} has {self.switch.ports} ports: write that or less")]
            )
        if self.nvswitches * most < self.links_per_gpu:
            why = (
                f"read {self.nvswitches}; with {self.gpus} GPUs a {name} takes {most} links of each, and each has "
                f"{self.links_per_gpu}: write {-(-self.links_per_gpu // most)} or more"
            )
            raise FieldErrors([("nvswitches", why)])
        return self

    @property
    def full_size(self) -> int:
        """All of the GPUs."""
        return self.gpus

    @property
    def port_bytes_per_s(self) -> float:
        """All links of a GPU together."""
        return self.links_per_gpu * self.switch.port_bytes_per_s

    def count(self, endpoints: int | None = None) -> Counts:
        """No cables between switches."""
        return Counts(self.held(endpoints), min(self.nvswitches, self.links_per_gpu), 0)

    def cabling(self, endpoints: int | None = None) -> Cabling:
        """One for each link of each GPU."""
        return Cabling({self.cables.endpoint: self.held(endpoints) * self.links_per_gpu}, {})

    def build(self, endpoints: int | None = None) -> Fabric:
        """Link l of every GPU is on switch l mod switches."""
        held, switches, _ = self.count(endpoints)
        gpu, link = (axis.ravel() for axis in np.indices((held, self.links_per_gpu), dtype=np.int32))
        cables = (gpu, held + link % np.int32(switches), np.zeros(len(gpu), dtype=np.int32))
        return wired(held, switches, cables, self.switch.port_bytes_per_s, self.switch.latency_s)

    def switches_between(self, first: int, second: int, endpoints: int | None = None) -> int:
        """Any NVLink switch joins any two GPUs."""
        return 1

    def farthest(self, endpoints: int | None = None) -> int:
        """Any NVLink switch joins any two GPUs."""
        return 1

    def uniform_ratio(self, endpoints: int | None = None) -> float:
        """The switches carry whatever the links do."""
        return 1.0

    def bisection_bytes_per_s(self, endpoints: int | None = None) -> float:
        """Half of the GPUs with all their links."""
        return self.held(endpoints) // 2 * self.port_bytes_per_s

    def endpoints_of(self, node: Node, nodes: int) -> int:
        """GPUs of so many nodes. Raises TopologyError for more nodes, GPUs or links than the domain joins."""
        joined = node.nvlink_nodes or 1
        if nodes > joined:
            raise TopologyError(
                f"{nodes:,} nodes, but NVLink joins {joined} {node.name} and there is no network beyond; "
                f"write nodes: {joined}, or a topology that joins nodes, such as kind: fat-tree"
            )
        if nodes * node.gpus > self.gpus:
            raise TopologyError(
                f"{nodes} nodes have {nodes * node.gpus} GPUs, but the NVLink domain has {self.gpus}; "
                f"write gpus: {nodes * node.gpus}"
            )
        if node.gpu.nvlink_links != self.links_per_gpu:
            raise TopologyError(
                f"links_per_gpu: {self.links_per_gpu}, but a {node.gpu.name} has {node.gpu.nvlink_links} NVLink links; "
                f"write links_per_gpu: {node.gpu.nvlink_links}"
            )
        return nodes * node.gpus

    def port_of(self, node: Node, nodes: int) -> Port:
        """NVLink itself: nothing else leads from node to node."""
        gpu = node.gpu
        rate_bytes_per_s = min(gpu.nvlink_bytes_per_s, self.port_bytes_per_s) * gpu.nvlink_achievable_ratio
        return Port(rate_bytes_per_s, rate_bytes_per_s, gpu.nvlink_latency_s)

    def described(self) -> str:
        """The domain with its GPUs, for a message."""
        return f"NVLink domain of {self.gpus} GPUs"
