"""What each layer asks of GPUs, links and host: seconds on the GPU, bytes of weights, pairs for the routed experts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.serving.elsewhere.rig import Rig
from simulator.serving.elsewhere.stored import computed_as, read_weight_bytes, seconds, weight_bytes
from simulator.serving.engine.fusing import fused
from workloads.model import ModelSpec, serving_block
from workloads.reference.dims import Dims, Share, Tokens
from workloads.reference.loads import idle_share
from workloads.reference.reading import Block, BlockName, forward_block
from workloads.reference.record import Op

ROUTED = frozenset({"permute", "experts.gate_up", "experts.swiglu", "experts.down", "unpermute"})
SHARED = "shared."
LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step of the unit works on.

    sequences   side by side;  length   new tokens of each;  past   tokens of each that are cached before
    """

    sequences: int
    length: int = 1
    past: int = 0

    @property
    def tokens(self) -> int:
        """New tokens in all."""
        return self.sequences * self.length


@dataclass(frozen=True, slots=True)
class Routed:
    """Routed experts of one layer.

    experts        there are;  top_k   of them for each token;  expert_bytes   of one, as stored
    pairs          (token, expert) pairs of the step;  pair_flop   of one
    chosen         experts that at least one token chose, expected for even choice
    token_bytes    of a token's hidden state, in BF16
    """

    experts: int
    top_k: int
    expert_bytes: float
    pairs: int
    pair_flop: float
    chosen: float
    token_bytes: float


@dataclass(frozen=True, slots=True)
class Layer:
    """One block on one GPU of the unit.

    dense_s       kernels of all but routed experts, those of shared experts (shared_s) included
    routed_s      kernels of the routed experts, permutations included
    exchange_s    tokens between the GPUs that split the layer
    dense_bytes   weights of all but routed experts, of the whole layer
    workspace_bytes   what the largest operation reads and writes beside weights
    """

    name: BlockName
    dense_s: float
    shared_s: float
    routed_s: float
    exchange_s: float
    dense_bytes: float
    workspace_bytes: float
    routed: Routed | None = None

    @property
    def gpu_s(self) -> float:
        """All kernels and exchanges."""
        return self.dense_s + self.routed_s + self.exchange_s

    @property
    def routed_bytes(self) -> float:
        """Weights of all routed experts."""
        return self.routed.experts * self.routed.expert_bytes if self.routed else 0.0


def layers(model: ModelSpec, rig: Rig, bits_per_weight: float | None, batch: Batch, split: int) -> tuple[Layer, ...]:
    """All blocks in order, prediction modules left out. Raises NoRate for a precision that the GPU lacks.

    batch   of the GPUs that split each layer (`split` of them)
    """
    dims = computed_as(model, bits_per_weight).dims()
    names = [name for name in model.block_kinds() if name != "mtp"]
    read: Mapping[BlockName, Layer] = {
        name: _layer(_block(model, name, bits_per_weight, batch, split), name, (dims, batch), rig, bits_per_weight)
        for name in dict.fromkeys(names)
    }
    return tuple(read[name] for name in names)


def _block(model: ModelSpec, name: BlockName, bits_per_weight: float | None, batch: Batch, split: int) -> Block:
    """The block's record on one of the GPUs that split it: each keeps all tokens, results are added up."""
    tokens = Tokens(batch.sequences, batch.length, batch.past)
    share = Share(tensor=split, expert_tensor=split, whole_rows=True)
    return serving_block(computed_as(model, bits_per_weight), name, tokens, share, folded=batch.length == 1)


def _layer(block: Block, name: BlockName, asked: tuple[Dims, Batch], rig: Rig, bits_per_weight: float | None) -> Layer:
    """Sum a block up."""
    dims, batch = asked
    ops = [op for op in (fused(block.record) if rig.fused else block.record) if op.name != LOSS]
    timed = [(op, seconds(op, rig, bits_per_weight)) for op in ops]
    routed = any(weight.routed for weight in block.weights)
    sums = [message for message in block.messages if message.kind == "sum"]
    return Layer(
        name=name,
        dense_s=sum(took for op, took in timed if op.name not in ROUTED),
        shared_s=sum(took for op, took in timed if op.name.startswith(SHARED)),
        routed_s=sum(took for op, took in timed if op.name in ROUTED),
        exchange_s=sum(rig.sum_s(one.tokens * one.bytes_per_token) for one in sums),
        dense_bytes=_whole_bytes(dims, name, rig, bits_per_weight),
        workspace_bytes=max((_activation_bytes(op) for op in ops), default=0.0),
        routed=_routed(dims, batch, rig, bits_per_weight) if routed else None,
    )


def _whole_bytes(dims: Dims, name: BlockName, rig: Rig, bits_per_weight: float | None) -> float:
    """Stored weights of a whole block, routed experts left out; a head that is the embedding counts with that."""
    weights = forward_block(dims, name, Tokens(1, 1)).weights
    own = [one for one in weights if not one.routed and not (name == "head" and one.name == "embedding")]
    return sum(weight_bytes(one, bits_per_weight, rig.fp8_weights) for one in own)


def _routed(dims: Dims, batch: Batch, rig: Rig, bits_per_weight: float | None) -> Routed | None:
    """Routed experts of one layer under this batch."""
    if dims.experts is None:
        return None
    gate, hidden = dims.experts.gate, dims.hidden
    weights = [one for one in forward_block(dims, "moe", Tokens(1, 1)).weights if one.routed]
    pairs = batch.tokens * gate.top_k
    expert_bytes = sum(weight_bytes(one, bits_per_weight, rig.fp8_weights) for one in weights) / gate.experts
    return Routed(
        experts=gate.experts,
        top_k=gate.top_k,
        expert_bytes=expert_bytes,
        pairs=pairs,
        pair_flop=sum(2.0 * one.count for one in weights) / gate.experts,
        chosen=gate.experts * (1 - idle_share(gate, pairs / gate.experts)),
        token_bytes=2.0 * hidden,
    )


def _activation_bytes(op: Op) -> float:
    """What an operation reads and writes beside weights; attention's cache counts by itself."""
    if op.kind == "attention":
        return op.write_bytes
    return op.read_bytes - read_weight_bytes(op) + op.write_bytes
