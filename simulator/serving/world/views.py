"""Tables of a play as compiled functions see them: found through their addresses on the desk."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.np.numpy_support import carray

from simulator.serving.world.compiled import njit, pointer
from simulator.serving.world.state import EDGE, EVENT, RANK, REQUEST, SLOT, STORE, TIER, UNIT, Desk

View = Any


@njit
def requests_of(w: Desk) -> View:
    """Table `requests`, one entry a place."""
    return carray(pointer(w.requests_at), w.requests_long, REQUEST)


@njit
def ranks_of(w: Desk) -> View:
    """Table `ranks`, one entry a place."""
    return carray(pointer(w.ranks_at), w.ranks_long, RANK)


@njit
def units_of(w: Desk) -> View:
    """Table `units`, one entry a place."""
    return carray(pointer(w.units_at), w.units_long, UNIT)


@njit
def events_of(w: Desk) -> View:
    """Table `events`, one entry a place."""
    return carray(pointer(w.events_at), w.events_long, EVENT)


@njit
def edges_of(w: Desk) -> View:
    """Table `edges`, one entry a place."""
    return carray(pointer(w.edges_at), w.edges_long, EDGE)


@njit
def tiers_of(w: Desk) -> View:
    """Table `tiers`, one entry a place."""
    return carray(pointer(w.tiers_at), w.tiers_long, TIER)


@njit
def stores_of(w: Desk) -> View:
    """Table `stores`, one entry a place."""
    return carray(pointer(w.stores_at), w.stores_long, STORE)


@njit
def slots_of(w: Desk) -> View:
    """Table `slots`, one entry a place."""
    return carray(pointer(w.slots_at), w.slots_long, SLOT)


@njit
def dirty_of(w: Desk) -> View:
    """Table `dirty`, one entry a place."""
    return carray(pointer(w.dirty_at), w.dirty_long, np.int64)


@njit
def gaps_of(w: Desk) -> View:
    """Table `gaps`, row by row."""
    return carray(pointer(w.gaps_at), (w.gaps_long, w.gaps_wide), np.int64)


@njit
def gap_sums_of(w: Desk) -> View:
    """Table `gap_sums`, row by row."""
    return carray(pointer(w.gap_sums_at), (w.gap_sums_long, w.gap_sums_wide), np.float64)


@njit
def block_at_of(w: Desk) -> View:
    """Table `block_at`, one entry a place."""
    return carray(pointer(w.block_at_at), w.block_at_long, np.int64)


@njit
def block_ids_of(w: Desk) -> View:
    """Table `block_ids`, one entry a place."""
    return carray(pointer(w.block_ids_at), w.block_ids_long, np.int64)


@njit
def accepted_of(w: Desk) -> View:
    """Table `accepted`, one entry a place."""
    return carray(pointer(w.accepted_at), w.accepted_long, np.float64)


@njit
def prefill_rows_of(w: Desk) -> View:
    """Table `prefill_rows`, one entry a place."""
    return carray(pointer(w.prefill_rows_at), w.prefill_rows_long, np.float64)


@njit
def prefill_keys_of(w: Desk) -> View:
    """Table `prefill_keys`, one entry a place."""
    return carray(pointer(w.prefill_keys_at), w.prefill_keys_long, np.float64)


@njit
def decode_rows_of(w: Desk) -> View:
    """Table `decode_rows`, one entry a place."""
    return carray(pointer(w.decode_rows_at), w.decode_rows_long, np.float64)


@njit
def decode_keys_of(w: Desk) -> View:
    """Table `decode_keys`, one entry a place."""
    return carray(pointer(w.decode_keys_at), w.decode_keys_long, np.float64)


@njit
def rest_tokens_of(w: Desk) -> View:
    """Table `rest_tokens`, one entry a place."""
    return carray(pointer(w.rest_tokens_at), w.rest_tokens_long, np.float64)


@njit
def rest_seconds_of(w: Desk) -> View:
    """Table `rest_seconds`, one entry a place."""
    return carray(pointer(w.rest_seconds_at), w.rest_seconds_long, np.float64)


@njit
def rest_own_s_of(w: Desk) -> View:
    """Table `rest_own_s`, one entry a place."""
    return carray(pointer(w.rest_own_s_at), w.rest_own_s_long, np.float64)


@njit
def ring_of(w: Desk) -> View:
    """Table `ring`, row by row."""
    return carray(pointer(w.ring_at), (w.ring_long, w.ring_wide), np.int64)


@njit
def lists_of(w: Desk) -> View:
    """Table `lists`, row by row."""
    return carray(pointer(w.lists_at), (w.lists_long, w.lists_wide), np.int64)


@njit
def samples_of(w: Desk) -> View:
    """Table `samples`, row by row."""
    return carray(pointer(w.samples_at), (w.samples_long, w.samples_wide), np.float64)


@njit
def where_of(w: Desk) -> View:
    """Table `where`, row by row."""
    return carray(pointer(w.where_at), (w.where_long, w.where_wide), np.int32)


@njit
def tier_store_of(w: Desk) -> View:
    """Table `tier_store`, row by row."""
    return carray(pointer(w.tier_store_at), (w.tier_store_long, w.tier_store_wide), np.int64)


@njit
def prefill_seconds_of(w: Desk) -> View:
    """Table `prefill_seconds`, row by row."""
    return carray(pointer(w.prefill_seconds_at), (w.prefill_seconds_long, w.prefill_seconds_wide), np.float64)


@njit
def prefill_own_s_of(w: Desk) -> View:
    """Table `prefill_own_s`, row by row."""
    return carray(pointer(w.prefill_own_s_at), (w.prefill_own_s_long, w.prefill_own_s_wide), np.float64)


@njit
def decode_own_s_of(w: Desk) -> View:
    """Table `decode_own_s`, row by row."""
    return carray(pointer(w.decode_own_s_at), (w.decode_own_s_long, w.decode_own_s_wide), np.float64)


@njit
def decode_seconds_of(w: Desk) -> View:
    """Table `decode_seconds`, row by row."""
    return carray(pointer(w.decode_seconds_at), (w.decode_seconds_long, w.decode_seconds_wide), np.float64)
