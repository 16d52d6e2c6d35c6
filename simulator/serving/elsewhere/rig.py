"""The GPUs of one node as a serving unit drives them, and what they reach outside of their memory."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.collectives import Group, Links, all_gather, all_reduce
from simulator.refusal import Refused
from simulator.software import served_gpu
from topologies.hardware import Gpu, Host, Node
from workloads.serving_unit import ServingMemory, WholeUnit


@dataclass(frozen=True, slots=True)
class Rig:
    """Some GPUs of one node that serve together.

    gpu             with the kernels that the software runs
    fp8_weights     what products multiply in FP8 is held so, else in BF16
    host_launch_s   the host's time to launch a kernel: shorter ones wait for it; 0 where graphs are launched
    fused           sums run with the norms behind them, as engines do
    """

    node: Node
    gpus: int
    gpu: Gpu
    memory: ServingMemory
    fp8_weights: bool = True
    host_launch_s: float = 0.0
    fused: bool = True

    @property
    def host(self) -> Host:
        """The server beside its GPUs; raises Refused where the catalogue does not describe it."""
        if self.node.host is None:
            raise Refused(
                f"weights are outside of the GPUs, but nothing is known of the rest of a {self.node.name}: "
                "write cluster.node.host, such as xeon-8480c"
            )
        return self.node.host

    @property
    def pcie_bytes_per_s(self) -> float:
        """What one GPU reads from its host, achieved."""
        return self.gpu.pcie_bytes_per_s * self.host.pcie_achievable_ratio

    @property
    def links(self) -> Links:
        """What GPUs reach each other over: NVLink, or PCIe where no NVLink joins so many."""
        gpu = self.gpu
        peer_bytes_per_s = gpu.nvlink_bytes_per_s * gpu.nvlink_achievable_ratio
        if self.gpus > gpu.nvlink_domain_gpus:
            peer_bytes_per_s = gpu.pcie_bytes_per_s * gpu.nvlink_achievable_ratio
        return Links(self.gpus, peer_bytes_per_s, gpu.nvlink_latency_s, 1.0, 0.0, 1.0)

    def gather_s(self, buffer_bytes: float) -> float:
        """Seconds until each GPU has the whole of a buffer that all have a share of."""
        return all_gather(buffer_bytes, Group(1, self.gpus), self.links).seconds

    def sum_s(self, buffer_bytes: float) -> float:
        """Seconds until each GPU has the sum of all GPUs' buffers."""
        return all_reduce(buffer_bytes, Group(1, self.gpus), self.links).seconds


def rig(unit: WholeUnit, node: Node) -> Rig:
    """One unit on a node. Raises Refused for more GPUs than the node has."""
    if unit.gpus > node.gpus:
        raise Refused(f"whole.gpus: {unit.gpus}, but a {node.name} has {node.gpus}; such a unit stays in one node")
    driven = served_gpu(node.gpu, unit.kernel_fusion, unit.cuda_graphs)
    launch_s = 0.0 if unit.cuda_graphs else unit.host_launch_s
    return Rig(
        node, unit.gpus, driven, unit.memory, unit.precision.weights == "fp8", launch_s, unit.kernel_fusion == "on"
    )
