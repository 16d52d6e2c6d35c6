"""A GPU as the job's software drives it: with CUDA graphs or without, with fused element-wise kernels or not."""

from __future__ import annotations

from simulator.refusal import Refused
from topologies.hardware import Gpu
from topologies.kernel_sets import KernelSet, SweepFamily
from workloads.scenario import Scenario

FUSED_KERNELS = {"permute": 2, "permute_backward": 2, "gate": 2, "gate_backward": 2}
"""Kernels that a fused operation still takes (Transformer Engine: row map and copy; scores and choice); else one."""


def served_gpu(gpu: Gpu, kernel_fusion: str, cuda_graphs: bool) -> Gpu:
    """A GPU as serving software drives it: fused (on) or as listed, from graphs or launched one by one."""
    return _driven(gpu, kernel_fusion == "on", cuda_graphs)


def driven_gpu(scenario: Scenario) -> Gpu:
    """The scenario's GPU with the kernels that its job asks for.

    Raises Refused where fusion is to be off and the kernel set lists fused kernels only.
    """
    job, gpu = scenario.job, scenario.cluster.node.gpu
    kernels = gpu.kernels
    if job.kernel_fusion == "off" and _all_fused(kernels):
        raise Refused(
            f"job.kernel_fusion: off, but the kernel set {kernels.name} lists fused kernels only; "
            "write as-listed, or another set (cluster.node.gpu.kernels: hopper)"
        )
    return _driven(gpu, job.kernel_fusion == "on", job.cuda_graphs)


def _driven(gpu: Gpu, fused: bool, graphs: bool) -> Gpu:
    """The GPU with fused kernels, and with the gaps of recorded graphs."""
    kernels = gpu.kernels
    if fused:
        sweeps = {name: _fused(name, family) for name, family in kernels.sweeps.items()}
        kernels = kernels.model_copy(update={"sweeps": sweeps})
    if graphs:
        kernels = kernels.model_copy(update={"launch_s": kernels.graph_launch_s})
    return gpu if kernels is gpu.kernels else gpu.model_copy(update={"kernels": kernels})


def _fused(name: str, family: SweepFamily) -> SweepFamily:
    """One operation done at once: every operand moved once."""
    fewest = {"kernels": min(family.kernels, FUSED_KERNELS.get(name, 1))}
    return family.model_copy(update={**fewest, "traffic_ratio": min(family.traffic_ratio, 1.0)})


def _all_fused(kernels: KernelSet) -> bool:
    """Whether fusing would change nothing."""
    return all(_fused(name, family) == family for name, family in kernels.sweeps.items())
