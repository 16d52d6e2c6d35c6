"""Seconds of one step of a unit by where its weights are, and the resource that binds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from simulator.refusal import Refused
from simulator.serving.elsewhere.layers import Batch, Layer, Routed, layers
from simulator.serving.elsewhere.pipeline import pass_s, steady_s
from simulator.serving.elsewhere.rig import Rig
from workloads.model import ModelSpec
from workloads.weights.base import WeightsSpec
from workloads.weights.fetched_experts import FetchedExperts
from workloads.weights.host_experts import HostExperts
from workloads.weights.on_gpus import OnGpus
from workloads.weights.streamed import Streamed

Parts = dict[str, float]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the unit.

    tokens   that it computes
    busy_s   seconds of each resource: gpu, nvlink, pcie, host memory, host processors, handover, nvme
    """

    tokens: int
    seconds: float
    busy_s: Mapping[str, float]

    @property
    def bound(self) -> str:
        """The resource that is busy longest."""
        return max(self.busy_s, key=lambda name: self.busy_s[name])

    @property
    def tokens_per_s(self) -> float:
        """Tokens of all sequences."""
        return self.tokens / self.seconds


@dataclass(frozen=True, slots=True)
class Case:
    """A model on a rig with its weights somewhere; cached_experts   of each layer that GPUs hold of those elsewhere."""

    model: ModelSpec
    rig: Rig
    weights: WeightsSpec
    cached_experts: int = 0

    @property
    def split(self) -> int:
        """GPUs that split each layer; where weights are streamed, sequences are spread instead."""
        return 1 if isinstance(self.weights, Streamed) else self.rig.gpus

    def layers(self, batch: Batch) -> tuple[Layer, ...]:
        """All blocks with what falls to one GPU."""
        own = Batch(ceil(batch.sequences * self.split / self.rig.gpus), batch.length, batch.past)
        return layers(self.model, self.rig, self.weights.bits_per_weight, own, self.split)


def step(case: Case, batch: Batch) -> Step:
    """Time a step: of decoding where a sequence gets one token (steady, one step after the other), else of a prompt.

    Raises Refused where experts are to be elsewhere and the model has none, NoRate for a precision the GPU lacks.
    """
    weights, read = case.weights, case.layers(batch)
    if isinstance(weights, Streamed):
        return _streamed(case, weights, batch, read)
    if isinstance(weights, OnGpus):
        return _in_turn(batch, [{"gpu": one.dense_s + one.routed_s, "nvlink": one.exchange_s} for one in read])
    if case.model.experts is None:
        raise Refused(f"weights.kind: {case.model.name} has no routed experts; write on-gpus or streamed")
    if isinstance(weights, HostExperts):
        return _in_turn(batch, [on_host(one, case.rig, weights.hotness, case.cached_experts) for one in read])
    if isinstance(weights, FetchedExperts):
        return _in_turn(batch, [fetched(one, case.rig, weights.hotness, case.cached_experts) for one in read])
    raise Refused(f"weights.kind: {type(weights).__name__} is not simulated yet")


def _in_turn(batch: Batch, parts: Sequence[Parts]) -> Step:
    """Layers one after the other; what of a layer is hidden beside something else has been taken off."""
    busy: Parts = {}
    for layer in parts:
        for name, took_s in layer.items():
            busy[name] = busy.get(name, 0.0) + took_s
    return Step(batch.tokens, sum(busy.values()), busy)


def _streamed(case: Case, weights: Streamed, batch: Batch, read: Sequence[Layer]) -> Step:
    """Reads and computations of layers beside each other; the embedding's rows are looked up where they are."""
    own = [one for one in read if one.name != "embedding"]
    parts = [reading(one, case.rig, weights) for one in own]
    chained = [max(part.values()) if weights.prefetch_layers else _after_another_s(part) for part in parts]
    computes = [one.gpu_s for one in own]
    timed = steady_s if batch.length == 1 else pass_s
    busy = {name: sum(part[name] for part in parts) for name in parts[0]} | {"gpu": sum(computes)}
    return Step(batch.tokens, timed(chained, computes, weights.prefetch_layers), busy)


def _after_another_s(part: Parts) -> float:
    """Stages of a read in turn; memory and PCIe are two ends of one transfer."""
    transfer = ("pcie", "host memory")
    return max(part[name] for name in transfer) + sum(took for name, took in part.items() if name not in transfer)


def reading(layer: Layer, rig: Rig, weights: Streamed) -> Parts:
    """Seconds of each stage that a layer's weights pass on their way to the GPUs.

    Shared: each GPU reads 1 / n of the layer and gathers the rest. Else each reads all of it, from the same memory.
    """
    size_bytes = layer.dense_bytes + layer.routed_bytes
    from_host_bytes = size_bytes if weights.shared_reads else size_bytes * rig.gpus
    parts = {
        "pcie": from_host_bytes / rig.gpus / rig.pcie_bytes_per_s,
        "host memory": from_host_bytes / rig.host.copy_bytes_per_s,
    }
    if weights.shared_reads and rig.gpus > 1:
        parts["nvlink"] = rig.gather_s(size_bytes)
    if weights.source == "nvme":
        if rig.host.nvme_read_bytes_per_s is None:
            raise Refused(f"weights.source: nvme, but {rig.host.name} has no disks; write host")
        parts["nvme"] = from_host_bytes / rig.host.nvme_read_bytes_per_s
    return parts


def on_host(layer: Layer, rig: Rig, hotness: float, held: int) -> Parts:
    """A layer whose routed experts the processors multiply: tokens there, products, results back.

    Meanwhile the GPU runs shared experts, and those routed ones that it holds; the shorter side is hidden.
    """
    parts = {"gpu": layer.dense_s, "nvlink": layer.exchange_s}
    if layer.routed is None:
        return parts
    routed = layer.routed
    outside = missed(routed, hotness, held)
    own_s = layer.routed_s * (1 - outside / routed.chosen) if held else 0.0
    away_s, name = host_s(routed, outside, 1 - hit_share(routed, hotness, held), rig)
    sent_bytes = 2 * routed.pairs / routed.top_k * routed.token_bytes
    handover_s = rig.host.handoff_s + sent_bytes / rig.pcie_bytes_per_s
    beside_s = layer.shared_s + own_s
    hidden_s = min(beside_s, away_s + handover_s)
    return parts | {"gpu": layer.dense_s + own_s - hidden_s, name: away_s, "handover": handover_s}


def host_s(routed: Routed, chosen: float, pairs_share: float, rig: Rig) -> tuple[float, str]:
    """Seconds of routed experts on the processors: chosen weights once through them, or the FLOP of their pairs."""
    memory_s = chosen * routed.expert_bytes / rig.host.read_bytes_per_s
    compute_s = pairs_share * routed.pairs * routed.pair_flop / rig.host.flop_per_s
    return max(memory_s, compute_s), "host memory" if memory_s >= compute_s else "host processors"


def fetched(layer: Layer, rig: Rig, hotness: float, cached: int) -> Parts:
    """A layer whose chosen experts come over PCIe unless they are cached; shared experts run meanwhile.

    The gate must have spoken before anything can be fetched, so nothing is read ahead.
    """
    parts = {"gpu": layer.dense_s + layer.routed_s, "nvlink": layer.exchange_s}
    if layer.routed is None:
        return parts
    missed_bytes = missed(layer.routed, hotness, cached) * layer.routed.expert_bytes
    pcie_s, memory_s = missed_bytes / rig.gpus / rig.pcie_bytes_per_s, missed_bytes / rig.host.copy_bytes_per_s
    read_s, name = max((pcie_s, "pcie"), (memory_s, "host memory"))
    return parts | {"gpu": parts["gpu"] - min(layer.shared_s, read_s), name: read_s}


def missed(routed: Routed, hotness: float, cached: int) -> float:
    """Distinct experts that a step chooses and that are not cached, expected.

    A choice finds its expert cached with probability cached x hotness / experts, the others are alike:
    (E - c) (1 - (1 - q)^tokens) with q = k (1 - hits) / (E - c).
    """
    others = routed.experts - cached
    if others <= 0:
        return 0.0
    each = min(1.0, routed.top_k * (1 - hit_share(routed, hotness, cached)) / others)
    return float(others * (1 - (1 - each) ** (routed.pairs / routed.top_k)))


def hit_share(routed: Routed, hotness: float, cached: int) -> float:
    """Chance that a choice finds its expert on the GPUs."""
    return min(1.0, cached * hotness / routed.experts)
