"""Seconds of a step out of its table, and how many steps a sequence takes, compiled."""

from __future__ import annotations

import numpy as np

from simulator.serving.world.compiled import njit
from simulator.serving.world.state import Desk, Floats
from simulator.serving.world.views import (
    View,
    accepted_of,
    decode_keys_of,
    decode_own_s_of,
    decode_rows_of,
    decode_seconds_of,
    prefill_keys_of,
    prefill_own_s_of,
    prefill_rows_of,
    prefill_seconds_of,
    rest_own_s_of,
    rest_seconds_of,
    rest_tokens_of,
)

GOLDEN, FIRST_MIX, SECOND_MIX = (
    np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
)  # fmt: skip
"""Constants of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
TO_UNIT = 1.1102230246251565e-16
"""2^-53."""


@njit
def _below(points: Floats, x: float) -> int:
    """Index of the last of ascending points that is not above x, at least one before the last."""
    low, high = 0, len(points) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if points[middle] <= x:
            low = middle
        else:
            high = middle
    return low


@njit
def _along(points: Floats, at: int, x: float) -> float:
    """How far x is on the way from one point to the next; 0 where there is one point only."""
    return float((x - points[at]) / (points[at + 1] - points[at])) if len(points) > 1 else 0.0


@njit
def _seconds(rows: Floats, keys: Floats, values: View, row: float, key: float) -> float:
    """Bilinear between points; a row below the first is taken for it."""
    row = max(row, rows[0])
    i, j = _below(rows, row), _below(keys, key)
    u, v = _along(rows, i, row), _along(keys, j, key)
    k, m = min(i + 1, len(rows) - 1), min(j + 1, len(keys) - 1)
    near = values[i, j] * (1 - v) + values[i, m] * v
    far = values[k, j] * (1 - v) + values[k, m] * v
    return float(near * (1 - u) + far * u)


@njit
def prefill_s(w: Desk, tokens: float, key: float) -> float:
    """Seconds for new tokens of prompts that look at so many earlier ones each."""
    return _seconds(prefill_rows_of(w), prefill_keys_of(w), prefill_seconds_of(w), tokens, key)


@njit
def decode_s(w: Desk, sequences: float, key: float) -> float:
    """Seconds for a token each of some sequences with so many KV tokens on average."""
    return _seconds(decode_rows_of(w), decode_keys_of(w), decode_seconds_of(w), sequences, key)


@njit
def prefill_own_s(w: Desk, tokens: float, key: float) -> float:
    """Seconds of what a rank computes by itself for its prompts."""
    return _seconds(prefill_rows_of(w), prefill_keys_of(w), prefill_own_s_of(w), tokens, key)


@njit
def decode_own_s(w: Desk, sequences: float, key: float) -> float:
    """Seconds of what a rank computes by itself for its sequences."""
    return _seconds(decode_rows_of(w), decode_keys_of(w), decode_own_s_of(w), sequences, key)


@njit
def _rest(points: View, values: View, x: float) -> float:
    """Linear between points."""
    i = _below(points, x)
    u = _along(points, i, x)
    return float(values[i] * (1 - u) + values[min(i + 1, len(points) - 1)] * u)


@njit
def rest_s(w: Desk, tokens: float) -> float:
    """Seconds of a mixed step that depend on the number of its new tokens only, mean of the ranks."""
    return float(_rest(rest_tokens_of(w), rest_seconds_of(w), tokens))


@njit
def rest_own_s(w: Desk, tokens: float) -> float:
    """Seconds of it that a rank computes by itself for its new tokens."""
    return float(_rest(rest_tokens_of(w), rest_own_s_of(w), tokens))


@njit
def _mix(state: np.uint64) -> np.uint64:
    """SplitMix64's output of a state."""
    z = (state ^ (state >> np.uint64(30))) * FIRST_MIX
    z = (z ^ (z >> np.uint64(27))) * SECOND_MIX
    return z ^ (z >> np.uint64(31))


@njit
def steps_for(w: Desk, r: int, made: int, tokens: int) -> int:
    """Steps until a sequence that has made some tokens has that many more: as many draws of tokens a step as it takes.

    The draws depend on nothing but seed, request and tokens made, so that two worlds draw alike.
    """
    if w.accepted_long == 0:
        return tokens
    z = _mix(_mix(_mix(np.uint64(w.seed) + GOLDEN) + np.uint64(r) * GOLDEN) + np.uint64(made) * GOLDEN)
    steps, got = 0, 0
    while got < tokens:
        z += GOLDEN
        draw = float(_mix(z) >> np.uint64(11)) * TO_UNIT
        got += 1
        for share in accepted_of(w):
            if draw >= share:
                break
            got += 1
        steps += 1
    return steps
