"""Seconds of one block for one micro-batch: attention before and from its core on, experts, and what is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from simulator.all_to_all import low_latency, normal
from simulator.collectives import NOTHING, Group, Transfer, all_gather, all_reduce
from simulator.costs import Sms, duration
from simulator.phases import Seconds
from simulator.serving.engine.fusing import fused
from simulator.serving.engine.setting import Direction, Setting
from workloads.model import serving_block
from workloads.reference.dims import Share, Tokens
from workloads.reference.loads import ranks_reached
from workloads.reference.reading import Block, BlockName
from workloads.reference.record import Message, Op, Record

CORE, FIRST_OF_EXPERTS, FIRST_OF_DENSE = "core", "permute", "gate_up"
SHARED = ("shared.", "ffn_add")
COPIES: dict[Direction, tuple[str, ...]] = {
    "dispatch": ("dispatch.quantise", "dispatch.largest", "permute"),
    "combine": ("unpermute",),
}
"""Copying, casting and adding up that low-latency kernels do themselves."""
HEAVIER_LOAD = 1.25
"""Times the mean number of tokens at which a GPU's experts are timed a second time."""
NOTHING_TO_DO = Seconds(0.0)


class Sent(NamedTuple):
    """A transfer: its seconds by the load of the experts, and what it moves at the mean load."""

    seconds: Seconds
    transfer: Transfer


NOT_SENT = Sent(NOTHING_TO_DO, NOTHING)


@dataclass(frozen=True, slots=True)
class LayerTimes:
    """One block, in the order of its parts.

    before   attention's norms and projections;  core   from its core to the gate
    mlp      routed experts, or a dense MLP;  shared   shared experts and the residual sum
    attention_sum, mlp_sum   among the GPUs that split the block
    core_s   of `core`, attention's core alone
    """

    before: Seconds
    core: Seconds
    mlp: Seconds
    shared: Seconds
    attention_sum: Sent
    mlp_sum: Sent
    dispatch: Sent
    combine: Sent
    core_s: float

    @property
    def compute_s(self) -> float:
        """Seconds of computing at the mean load."""
        return sum(part.mean_s for part in (self.before, self.core, self.mlp, self.shared))


class _Parts(NamedTuple):
    """A record, cut."""

    before: Record
    core: Record
    mlp: Record
    shared: Record


def layer_times(setting: Setting, kind: BlockName, tokens: Tokens, folded: bool) -> LayerTimes:
    """Time one block for one micro-batch of a group of GPUs.

    folded   latent attention on the latents themselves
    """
    routed = kind == "moe" and setting.shares_experts
    share = setting.share if kind == "moe" else replace(setting.share, expert=1, slots=None)
    block = serving_block(setting.model, kind, tokens, share, folded)
    parts, own = _cut(_run(block, setting)), _copied(block, setting) if routed else {}
    inside = routed and setting.low_latency and not setting.two
    dropped = frozenset(name for names in COPIES.values() for name in names) if inside else frozenset()
    times = [_seconds(part, setting, dropped) for part in parts]
    mlp = _by_load(times[2], setting, (tokens, share, folded), dropped) if routed else Seconds(times[2])
    return LayerTimes(
        before=Seconds(times[0]),
        core=Seconds(times[1]),
        mlp=mlp,
        shared=Seconds(times[3]),
        attention_sum=_summed(block, setting, "attention"),
        mlp_sum=_summed(block, setting, "mlp"),
        dispatch=_sent(block, setting, "dispatch", own) if routed else NOT_SENT,
        combine=_sent(block, setting, "combine", own) if routed else NOT_SENT,
        core_s=_seconds(tuple(op for op in parts.core if op.name == CORE), setting, frozenset()),
    )


def _run(block: Block, setting: Setting) -> Record:
    """A block's operations as the unit's software runs them."""
    return fused(block.record) if setting.unit.kernel_fusion == "on" else block.record


def _cut(record: Record) -> _Parts:
    """Cut a block's record before attention's core and before the MLP, shared experts apart."""
    names = [op.name for op in record]
    core = names.index(CORE)
    mlp = names.index(FIRST_OF_EXPERTS) if FIRST_OF_EXPERTS in names else _first_of_dense(names)
    late = record[mlp:]
    own = tuple(op for op in late if not op.name.startswith(SHARED))
    return _Parts(record[:core], record[core:mlp], own, tuple(op for op in late if op.name.startswith(SHARED)))


def _first_of_dense(names: list[str]) -> int:
    """Where a dense MLP begins: its operand belongs to it."""
    return next(at for at, name in enumerate(names) if name.startswith(FIRST_OF_DENSE))


def _seconds(ops: Iterable[Op], setting: Setting, dropped: frozenset[str]) -> float:
    """Seconds of operations one after another; without a graph a kernel takes at least the host's time to launch it."""
    kept = [op for op in ops if op.name not in dropped]
    if setting.unit.cuda_graphs or not setting.unit.host_launch_s:
        return setting.stopwatch.total_s(kept, setting.sms)
    return sum(_launched_s(op, setting, setting.sms) for op in kept)


def _launched_s(op: Op, setting: Setting, sms: Sms) -> float:
    """Seconds of an operation whose kernels the host launches one by one."""
    took = duration(op, setting.gpu, sms)
    return max(took.seconds, took.kernels * setting.unit.host_launch_s)


def _by_load(mean_s: float, setting: Setting, read: tuple[Tokens, Share, bool], dropped: frozenset[str]) -> Seconds:
    """Seconds of the experts as a line through two loads."""
    tokens, share, folded = read
    heavier = serving_block(setting.model, "moe", tokens, _heavier(setting, tokens, share), folded)
    more_s = _seconds(_cut(_run(heavier, setting)).mlp, setting, dropped)
    per_load_s = max(0.0, (more_s - mean_s) / (HEAVIER_LOAD - 1))
    return Seconds(max(0.0, mean_s - per_load_s), min(per_load_s, mean_s))


def _heavier(setting: Setting, tokens: Tokens, share: Share) -> Share:
    """The same GPU with HEAVIER_LOAD times as many tokens for its experts."""
    experts = setting.model.experts
    if experts is None:
        return share
    gate, own = experts.gate.dims(), tokens.count // share.spread
    reached = own * ranks_reached(gate, share.expert)
    return replace(share, rows=round(HEAVIER_LOAD * own * gate.top_k), received=round(HEAVIER_LOAD * reached))


def _summed(block: Block, setting: Setting, part: str) -> Sent:
    """What the GPUs that split a block send each other: gathers and scatters, or sums."""
    total = NOTHING
    for message in block.messages:
        if (message.name in ATTENTION_NAMES) == (part == "attention"):
            total = total + _among_tensor_ranks(message, setting)
    if part == "mlp" and _unsummed(block, setting):
        own = next(message for message in block.messages if message.kind == "combine")
        total = total + _among_tensor_ranks(replace(own, kind="sum"), setting)
    return Sent(Seconds(total.seconds), total) if total.seconds > 0 else NOT_SENT


ATTENTION_NAMES = ("q_b", "kv_a", "qkv", "o")


def _unsummed(block: Block, setting: Setting) -> bool:
    """Whether experts whose width is split stand alone, with no shared one whose sum theirs could join."""
    kinds = {message.kind for message in block.messages if message.name not in ATTENTION_NAMES}
    return setting.unit.tp > 1 and not setting.shares_experts and "combine" in kinds and "sum" not in kinds


def _among_tensor_ranks(message: Message, setting: Setting) -> Transfer:
    """Seconds of one message of tensor parallelism; nothing for others."""
    ranks = setting.unit.tp
    if ranks == 1 or message.kind not in ("gather", "scatter", "sum") or message.phase != "forward":
        return NOTHING
    near = min(ranks, setting.links.gpus_per_node)
    group = Group(-(-ranks // near), near)
    moved_bytes = message.tokens * message.bytes_per_token
    if message.kind == "sum":
        return all_reduce(moved_bytes, group, setting.links)
    return all_gather(moved_bytes * ranks, group, setting.links)


def _copied(block: Block, setting: Setting) -> dict[Direction, float]:
    """Seconds of the copying that the timeline of low-latency kernels has on the compute stream."""
    if not setting.low_latency:
        return {}
    return {
        way: setting.stopwatch.total_s([op for op in block.record if op.name in names], setting.sms)
        for way, names in COPIES.items()
    }


def _sent(block: Block, setting: Setting, way: Direction, copied: dict[Direction, float]) -> Sent:
    """Tokens on their way to experts, or back: what grows with the load, and what is there without any.

    copied   seconds that multiprocessors take of low-latency kernels, where they are counted as computing
    """
    tokens = next(message.tokens for message in block.messages if message.kind == way)
    once, twice = _moved(setting, way, tokens), _moved(setting, way, 2 * tokens)
    per_load_s = twice.seconds - once.seconds
    own_s = copied.get(way, 0.0) if setting.two else 0.0
    fixed_s = max(0.0, once.seconds - per_load_s - own_s)
    return Sent(Seconds(fixed_s, per_load_s), replace(once, seconds=fixed_s + per_load_s))


def _moved(setting: Setting, way: Direction, tokens: float) -> Transfer:
    """One dispatch or combine of so many tokens of each GPU."""
    experts = setting.model.experts
    payload_bytes, library = setting.payload_bytes(way), setting.kernels
    if experts is None:
        return NOTHING
    if setting.low_latency or setting.spread is None:
        batch = low_latency.Batch(tokens, experts.gate.top_k, setting.unit.ep)
        send = low_latency.dispatch if way == "dispatch" else low_latency.combine
        return send(batch, payload_bytes, library.low_latency, setting.links)
    by, out = library.normal, way == "dispatch"
    load = normal.load(tokens, payload_bytes, setting.spread, by, normal.multicast(setting.links, out))
    on = normal.carrier(by, setting.links, setting.unit.communication_sms)
    on = on.slowed(library.beside_compute_ratio if setting.two else 1.0)
    return normal.dispatch(load, on, by) if out else normal.combine(load, on, by)
