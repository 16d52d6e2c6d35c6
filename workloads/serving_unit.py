"""A serving unit: GPUs that hold one copy of the model and step together, for prompts, for answers, or for both."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from topologies.discovery import Discovered
from topologies.problems import FieldErrors
from topologies.spec import Spec
from topologies.units import Bytes, Count, SecondsOrZero, parse
from workloads.divide import nearest_divisors
from workloads.eplb import Eplb
from workloads.router import RouterSpec
from workloads.routers.affinity import Affinity
from workloads.weights.base import WeightsSpec
from workloads.weights.on_gpus import OnGpus

TRAFFIC = Affinity(domain_strength=1.2, correlation=0.5)
"""What requests of one service choose: partly the same experts. The strength is set by what placing experts by load
brought in two published measurements (LMSYS, 2025-05-05: 1.49 times the speed of prefill on EP32, 2.54 times that of
decode); the share in common is assumed."""
Acceptance = Annotated[float, Field(gt=0, le=1)]


class ServingPrecision(Spec):
    """In which format numbers are sent and kept; a choice of the serving software.

    dispatch   tokens on their way to experts;  combine   results on their way back
    weights    what products multiply in FP8 is held so, or in BF16
    """

    dispatch: Literal["fp8", "bf16"] = "fp8"
    combine: Literal["bf16"] = "bf16"
    weights: Literal["fp8", "bf16"] = "fp8"


class ServingMemory(Spec):
    """What the serving software holds beside weights and caches.

    runtime_bytes     CUDA context, loaded kernels, CUDA graphs, buffers of communication libraries
    fragmentation     of what the allocator hands out, the share that it holds idle
    kv_block_tokens   tokens of a block of the cache: a sequence takes whole blocks
    """

    runtime_bytes: Bytes = parse("3 GiB", "bytes")
    fragmentation: Annotated[float, Field(ge=0, lt=1)] = 0.03
    kv_block_tokens: Count = 64


class Speculation(Spec):
    """Multi-token prediction modules guess tokens ahead, the next step checks them (arXiv 2412.19437, section 5.4.3).

    acceptance   chance that the guess at each depth is right, given that those before it are; as many as the depth
    """

    acceptance: Annotated[tuple[Acceptance, ...], Field(min_length=1, max_length=4)] = (0.85,)

    @property
    def depth(self) -> int:
        """Tokens guessed ahead."""
        return len(self.acceptance)

    @property
    def tokens_per_step(self) -> float:
        """Tokens that a sequence gets in one step, mean: 1 + a1 + a1 a2 + ..."""
        total, chance = 1.0, 1.0
        for accepted in self.acceptance:
            chance *= accepted
            total += chance
        return total


class Unit(Spec):
    """GPUs that step together, and how the model lies on them.

    units                units of this kind
    gpus                 of one unit
    tp                   GPUs that split each layer's heads and dense width; gpus / tp of these groups have requests of
                         their own (DP attention)
    ep                   GPUs that share the routed experts: all of the unit, or 1: each expert's width is split over tp
    eplb                 experts are replicated and placed by how busy they are; null: in order, one of each
    overlap              two micro-batches hide each other's transfers, or nothing does
    all_to_all           kernels that take tokens to experts: normal ones hold multiprocessors and forward over NVLink,
                         low-latency ones go straight
    communication_sms    multiprocessors that normal all-to-all kernels hold while they run
    cuda_graphs          kernels are launched from recorded graphs, with shorter gaps and without the host
    host_launch_s        the host's time to launch a kernel without a graph: shorter kernels wait for it
    kernel_fusion        element-wise kernels of one operation run as one, or as the kernel set lists them (training's)
    gpu_speed_variation  standard deviation of a GPU's speed of computing over the mean
    router               which experts tokens choose: workloads/routers
    """

    units: Count = 1
    gpus: Count
    tp: Count = 1
    ep: Count = 1
    eplb: Eplb | None = None
    overlap: Literal["two-micro-batches", "none"] = "none"
    all_to_all: Literal["normal", "low-latency"] = "normal"
    communication_sms: Count = 20
    host_launch_s: SecondsOrZero = parse("5 us", "s")
    cuda_graphs: bool = False
    kernel_fusion: Literal["as-listed", "on"] = "on"
    gpu_speed_variation: Annotated[float, Field(ge=0, le=0.5)] = 0.015
    router: Annotated[RouterSpec, Discovered("workloads.routers")] = TRAFFIC
    precision: ServingPrecision = ServingPrecision()
    memory: ServingMemory = ServingMemory()

    @model_validator(mode="after")
    def _shares_out(self) -> Self:
        """Refuse sizes that do not share out the unit's GPUs."""
        found = []
        if self.gpus % self.tp:
            fix = nearest_divisors(self.gpus, self.tp)
            found.append(("tp", f"read `{self.tp}`; it must divide the unit's {self.gpus} GPUs: use {fix}"))
        if self.ep not in (1, self.gpus):
            all_of = f"all {self.gpus} GPUs of the unit"
            why = f"read `{self.ep}`; experts are shared by {all_of}, or by none: write {self.gpus} or 1"
            found.append(("ep", why))
        if self.ep == 1 and self.eplb is not None:
            found.append(("eplb", "needs ep above 1: without it every GPU has a part of every expert"))
        if found:
            raise FieldErrors(found)
        return self

    @property
    def groups(self) -> int:
        """Groups of tp GPUs, each with requests of its own."""
        return self.gpus // self.tp

    def slots(self, experts: int) -> int:
        """Experts and their replicas in all."""
        return experts + (self.eplb.redundant_experts if self.eplb else 0)


class PrefillUnit(Unit):
    """Reads prompts and hands their caches on.

    tokens_per_group   new tokens that a group of tp GPUs takes in one step at most (both micro-batches together)
    chunked            a prompt may be cut so that it fills steps; else it goes whole
    """

    overlap: Literal["two-micro-batches", "none"] = "two-micro-batches"
    kernel_fusion: Literal["as-listed", "on"] = "as-listed"
    tokens_per_group: Count = 16_384
    chunked: bool = True


class DecodeUnit(Unit):
    """Writes answers, a token of each sequence a step, or more with speculation.

    sequences_per_group   that a group of tp GPUs runs at most (both micro-batches together); null: as many as fit
    speculation           null: one token a step
    """

    overlap: Literal["two-micro-batches", "none"] = "two-micro-batches"
    cuda_graphs: bool = True
    all_to_all: Literal["normal", "low-latency"] = "low-latency"
    sequences_per_group: Count | None = None
    speculation: Speculation | None = None


class WholeUnit(DecodeUnit):
    """Reads prompts and writes answers, in the same steps.

    tokens_per_group   new tokens of a step at most, those of prompts and of answers together
    weights            where they are and who multiplies with them: workloads/weights
    """

    overlap: Literal["none"] = "none"
    all_to_all: Literal["normal", "low-latency"] = "normal"
    cuda_graphs: bool = False
    tokens_per_group: Count = 2_048
    weights: Annotated[WeightsSpec, Discovered("workloads.weights")] = OnGpus()
