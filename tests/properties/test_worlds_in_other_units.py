"""A world in slow motion plays the same; so does one whose KV blocks are of another size, as long as there is room."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.serving.tables import MixedTable, StepTable
from simulator.serving.world.playing import play
from simulator.serving.world.spec import Aggregated, Disaggregated, Kv, PrefixCache, Swap, Tier, Window, World
from tests.made_worlds import random_requests, random_world
from workloads.requests import Requests

seeds = st.integers(0, 2**32 - 1)
INSTANTS = ("prefill_start_s", "first_token_s", "transfer_end_s", "decode_start_s", "finish_s", "left_s", "busy_s")


def case(seed: int) -> tuple[Requests, World]:
    """A random world and requests for it."""
    draw = np.random.default_rng(seed)
    requests = random_requests(draw, int(draw.integers(1, 150)))
    return requests, random_world(draw, requests)


def slow_table(table: StepTable) -> StepTable:
    """Twice the seconds."""
    return replace(table, seconds=2 * table.seconds, own=2 * table.own_s)


def slow_kv(kv: Kv) -> Kv:
    """Swaps that take twice as long."""
    full = kv.when_full
    if isinstance(full, Swap):
        full = replace(full, latency_s=2 * full.latency_s, bytes_per_s=full.bytes_per_s / 2)
    return replace(kv, when_full=full)


def slow_engines(engines: Disaggregated | Aggregated) -> Disaggregated | Aggregated:
    """Steps and transfers that take twice as long."""
    if isinstance(engines, Aggregated):
        mixed, whole = engines.whole.table, engines.whole
        parts = slow_table(mixed.decode), slow_table(mixed.prefill)
        table = MixedTable(mixed.tokens, 2 * mixed.rest_s, *parts, 2 * mixed.own_s)
        return Aggregated(replace(whole, table=table, kv=slow_kv(whole.kv)))
    prefill, decode, move = engines.prefill, engines.decode, engines.transfer
    return Disaggregated(
        replace(prefill, table=slow_table(prefill.table)),
        replace(decode, table=slow_table(decode.table), kv=slow_kv(decode.kv)),
        replace(move, latency_s=2 * move.latency_s, bytes_per_s=move.bytes_per_s / 2),
    )


def slow_tier(tier: Tier) -> Tier:
    """Loading takes twice as long."""
    return replace(tier, latency_s=2 * tier.latency_s, bytes_per_s=tier.bytes_per_s and tier.bytes_per_s / 2)


def slow(world: World) -> World:
    """Everything takes twice as long."""
    cache, limits = world.cache, world.admission
    if isinstance(cache, PrefixCache):
        cache = replace(cache, tiers=tuple(slow_tier(tier) for tier in cache.tiers))
    return replace(
        world,
        engines=slow_engines(world.engines),
        admission=replace(limits, give_up_s=limits.give_up_s and 2 * limits.give_up_s),
        cache=cache,
        windows=tuple(Window(one.unit, 2 * one.from_s, 2 * one.until_s, one.end) for one in world.windows),
        sample_s=2 * world.sample_s,
    )


@given(seeds)
def test_in_slow_motion_everything_happens_at_twice_the_time_exactly(seed: int) -> None:
    """Factors of two are exact in floating point: so there is no tolerance."""
    requests, world = case(seed)
    normal = play(requests, world, seed)
    twice = play(replace(requests, arrival_s=2 * requests.arrival_s), slow(world), seed)
    for name in INSTANTS:
        np.testing.assert_array_equal(getattr(twice, name), 2 * getattr(normal, name), err_msg=name)
    assert twice.counts() == normal.counts()
    assert twice.gaps.sum_s == pytest.approx(2 * normal.gaps.sum_s)


def with_kv(world: World, kv: Kv) -> World:
    """The same world with another KV cache."""
    engines = world.engines
    if isinstance(engines, Aggregated):
        return replace(world, engines=Aggregated(replace(engines.whole, kv=kv)))
    return replace(world, engines=replace(engines, decode=replace(engines.decode, kv=kv)))


@given(seeds)
@settings(max_examples=50)
def test_where_there_is_room_the_size_of_blocks_does_not_matter(seed: int) -> None:
    requests, world = case(seed)
    plays = [play(requests, with_kv(world, Kv(32, 10**7, block)), seed) for block in (1, 7, 64)]
    for other in plays[1:]:
        np.testing.assert_allclose(other.left_s, plays[0].left_s, rtol=1e-9, err_msg=str(world.engines))
        assert other.counts()["preemptions"] == 0
