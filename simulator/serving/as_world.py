"""From a plan to the world its requests are played in: tables, room for caches, who gets what."""

from __future__ import annotations

from simulator.refusal import Refused
from simulator.serving.engine.mixed import FEWEST_KEYS
from simulator.serving.engine.tabulated import decode_table, mixed_table, prefill_table
from simulator.serving.planning import ServicePlan, UnitPlan
from simulator.serving.world import spec
from workloads.counts import kv_cache_bytes_per_token
from workloads.handling import Handling
from workloads.requests import Requests
from workloads.serving_unit import DecodeUnit, PrefillUnit, WholeUnit

LOOKS = 400
"""Looks at queues over the span in which requests come."""
ROUTES = {"round-robin": "round_robin", "least-loaded": "least_loaded", "prefix-aware": "prefix_aware",
          "kv-balanced": "kv_balanced"}  # fmt: skip


def world_of(plan: ServicePlan, requests: Requests, windows: tuple[spec.Window, ...] = ()) -> spec.World:
    """The world of a plan for these requests.

    windows   when engines take work; none: always
    Raises Refused where units of one kind are missing.
    """
    handling, speculation = plan.service.handling, spec.Speculation()
    for unit in plan.units.values():
        own = unit.engine.setting.unit
        if isinstance(own, DecodeUnit) and own.speculation:
            speculation = spec.Speculation(own.speculation.acceptance)
    span_s = float(requests.arrival_s[-1]) if requests.count > 1 else 1.0
    return spec.World(
        engines=_engines(plan, int((requests.input_tokens + requests.output_tokens).max())),
        routing=spec.Routing(
            prompt=ROUTES[handling.prompt_routing],  # type: ignore[arg-type]
            decode=ROUTES[_decode_routing(plan)],  # type: ignore[arg-type]
            extra_tokens=handling.extra_tokens,
        ),
        admission=spec.Admission(handling.most_waiting, handling.give_up_s),
        cache=_cache(plan, requests.block_tokens),
        speculation=speculation,
        windows=windows,
        sample_s=max(span_s / LOOKS, 1e-3),
    )


def _decode_routing(plan: ServicePlan) -> str:
    """Which unit writes an answer; units that do both keep their sequences, whoever has fewest gets the next one."""
    if "whole" in plan.units:
        return "least-loaded"
    return plan.service.handling.decode_routing or "kv-balanced"


def _engines(plan: ServicePlan, longest: int) -> spec.Disaggregated | spec.Aggregated:
    """Units with their tables, which reach as far as the longest request."""
    units, handling = plan.units, plan.service.handling
    if "whole" in units:
        return spec.Aggregated(_whole(units["whole"], handling, longest))
    if "prefill" not in units or "decode" not in units:
        raise Refused(
            "traffic: requests need units that read prompts and units that write answers; describe both `prefill` and "
            "`decode`, or `whole`"
        )
    prompts, links = units["prefill"], units["prefill"].engine.setting.links
    unit = prompts.engine.setting.unit
    if not isinstance(unit, PrefillUnit):
        raise TypeError("the plan's prefill unit is none")
    tokens = max(unit.tokens_per_group, 0 if unit.chunked else longest)
    table = prefill_table(prompts.engine, tokens, _reach(longest))
    return spec.Disaggregated(
        spec.PrefillUnits(unit.units, unit.groups, unit.tokens_per_group, unit.chunked, table),
        _decode(units["decode"], handling, longest),
        spec.Transfer(
            latency_s=links.network_latency_s,
            bytes_per_s=links.network_bytes_per_s * unit.tp,
            token_bytes=kv_cache_bytes_per_token(plan.service.model),
            first_token_after_transfer=handling.first_token_after_transfer,
        ),
    )


def _reach(longest: int) -> int:
    """Keys that a table has to reach."""
    return max(2 * FEWEST_KEYS, longest)


def _decode(plan: UnitPlan, handling: Handling, longest: int) -> spec.DecodeUnits:
    """Units that write answers."""
    unit, kv = plan.engine.setting.unit, _kv(plan, handling)
    return spec.DecodeUnits(unit.units, unit.groups, kv, decode_table(plan.engine, kv.most_sequences, _reach(longest)))


def _whole(plan: UnitPlan, handling: Handling, longest: int) -> spec.WholeUnits:
    """Units that do both."""
    unit, kv = plan.engine.setting.unit, _kv(plan, handling)
    if not isinstance(unit, WholeUnit):
        raise TypeError("the plan's whole unit is none")
    table = mixed_table(plan.engine, max(unit.tokens_per_group, kv.most_sequences), kv.most_sequences, _reach(longest))
    return spec.WholeUnits(unit.units, unit.groups, unit.tokens_per_group, True, kv, table, handling.first)


def _kv(plan: UnitPlan, handling: Handling) -> spec.Kv:
    """Room of a group for caches, beside the buffers of its largest step."""
    setting = plan.engine.setting
    most = max(1, int(plan.rows))
    held = plan.room
    when_full: spec.Recompute | spec.Swap = spec.Recompute()
    if handling.when_full == "swap":
        when_full = spec.Swap(0.0, setting.gpu.pcie_bytes_per_s * setting.unit.tp, held.token_bytes * setting.unit.tp)
    return spec.Kv(most, held.tokens, setting.unit.memory.kv_block_tokens, handling.watermark_share, when_full)


def _cache(plan: ServicePlan, block_tokens: int) -> spec.NoCache | spec.FixedShare | spec.PrefixCache:
    """Stores of prompts' caches, or a share of every prompt that is found."""
    handling, typical = plan.service.handling, plan.service.typical
    if not handling.prefix_cache:
        return spec.FixedShare(typical.cached_share) if typical.cached_share else spec.NoCache()
    if not block_tokens:
        raise Refused(
            "handling.prefix_cache: nothing is known of what this traffic's prompts have in common; give traffic with "
            "`prefixes`, or a recording with blocks, or typical.cached_share instead"
        )
    token_bytes = kv_cache_bytes_per_token(plan.service.model)
    blocks = [max(1, int(tier.size_bytes // (token_bytes * block_tokens))) for tier in handling.prefix_cache]
    tiers = (
        spec.Tier(tier.name, held, tier.bytes_per_s, tier.latency_s, tier.shared)
        for tier, held in zip(handling.prefix_cache, blocks, strict=True)
    )
    return spec.PrefixCache(tuple(tiers), token_bytes)
