"""Stores of prefix blocks in tiers, least recently used out first, compiled."""

from __future__ import annotations

import numpy as np

from simulator.serving.world.compiled import njit
from simulator.serving.world.state import Desk
from simulator.serving.world.views import (
    block_at_of,
    block_ids_of,
    requests_of,
    slots_of,
    stores_of,
    tier_store_of,
    tiers_of,
    where_of,
)


@njit
def _link(w: Desk, store: int, slot: int) -> None:
    """Make a slot the newest of its store."""
    slots, stores = slots_of(w), stores_of(w)
    newest = stores[store].newest
    slots[slot].newer, slots[slot].older = -1, newest
    if newest < 0:
        stores[store].oldest = slot
    else:
        slots[newest].newer = slot
    stores[store].newest = slot


@njit
def _unlink(w: Desk, store: int, slot: int) -> None:
    """Take a slot out of its store's order."""
    slots, stores = slots_of(w), stores_of(w)
    newer, older = slots[slot].newer, slots[slot].older
    if newer < 0:
        stores[store].newest = older
    else:
        slots[newer].older = older
    if older < 0:
        stores[store].oldest = newer
    else:
        slots[older].newer = newer


@njit
def _slot_for(w: Desk, store: int) -> tuple[int, int]:
    """A slot to write on, and the block that had to leave it, or -1."""
    slots, stores, where = slots_of(w), stores_of(w), where_of(w)
    free = stores[store].free
    if free >= 0:
        stores[store].free = slots[free].older
        return free, -1
    if stores[store].used_slots < stores[store].slots:
        stores[store].used_slots += 1
        return stores[store].first_slot + stores[store].used_slots - 1, -1
    slot = stores[store].oldest
    block = int(slots[slot].block)
    _unlink(w, store, slot)
    where[store, block] = -1
    return slot, block


@njit
def _put(w: Desk, unit: int, block: int) -> None:
    """Put a block into the first tier; what has to leave a tier sinks to the next, and out of the last."""
    slots, where, tier_store = slots_of(w), where_of(w), tier_store_of(w)
    for tier in range(w.tiers_long):
        store = tier_store[unit, tier]
        if where[store, block] >= 0:
            _unlink(w, store, where[store, block])
            _link(w, store, where[store, block])
            return
        slot, leaves = _slot_for(w, store)
        slots[slot].block, where[store, block] = block, slot
        _link(w, store, slot)
        if leaves < 0:
            return
        block = leaves


@njit
def use(w: Desk, unit: int, r: int, blocks: int) -> None:
    """Bring the first blocks of a request's prompt to the first tier, the first of them as the newest."""
    slots, stores, where, tier_store, block_at, block_ids = (
        slots_of(w),
        stores_of(w),
        where_of(w),
        tier_store_of(w),
        block_at_of(w),
        block_ids_of(w),
    )
    begin = block_at[r]
    for at in range(begin + blocks - 1, begin - 1, -1):
        block = block_ids[at]
        for tier in range(1, w.tiers_long):
            store = tier_store[unit, tier]
            slot = where[store, block]
            if slot >= 0 and store < w.own_stores:
                _unlink(w, store, slot)
                where[store, block] = -1
                slots[slot].older = stores[store].free
                stores[store].free = slot
        _put(w, unit, block)


@njit
def _tier_of(w: Desk, unit: int, block: int) -> int:
    """First tier in which an engine finds a block, or -1."""
    where, tier_store = where_of(w), tier_store_of(w)
    for tier in range(w.tiers_long):
        if where[tier_store[unit, tier], block] >= 0:
            return tier
    return -1


@njit
def found(w: Desk, unit: int, r: int) -> int:
    """Blocks of a prompt, from its first on, that an engine finds before the first that it does not find."""
    block_at, block_ids = block_at_of(w), block_ids_of(w)
    begin, end = block_at[r], block_at[r + 1]
    for at in range(begin, end):
        if _tier_of(w, unit, block_ids[at]) < 0:
            return int(at - begin)
    return int(end - begin)


@njit
def loaded_at(w: Desk, unit: int, r: int, now_s: float) -> float:
    """When all that is cached of a prompt has been loaded; tiers load at the same time."""
    requests, stores, tiers, tier_store, block_at, block_ids = (
        requests_of(w),
        stores_of(w),
        tiers_of(w),
        tier_store_of(w),
        block_at_of(w),
        block_ids_of(w),
    )
    begin, left, ready_s = block_at[r], requests[r].cached, now_s
    tokens = np.zeros(w.tiers_long, np.int64)
    at = begin
    while left > 0:
        piece = min(left, w.prefix_tokens)
        tokens[_tier_of(w, unit, block_ids[at])] += piece
        left -= piece
        at += 1
    for tier in range(w.tiers_long):
        span_s = tiers[tier].latency_s + tokens[tier] * tiers[tier].token_s
        if tokens[tier] > 0 and span_s > 0:
            store = tier_store[unit, tier]
            stores[store].load_free_s = max(now_s, stores[store].load_free_s) + span_s
            ready_s = max(ready_s, stores[store].load_free_s)
    return float(ready_s)


@njit
def forget(w: Desk, unit: int) -> None:
    """Empty an engine's own stores."""
    slots, stores, where, tier_store = slots_of(w), stores_of(w), where_of(w), tier_store_of(w)
    for tier in range(w.tiers_long):
        store = tier_store[unit, tier]
        if store < w.own_stores:
            slot = stores[store].newest
            while slot >= 0:
                where[store, slots[slot].block] = -1
                slot = np.int64(slots[slot].older)
            stores[store].used_slots = 0
            stores[store].newest, stores[store].oldest, stores[store].free = -1, -1, -1
            stores[store].load_free_s = 0.0
