"""What a GPU of an engine holds, and how many tokens of caches fit beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from math import ceil

from simulator.memory import DoesNotFit
from simulator.serving.engine.setting import Setting
from topologies.units import pretty
from workloads.model import serving_block
from workloads.reference.blocks import EMBEDDING, HEAD
from workloads.reference.dims import Grouped, Share, Tokens
from workloads.reference.graph import NUMBER_BYTES, SCALE_TILE
from workloads.reference.reading import BlockName
from workloads.reference.record import Weight
from workloads.serving_unit import DecodeUnit, PrefillUnit

FP8_WEIGHT_BYTES = 1 + 4 / SCALE_TILE**2
"""With a scale for each 128 x 128 (arXiv 2412.19437, section 3.3.2)."""
SPARE_ROUNDS = 2
"""Low-latency kernels write into one set of buffers while the other is read (DeepEP, README)."""
NAMED_TERMS = 4


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes of one GPU beside its caches.

    weights, experts, embedding   of layers, of routed experts and their replicas, of embedding and output head
    buffers      tokens on their way to and from experts
    workspace    what operations need while they run
    reserve      the runtime's own, and what the allocator cannot use
    """

    weights: float
    experts: float
    embedding: float
    buffers: float
    workspace: float
    reserve: float

    @property
    def total(self) -> float:
        """Bytes of all parts."""
        return sum(self.parts().values())

    def parts(self) -> dict[str, float]:
        """Each part and its bytes."""
        return {field.name: float(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class Room:
    """What a GPU has left for caches.

    cache_bytes       for caches;  token_bytes   that a token takes on this GPU
    tokens            that fit, in whole blocks
    """

    held: Held
    usable_bytes: float
    cache_bytes: float
    token_bytes: float
    tokens: int

    def sequences(self, kv_tokens: float, block_tokens: int) -> int:
        """Sequences of so many tokens that fit, each in whole blocks."""
        return self.tokens // (max(1, ceil(kv_tokens / block_tokens)) * block_tokens)


def room(setting: Setting, tokens: Tokens) -> Room:
    """Bytes that a GPU holds when its group has micro-batches like this, and the room for caches beside them.

    Raises DoesNotFit where not even one block of a cache fits.
    """
    held, usable = held_bytes(setting, tokens), setting.gpu.memory_usable_bytes
    token_bytes = cache_bytes_per_token(setting)
    block = setting.unit.memory.kv_block_tokens
    left = max(0.0, usable - held.total) * (1 - setting.unit.memory.fragmentation)
    blocks = int(left // (token_bytes * block))
    if blocks < 1:
        raise DoesNotFit(_refused(setting, held, usable))
    return Room(held, usable, left, token_bytes, blocks * block)


def cache_bytes_per_token(setting: Setting) -> float:
    """Bytes that all layers cache for a token on one GPU.

    GPUs that split a layer's heads share out its key-value heads, as far as there are as many; the latent of latent
    attention is needed by all heads, so that each of them holds it whole. Prediction modules cache as a layer does.
    """
    model, unit = setting.model, setting.unit
    attention = model.dims().attention
    own = min(unit.tp, attention.kv_heads) if isinstance(attention, Grouped) else 1
    speculation = getattr(unit, "speculation", None)
    more = min(speculation.depth, model.mtp_depth) if speculation else 0
    layer_bytes = attention.cache_width * NUMBER_BYTES[model.cache_format]
    return layer_bytes * (model.layers + more) / own


def held_bytes(setting: Setting, tokens: Tokens) -> Held:
    """Bytes of one GPU beside its caches."""
    unit, counted = setting.unit, weights_of(setting)
    buffers, workspace = _buffer_bytes(setting, tokens), _workspace_bytes(setting, tokens)
    handed_out = sum(counted.values()) + buffers + workspace
    waste = handed_out * unit.memory.fragmentation / (1 - unit.memory.fragmentation)
    return Held(
        weights=counted["weights"],
        experts=counted["experts"],
        embedding=counted["embedding"],
        buffers=buffers,
        workspace=workspace,
        reserve=unit.memory.runtime_bytes + waste,
    )


def weights_of(setting: Setting) -> Mapping[str, float]:
    """Bytes of weights on one GPU by part."""
    model, unit = setting.model, setting.unit
    kinds = Counter(model.block_kinds())
    if getattr(unit, "speculation", None) is None:
        del kinds["mtp"]
    total = {"weights": 0.0, "experts": 0.0, "embedding": 0.0}
    shared: dict[str, float] = {}
    for kind, often in kinds.items():
        share = setting.share if kind in ("moe", "mtp") else Share(tensor=unit.tp, whole_rows=True)
        for weight in serving_block(
            model, kind, Tokens(1, unit.tp), share, folded=isinstance(unit, DecodeUnit)
        ).weights:
            bytes_ = weight.count * weight_bytes(weight, setting)
            if weight.name in (EMBEDDING, HEAD):
                shared[weight.name] = bytes_
            else:
                total["experts" if weight.routed else "weights"] += often * bytes_
    total["embedding"] = sum(shared.values())
    return total


def weight_bytes(weight: Weight, setting: Setting) -> float:
    """Bytes of one parameter."""
    return FP8_WEIGHT_BYTES if weight.fp8 and setting.unit.precision.weights == "fp8" else NUMBER_BYTES["bf16"]


def _buffer_bytes(setting: Setting, tokens: Tokens) -> float:
    """Room for tokens on their way to and from experts, whatever may come at once.

    Low-latency kernels have a place for every token of every GPU with each of their experts (DeepEP,
    `get_low_latency_rdma_size_hint`); normal ones for what a balanced load brings, twice over.
    """
    experts, unit = setting.model.experts, setting.unit
    if experts is None or not setting.shares_experts:
        return 0.0
    both_bytes = setting.payload_bytes("dispatch") + setting.payload_bytes("combine")
    own = tokens.count / setting.share.spread
    if setting.low_latency:
        slots = unit.slots(experts.gate.experts)
        return SPARE_ROUNDS * slots * own * both_bytes
    return SPARE_ROUNDS * own * experts.gate.top_k * both_bytes


def _workspace_bytes(setting: Setting, tokens: Tokens) -> float:
    """The largest input and output of an operation that live together, and the residual stream."""
    model, share = setting.model, setting.share
    kind: BlockName = "moe" if model.dense_layers < model.layers else "dense"
    folded = isinstance(setting.unit, DecodeUnit) and not isinstance(setting.unit, PrefillUnit)
    record = serving_block(model, kind, tokens, share, folded).record
    outputs = [op.write_bytes for op in record if op.kind != "attention"]
    largest = max(first + second for first, second in pairwise(outputs))
    residual = tokens.count / share.spread * model.hidden * NUMBER_BYTES["bf16"]
    return largest + 2 * residual


def _refused(setting: Setting, held: Held, usable_bytes: float) -> str:
    """Why nothing fits, with the largest terms."""
    parts = held.parts()
    largest = sorted(parts, key=lambda name: -parts[name])[:NAMED_TERMS]
    terms = ", ".join(f"{name} {pretty(parts[name], 'bytes')}" for name in largest)
    return (
        f"a GPU of this unit holds {pretty(held.total, 'bytes')} beside its caches, {pretty(usable_bytes, 'bytes')} "
        f"are usable; largest: {terms}. Share the experts among more GPUs (gpus, ep), split layers (tp), or take "
        "smaller steps"
    )
