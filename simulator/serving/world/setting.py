"""A world and its requests as the arrays that are played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.serving.tables import MixedTable, StepTable
from simulator.serving.world import state as at
from simulator.serving.world.spec import (
    Disaggregated,
    FixedShare,
    PrefixCache,
    Swap,
    Transfer,
    WholeUnits,
    Window,
    World,
)
from simulator.serving.world.state import Floats, Ints, Records
from workloads.requests import Requests

EVENTS_AT_FIRST = 4096
SAMPLES_AT_FIRST = 4096
NO_LIMIT = 2**62
PARTS = ("rows", "keys", "seconds", "own_s")
PROMPT_ROUTING = {
    "round_robin": at.ROUND_ROBIN,
    "least_loaded": at.LEAST_LOADED,
    "prefix_aware": at.PREFIX_AWARE,
}
DECODE_ROUTING = {
    "round_robin": at.ROUND_ROBIN,
    "least_loaded": at.LEAST_LOADED,
    "kv_balanced": at.KV_BALANCED,
}


class Rest(NamedTuple):
    """The rest of a mixed step: points, seconds, and of them those of a group by itself; empty without such steps."""

    tokens: Floats
    seconds: Floats
    own_s: Floats


def step_tables(world: World) -> tuple[StepTable, StepTable, Rest]:
    """Prefill's and decode's table, and the rest of a mixed step."""
    nothing = np.zeros(0)
    if isinstance(world.engines, Disaggregated):
        return world.engines.prefill.table, world.engines.decode.table, Rest(nothing, nothing, nothing)
    mixed: MixedTable = world.engines.whole.table
    return mixed.prefill, mixed.decode, Rest(mixed.tokens, mixed.rest_s, mixed.own_s)


def _edges(windows: tuple[Window, ...]) -> Records:
    """Edges of windows in order of time, ends first, then by engine."""
    ends = {"drain": at.DRAINS, "fail": at.FAILS}
    every = [(one.from_s, 1, one.unit, at.OPENS) for one in windows]
    every += [(one.until_s, 0, one.unit, ends[one.end]) for one in windows if np.isfinite(one.until_s)]
    return np.array([(at_s, unit, what) for at_s, _, unit, what in sorted(every)], dtype=at.EDGE)


def _cache(world: World) -> PrefixCache:
    """The world's cache of prefixes; without one, one without tiers."""
    return world.cache if isinstance(world.cache, PrefixCache) else PrefixCache((), 0.0)


def tier_stores(world: World) -> tuple[Ints, Ints]:
    """Store of each engine's tiers [unit, tier], those of one engine first, and slots of each store [store]."""
    tiers, units = _cache(world).tiers, world.prompt_units.count
    own = [tier for tier in tiers if not tier.shared]
    slots = [tier.blocks for _ in range(units) for tier in own]
    stores, seen = np.zeros((units, len(tiers)), np.int64), 0
    for place, tier in enumerate(tiers):
        if tier.shared:
            stores[:, place] = len(slots)
            slots.append(tier.blocks)
        else:
            stores[:, place] = np.arange(units) * len(own) + seen
            seen += 1
    return stores, np.array(slots, np.int64)


def _numbers(requests: Requests, world: World, seed: int) -> dict[str, float]:
    """The rules, by their names on the desk."""
    prompt, kv, admission = world.prompt_units, world.decode_units.kv, world.admission
    split = isinstance(world.engines, Disaggregated)
    move = world.engines.transfer if isinstance(world.engines, Disaggregated) else Transfer(0.0, 1.0, 0.0)
    swap = kv.when_full if isinstance(kv.when_full, Swap) else Swap(0.0, 1.0, 0.0)
    blocks = kv.tokens // kv.block_tokens
    span_s = float(requests.arrival_s[-1] - requests.arrival_s[0])
    return {
        "first_arrival_s": float(requests.arrival_s[0]),
        "slices_per_s": at.GAP_SLICES / span_s if span_s > 0 else 0.0,
        "prompts": prompt.count,
        "decodes": world.units - prompt.count,
        "whole": not split,
        "prefill_first": isinstance(prompt, WholeUnits) and prompt.first == "prefill",
        "step_tokens": prompt.step_tokens,
        "chunked": prompt.chunked,
        "most_sequences": kv.most_sequences,
        "blocks": blocks,
        "block_tokens": kv.block_tokens,
        "watermark": int(kv.watermark_share * blocks),
        "swaps": isinstance(kv.when_full, Swap),
        "swap_latency_s": swap.latency_s,
        "swap_token_s": swap.token_bytes / swap.bytes_per_s,
        "move_latency_s": move.latency_s,
        "move_token_s": move.token_bytes / move.bytes_per_s,
        "receiving_port": move.receiving_port,
        "token_after_move": move.first_token_after_transfer,
        "prompt_routing": PROMPT_ROUTING[world.routing.prompt],
        "decode_routing": DECODE_ROUTING[world.routing.decode],
        "extra_tokens": world.routing.extra_tokens,
        "most_waiting": NO_LIMIT if admission.most_waiting is None else admission.most_waiting,
        "give_up_s": np.inf if admission.give_up_s is None else admission.give_up_s,
        "seed": seed,
        "hit_share": world.cache.hit_share if isinstance(world.cache, FixedShare) else -1.0,
        "prefix_tokens": requests.block_tokens,
        "sample_s": world.sample_s,
    }


def _request_table(requests: Requests) -> Records:
    """Requests before anything has happened."""
    table = np.zeros(requests.count, at.REQUEST)
    for name in ("started_s", "first_s", "moved_s", "decoding_s", "left_s", "last_s"):
        table[name] = np.nan
    for name in ("unit", "rank", "prefilled_by", "decoded_by", "next", "previous"):
        table[name] = -1
    table["arrived_s"], table["input"], table["output"] = (
        requests.arrival_s, requests.input_tokens, requests.output_tokens
    )  # fmt: skip
    return table


def _unit_table(world: World) -> Records:
    """Engines before anything has happened."""
    ranks = [world.prompt_units.ranks] * world.prompt_units.count
    ranks += [world.decode_units.ranks] * (world.units - len(ranks))
    table = np.zeros(world.units, at.UNIT)
    table["ranks"] = ranks
    table["first_rank"] = np.cumsum(ranks) - ranks
    table["open"] = ~np.isin(np.arange(world.units), [window.unit for window in world.windows])
    table["active"] = table["open"]
    return table


def _cache_tables(requests: Requests, world: World) -> dict[str, NDArray[Any]]:
    """Stores of prefix blocks, all empty."""
    cache = _cache(world)
    tiers = np.zeros(len(cache.tiers), at.TIER)
    for place, tier in enumerate(cache.tiers):
        tiers[place] = (tier.latency_s, cache.token_bytes / tier.bytes_per_s if tier.bytes_per_s else 0.0, tier.blocks)
    tier_store, slots = tier_stores(world)
    names, block_ids = np.unique(requests.block_ids, return_inverse=True) if cache.tiers else (np.zeros(0), np.zeros(0))
    slots = np.minimum(slots, max(len(names), 1))
    stores = np.zeros(len(slots), at.STORE)
    for name in ("newest", "oldest", "free"):
        stores[name] = -1
    stores["slots"], stores["first_slot"] = slots, np.cumsum(slots) - slots
    return {
        "tiers": tiers,
        "tier_store": tier_store,
        "stores": stores,
        "slots": np.zeros(int(slots.sum()), at.SLOT),
        "where": np.full((len(slots), len(names)), -1, np.int32),
        "block_at": requests.block_at,
        "block_ids": block_ids,
    }


def _tables(requests: Requests, world: World) -> dict[str, NDArray[Any]]:
    """All tables before anything has happened."""
    units = _unit_table(world)
    ranks = np.zeros(int(units["ranks"].sum()), at.RANK)
    ranks["fresh_head"] = -1
    prefill, decode, rest = step_tables(world)
    steps = {"prefill": prefill, "decode": decode}
    return {
        "requests": _request_table(requests),
        "ranks": ranks,
        "units": units,
        "events": np.zeros(EVENTS_AT_FIRST + 2 * world.units, at.EVENT),
        "edges": _edges(world.windows),
        "ring": np.full((len(ranks), world.decode_units.kv.block_tokens + 2), -1),
        "lists": np.full((len(ranks) * at.LISTS + 2, 2), -1),
        "dirty": np.zeros(world.units),
        "gaps": np.zeros((at.GAP_SLICES + 1, at.GAP_BINS)),
        "gap_sums": np.zeros((at.GAP_SLICES + 1, 2)),
        "samples": np.zeros((SAMPLES_AT_FIRST, at.SAMPLE_COLUMNS)),
        "accepted": np.cumprod(np.array(world.speculation.acceptance, dtype=np.float64)),
        **{f"{kind}_{part}": getattr(table, part) for kind, table in steps.items() for part in PARTS},
        "rest_tokens": rest.tokens,
        "rest_seconds": rest.seconds,
        "rest_own_s": rest.own_s,
        **_cache_tables(requests, world),
    }


@dataclass(slots=True)
class Setting:
    """The desk of a play and the tables whose addresses are on it; `put` puts a table there, or a larger one."""

    desk: Records
    tables: dict[str, NDArray[Any]]

    def put(self, name: str, table: NDArray[Any]) -> None:
        """Have a table used from now on."""
        kept = np.ascontiguousarray(table, dtype=at.TABLES[name])
        self.tables[name] = kept
        self.desk[f"{name}_at"] = kept.ctypes.data
        self.desk[f"{name}_long"], self.desk[f"{name}_wide"] = kept.shape[0], kept.shape[-1]

    def number(self, name: str) -> float:
        """A number on the desk."""
        return float(self.desk[name][0])


def setting(requests: Requests, world: World, seed: int) -> Setting:
    """Everything as it is before anything has happened."""
    made = Setting(np.zeros(1, at.DESK), {})
    for name, value in _numbers(requests, world, seed).items():
        made.desk[name] = value
    for name, table in _tables(requests, world).items():
        made.put(name, table)
    made.desk["own_stores"] = world.prompt_units.count * sum(not tier.shared for tier in _cache(world).tiers)
    return made
