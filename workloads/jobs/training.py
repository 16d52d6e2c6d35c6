"""Pre-training: tokens to see, and what one optimiser step takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from topologies.discovery import Discovered
from topologies.spec import Spec
from topologies.units import Bytes, Count, Tokens, parse
from workloads.offload import Offload
from workloads.router import RouterSpec
from workloads.routers.gamma import Gamma


class Precision(Spec):
    """In which format numbers are kept and sent; a choice of the training software.

    dispatch    tokens on their way to experts;  combine   results on their way back
    gradients   accumulated over micro-batches and summed over replicas
    moments     Adam's two moments;  weights   the copies that forward and backward read
    """

    dispatch: Literal["fp8", "bf16"] = "fp8"
    combine: Literal["bf16"] = "bf16"
    gradients: Literal["fp32", "bf16"] = "fp32"
    moments: Literal["bf16", "fp32"] = "bf16"
    weights: Literal["fp8", "bf16"] = "bf16"


class Memory(Spec):
    """What the training software holds beside the numbers that the job is about.

    runtime_bytes    CUDA context, loaded kernels, buffers of communication libraries
    fragmentation    of what the allocator hands out, the share that it holds idle between its blocks
    offload          optimiser states and parameters outside of the GPUs; absent: all on them
    weight_average   where each weight's owner keeps a moving average of it in FP32: nowhere, on its GPU, on its host
    """

    runtime_bytes: Bytes = parse("1.5 GiB", "bytes")
    fragmentation: Annotated[float, Field(ge=0, lt=1)] = 0.03
    weight_average: Literal["none", "gpu", "host"] = "none"
    offload: Offload | None = None


class Training(Spec):
    """A pre-training run.

    tokens                         to train on in all
    sequence_length                tokens a sequence
    sequences_per_step             global batch
    sequences_per_micro_batch      of one pipeline
    recompute                      what backward computes again instead of keeping it
    communication_sms              multiprocessors that all-to-all kernels hold while they run
    cuda_graphs                    kernels are launched from recorded graphs, with shorter gaps
    kernel_fusion                  element-wise kernels as the kernel set lists them; on: one for each operation
    router                         which experts tokens choose: workloads/routers
    gpu_speed_variation            standard deviation of a GPU's speed of computing over the mean of all GPUs; it stays
                                   the same for the whole step. 8 % lie between the slowest and the fastest of a cluster
                                   that are no outliers (arXiv 2208.11035), 5.4 standard deviations of a normal spread
    """

    kind: Literal["training"] = "training"
    tokens: Tokens
    sequence_length: Count
    sequences_per_step: Count
    sequences_per_micro_batch: Count = 1
    recompute: Literal["none", "selective", "mla-norms", "swiglu", "deepseek", "full"] = "selective"
    communication_sms: int = Field(default=20, ge=0)
    cuda_graphs: bool = False
    kernel_fusion: Literal["as-listed", "on", "off"] = "as-listed"
    router: Annotated[RouterSpec, Discovered("workloads.routers")] = Gamma()
    gpu_speed_variation: Annotated[float, Field(ge=0, le=0.5)] = 0.015
    precision: Precision = Precision()
    memory: Memory = Memory()

    @property
    def tokens_per_step(self) -> int:
        """Tokens of one optimiser step."""
        return self.sequences_per_step * self.sequence_length

    @property
    def tokens_per_micro_batch(self) -> int:
        """Tokens of one micro-batch of one pipeline."""
        return self.sequences_per_micro_batch * self.sequence_length
