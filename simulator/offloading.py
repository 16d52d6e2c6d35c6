"""Seconds that offloaded optimiser states and parameters take, and the bytes that they fill outside of the GPUs."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from topologies.hardware import Node
from workloads.offload import Offload

MASTER_BYTES = 4
"""Master weights are FP32 (arXiv 2412.19437, section 3.3.3)."""


class Away(NamedTuple):
    """What is not on the GPU, a number of it at a time.

    optimizer, parameters    whether they are kept elsewhere
    update_s_per_parameter   of one owned parameter: gradient out, update by the server, weight back
    fetch_s_per_byte         of one owned byte of parameters on its way to the GPU
    prefetch                 fetching goes on beside the gathering of other pieces
    """

    optimizer: bool = False
    parameters: bool = False
    update_s_per_parameter: float = 0.0
    fetch_s_per_byte: float = 0.0
    prefetch: bool = True


class Numbers(NamedTuple):
    """Bytes of one number: gradient, one moment, weight."""

    gradient_bytes: int
    moment_bytes: int
    weight_bytes: int

    @property
    def state_bytes(self) -> int:
        """Master weight and both moments."""
        return MASTER_BYTES + 2 * self.moment_bytes


NOTHING_AWAY = Away()


def away(offload: Offload | None, node: Node, numbers: Numbers) -> Away:
    """What an offload means on a kind of node; its GPUs share its memory and its disks, each has its own PCIe link."""
    if offload is None:
        return NOTHING_AWAY
    fetched_s = [1 / node.gpu.pcie_bytes_per_s]
    if offload.parameters == "nvme" and offload.disks is not None:
        fetched_s.append(node.gpus / offload.disks.read_bytes_per_s)
    return Away(
        optimizer=offload.optimizer != "gpu",
        parameters=offload.parameters != "gpu",
        update_s_per_parameter=_together_s(update_parts_s(offload, node, numbers).values(), offload.prefetch),
        fetch_s_per_byte=_together_s(fetched_s, offload.prefetch),
        prefetch=offload.prefetch,
    )


def update_parts_s(offload: Offload, node: Node, numbers: Numbers) -> dict[str, float]:
    """Seconds of each way that one owned parameter's update goes, alone.

    Gradients leave over PCIe, weights come back over its other direction unless they stay outside; the server reads
    gradient and states and writes states and weight in its memory; from and to disks states travel whole. Where only
    parameters are outside, the GPU updates and new weights leave.
    """
    pcie_bytes_per_s = node.gpu.pcie_bytes_per_s
    if offload.optimizer == "gpu":
        return {"weights out": numbers.weight_bytes / pcie_bytes_per_s}
    touched = numbers.gradient_bytes + 2 * numbers.state_bytes + numbers.weight_bytes
    parts = {
        "gradients out": numbers.gradient_bytes / pcie_bytes_per_s,
        "update": touched * node.gpus / offload.host_memory_bytes_per_s,
        "weights back": numbers.weight_bytes / pcie_bytes_per_s * (offload.parameters == "gpu"),
    }
    if offload.optimizer == "nvme" and offload.disks is not None:
        parts["states read"] = numbers.state_bytes * node.gpus / offload.disks.read_bytes_per_s
        parts["states written"] = numbers.state_bytes * node.gpus / offload.disks.write_bytes_per_s
    return parts


def _together_s(parts_s: Collection[float], prefetch: bool) -> float:
    """The slowest of parts that go on beside each other, or all of them in turn."""
    return max(parts_s, default=0.0) if prefetch else sum(parts_s)
