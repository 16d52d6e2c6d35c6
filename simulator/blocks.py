"""A model's blocks as one GPU of the cluster sees them: seconds, parameters, kept activations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from simulator.activations import Activations, activations
from simulator.collectives import Links
from simulator.costs import Sms, Stopwatch
from simulator.exchanges import exchange, token_way
from simulator.finish import Parameters
from simulator.phases import Block, Exchange, Readings, compute
from simulator.sharding import Sharding, gathered, reduced, whole_bytes
from simulator.software import driven_gpu
from simulator.splitting import Splitting
from workloads.model import read_block
from workloads.reference.blocks import EMBEDDING, HEAD
from workloads.reference.dims import Share, Tokens
from workloads.reference.loads import ranks_reached
from workloads.reference.reading import Block as Reading
from workloads.reference.record import Record
from workloads.scenario import Scenario

SHARED_WEIGHTS = frozenset({EMBEDDING, HEAD})
ROUTED = frozenset({"moe", "mtp"})
"""Kinds of blocks that may hold routed experts; how experts are shared changes nothing in the others."""
HEAVIER_LOAD = 1.25
"""Times the mean number of tokens at which a rank's experts are timed a second time."""


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """One kind of block on one GPU, for one micro-batch.

    parameters              without embedding and output head
    shared                  embedding and output head by name: MTP modules use those of the main model
    kept                    from forward to backward
    kept_for_weights        from the input gradient to a postponed weight gradient
    buffer_bytes            tokens on their way to and from experts: what a dispatch and a combine carry
    whole_bytes             parameters and gradients of a sharded block while it runs, without the shared ones;
                            shared_whole_bytes those by name
    workspace_bytes         what recomputation makes again, and the largest result of one operation
    """

    block: Block
    record: Record
    parameters: Parameters
    shared: Mapping[str, int]
    kept: Activations
    kept_for_weights: Activations
    buffer_bytes: float
    workspace_bytes: float
    whole_bytes: float
    shared_whole_bytes: Mapping[str, float]


class _Timed(NamedTuple):
    """A block's computation and what it sends."""

    kind: str
    readings: Readings
    exchange: Exchange
    beside: Exchange


class _Held(NamedTuple):
    """What a block holds, and how parameters and gradients are spread."""

    reading: Reading
    workspace_bytes: float
    sharding: Sharding


def block_plans(
    scenario: Scenario, links: Links, sharding: Sharding, on: Stopwatch | None = None
) -> dict[str, BlockPlan]:
    """Read each kind of block the model has and time it on the scenario's GPU.

    The output head comes and goes with its own block, which stands right before the MTP modules that use it too.

    on   a stopwatch of that GPU which has timed other layouts before
    """
    on = on or Stopwatch(driven_gpu(scenario))
    layout, job = scenario.layout, scenario.job
    tokens = Tokens(job.sequences_per_micro_batch, job.sequence_length)
    way = token_way(scenario, Splitting(layout, on.gpu, links))
    plans: dict[str, BlockPlan] = {}
    for kind in dict.fromkeys(scenario.model.block_kinds()):
        share = layout.share if kind in ROUTED else replace(layout.share, expert=1, expert_tensor=1)
        more = _heavier(scenario, share) if kind in ROUTED else share
        reading = read_block(scenario.model, kind, tokens, share, job.recompute)
        heavier = read_block(scenario.model, kind, tokens, more, job.recompute)
        moved = [weight for weight in reading.weights if not (kind == "mtp" and weight.name == HEAD)]
        whole = {"gather": gathered(moved, sharding, links), "reduce": reduced(moved, sharding, links)}
        alone, beside = (replace(exchange(reading, way, busy), **whole) for busy in (False, True))
        readings = Readings(reading.record, heavier.record, HEAVIER_LOAD)
        unsaved = read_block(scenario.model, kind, tokens, share, "none")
        held = _Held(reading, _workspace_bytes(reading, unsaved), sharding)
        plans[kind] = _plan(scenario, _Timed(kind, readings, alone, beside), held, on)
    return plans


def _heavier(scenario: Scenario, share: Share) -> Share:
    """The same rank with HEAVIER_LOAD times as many tokens for its experts."""
    experts = scenario.model.experts
    if experts is None:
        return share
    tokens = scenario.job.tokens_per_micro_batch // (share.tensor * share.context)
    reached = ranks_reached(experts.gate.dims(), share.expert)
    return replace(
        share,
        rows=round(HEAVIER_LOAD * tokens * experts.gate.top_k * share.expert_tensor),
        received=round(HEAVIER_LOAD * tokens * share.expert_tensor * reached),
    )


def _plan(scenario: Scenario, timed: _Timed, held: _Held, on: Stopwatch) -> BlockPlan:
    """Put together what a block takes and what it holds."""
    left = on.gpu.sms - (scenario.job.communication_sms if scenario.layout.ranks_per_expert_group > 1 else 0)
    reading, moved = held.reading, timed.exchange
    own = [weight for weight in reading.weights if weight.name not in SHARED_WEIGHTS]
    shared = [weight for weight in reading.weights if weight.name in SHARED_WEIGHTS]
    copies = _copies(scenario)
    return BlockPlan(
        block=Block(
            timed.kind,
            compute(timed.readings, on, Sms(left, on.gpu.sms)),
            compute(timed.readings, on, Sms(left, left)),
            moved,
            timed.beside,
        ),
        record=reading.record,
        parameters=Parameters(
            dense=sum(weight.count for weight in own if not weight.routed),
            routed=copies * sum(weight.count for weight in own if weight.routed),
            fp8_dense=sum(weight.count for weight in own if weight.fp8 and not weight.routed),
            fp8_routed=copies * sum(weight.count for weight in own if weight.fp8 and weight.routed),
        ),
        shared={weight.name: weight.count for weight in shared},
        kept=activations(reading.kept),
        kept_for_weights=activations(reading.postponed),
        buffer_bytes=sum(t.nvlink_bytes + t.network_bytes for t in (moved.dispatch, moved.combine)),
        workspace_bytes=held.workspace_bytes,
        whole_bytes=whole_bytes(own, held.sharding),
        shared_whole_bytes={weight.name: whole_bytes([weight], held.sharding) for weight in shared},
    )


def _copies(scenario: Scenario) -> float:
    """Replicas over experts: each is held, summed and updated as an expert of its own."""
    experts, eplb = scenario.model.experts, scenario.layout.eplb
    return 1.0 if experts is None or eplb is None else 1 + eplb.redundant_experts / experts.gate.experts


def _workspace_bytes(reading: Reading, unsaved: Reading) -> float:
    """Bytes alive while the block's backward runs, beside what is kept and what has a place of its own.

    What recomputation makes again, and the largest result of one operation (weight gradients are added in place).

    unsaved   the same block where nothing is recomputed
    """
    largest = max(op.write_bytes for op in reading.record if op.phase != "weight_grad")
    return max(0.0, unsaved.kept_bytes - reading.kept_bytes) + largest
