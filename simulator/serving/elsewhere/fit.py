"""What has to be in the GPUs' memory, the host's and its disks; how many sequences and cached experts fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, floor

from simulator.memory import NAMED_TERMS, DoesNotFit
from simulator.serving.elsewhere.layers import Batch, Layer
from simulator.serving.elsewhere.rig import Rig
from simulator.serving.elsewhere.step import Case
from topologies.units import pretty
from workloads.counts import kv_cache_bytes
from workloads.reference.dims import Grouped
from workloads.weights.base import WeightsSpec
from workloads.weights.fetched_experts import FetchedExperts
from workloads.weights.host_experts import HostExperts
from workloads.weights.on_gpus import OnGpus
from workloads.weights.streamed import Streamed

MOST_SEQUENCES = 1 << 17
WAYS_OUT = {
    "GPU": "Fewer sequences or bits_per_weight, more GPUs, or another weights.kind: streamed, host-experts.",
    "host": "Fewer bits_per_weight, weights.source: nvme, or one copy for all sockets (copied: false).",
    "disks": "Fewer bits_per_weight, or larger disks (node.host.nvme_bytes).",
}
Terms = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Need:
    """One memory: what is to be in it by term, and what there is."""

    place: str
    terms: Terms
    usable_bytes: float

    @property
    def total_bytes(self) -> float:
        """Bytes of all terms together."""
        return sum(self.terms.values())

    @property
    def fits(self) -> bool:
        """Whether it is no more than there is."""
        return self.total_bytes <= self.usable_bytes


def with_cache(case: Case, batch: Batch) -> Case:
    """The case with its experts on the GPUs: as many as told, or as fit. Raises DoesNotFit if not even none do."""
    weights, told = case.weights, with_told_cache(case)
    if not isinstance(weights, FetchedExperts) or weights.cached_experts is not None or case.model.experts is None:
        return told
    require(told, batch)
    gpu = needs(told, batch)[0]
    one_more_bytes = needs(replace(case, cached_experts=1), batch)[0].total_bytes - gpu.total_bytes
    most = floor((gpu.usable_bytes - gpu.total_bytes) / one_more_bytes)
    return replace(case, cached_experts=min(most, case.model.experts.gate.experts))


def with_told_cache(case: Case) -> Case:
    """The case with those experts on the GPUs that its weights tell; none where as many as fit are cached."""
    weights = case.weights
    told = weights.gpu_experts if isinstance(weights, HostExperts) else 0
    told = (weights.cached_experts or 0) if isinstance(weights, FetchedExperts) else told
    return replace(case, cached_experts=told)


def needs(case: Case, batch: Batch) -> tuple[Need, ...]:
    """Each memory that holds something: one GPU's, the host's, the disks'."""
    read, rig = case.layers(batch), case.rig
    found = [Need("GPU", on_gpu(case, batch, read), rig.gpu.memory_usable_bytes)]
    away = elsewhere_bytes(case.weights, read, rig)
    if away and isinstance(case.weights, Streamed) and case.weights.source == "nvme":
        found.append(Need("disks", {"weights": away}, rig.host.nvme_bytes or 0.0))
    elif away:
        found.append(Need("host", {"weights": away}, rig.host.memory_bytes))
    return tuple(found)


def on_gpu(case: Case, batch: Batch, read: tuple[Layer, ...]) -> Terms:
    """Bytes on one GPU of the unit by term; reserve: the runtime's own, and what the allocator cannot use."""
    terms = {
        "weights": held_bytes(case, read),
        "buffers": buffer_bytes(case.weights, read),
        "cached experts": sum(one.routed.expert_bytes for one in read if one.routed) * case.cached_experts / case.split,
        "cache": cache_bytes(case, batch),
        "workspace": max(one.workspace_bytes for one in read),
    }
    memory = case.rig.memory
    handed_out = sum(terms.values())
    return terms | {"reserve": memory.runtime_bytes + handed_out * memory.fragmentation / (1 - memory.fragmentation)}


def held_bytes(case: Case, read: tuple[Layer, ...]) -> float:
    """Weights that stay on one GPU."""
    if isinstance(case.weights, Streamed):
        return 0.0
    routed = isinstance(case.weights, OnGpus)
    return sum(one.dense_bytes + one.routed_bytes * routed for one in read) / case.split


def buffer_bytes(weights: WeightsSpec, read: tuple[Layer, ...]) -> float:
    """Layers that a GPU holds while weights stream: the one that computes and those ahead, as large as the largest."""
    if not isinstance(weights, Streamed):
        return 0.0
    return (1 + weights.prefetch_layers) * max(_size_bytes(one) for one in read if one.name != "embedding")


def elsewhere_bytes(weights: WeightsSpec, read: tuple[Layer, ...], rig: Rig) -> float:
    """Weights outside of the GPUs."""
    if isinstance(weights, Streamed):
        return sum(_size_bytes(one) for one in read)
    if isinstance(weights, OnGpus):
        return 0.0
    copies = rig.host.sockets if isinstance(weights, HostExperts) and weights.copied else 1
    return copies * sum(one.routed_bytes for one in read)


def _size_bytes(layer: Layer) -> float:
    """All weights of a layer."""
    return layer.dense_bytes + layer.routed_bytes


def cache_bytes(case: Case, batch: Batch) -> float:
    """Keys and values, or latents, of one GPU's sequences in whole blocks; heads are split, a latent is not."""
    attention = case.model.dims().attention
    parts = min(case.split, attention.kv_heads) if isinstance(attention, Grouped) else 1
    block = case.rig.memory.kv_block_tokens
    tokens = ceil((batch.past + batch.length) / block) * block
    own = ceil(batch.sequences * case.split / case.rig.gpus)
    return own * kv_cache_bytes(case.model, tokens) / parts


def require(case: Case, batch: Batch) -> None:
    """Raise DoesNotFit, naming the largest terms, for the first memory that is too small."""
    for need in needs(case, batch):
        if not need.fits:
            largest = sorted(need.terms, key=lambda name: -need.terms[name])[:NAMED_TERMS]
            terms = ", ".join(f"{name} {pretty(need.terms[name], 'bytes')}" for name in largest if need.terms[name])
            raise DoesNotFit(
                f"{need.place} needs {pretty(need.total_bytes, 'bytes')} for {batch.sequences} sequences, "
                f"{pretty(need.usable_bytes, 'bytes')} are usable; largest: {terms}. {WAYS_OUT[need.place]}"
            )


def most_sequences(case: Case, past: int) -> int:
    """Sequences that fit side by side while they decode; 0 where not even one does."""
    low, high = 0, MOST_SEQUENCES
    case = with_told_cache(case)
    while low < high:
        middle = (low + high + 1) // 2
        fits = all(need.fits for need in needs(case, Batch(middle, 1, past)))
        low, high = (middle, high) if fits else (low, middle - 1)
    return low
