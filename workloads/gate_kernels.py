"""The gate on many tokens, compiled: affinities are drawn, and groups and experts chosen as the numeric core does.

An affinity is drawn from one random number. A token prefers expert i with weight w_i; its logit is log(w_i) plus Gumbel
noise, -log(x) with x exponential. So the sigmoid is w / (w + x), the softmax's numerator w / x, and nothing but the
logarithm that makes x has to be worked out, in operations that every processor rounds alike. Without a limit on groups
the best k are k draws without replacement with chances in proportion to w (Yellott, Journal of Mathematical Psychology
15, 1977).

All of this is one file because numba does not notice when a compiled function that another file's function calls has
changed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32] | NDArray[np.float64]
Single = NDArray[np.float32]
Indices = NDArray[np.int64]

GOLDEN, FIRST, SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
"""Constants of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, doi 10.1145/2660193.2660195)."""
LOW_31 = np.uint64(2**31 - 1)
STEP_31 = np.float32(2.0**-31)
HALF, ONE, TWO = np.float32(0.5), np.float32(1), np.float32(2)
LN_2 = np.float32(np.log(2))
ROOT_HALF_BITS, MANTISSA, MANTISSA_BITS = np.int32(0x3F3504F3), np.int32(0x7FFFFF), np.int32(23)
"""Square root of 1/2, and where the exponent begins, in the bits of a 32-bit float."""
THIRD, FIFTH, SEVENTH, NINTH = np.float32(2 / 3), np.float32(2 / 5), np.float32(2 / 7), np.float32(2 / 9)


class Rule(NamedTuple):
    """How a gate chooses, in numbers.

    counted   best affinities of a group whose sum ranks it;  softmax   affinities are shares; else sigmoids
    """

    top_k: int
    groups: int
    top_groups: int
    counted: int
    softmax: bool


@njit(cache=True)
def _mix(state: np.uint64) -> np.uint64:
    """Scramble 64 bits (SplitMix64)."""
    once = (state ^ (state >> np.uint64(30))) * FIRST
    twice = (once ^ (once >> np.uint64(27))) * SECOND
    return twice ^ (twice >> np.uint64(31))


@njit(cache=True, error_model="numpy")
def _exponential(key: np.uint64, small: Single, rest: Single, drawn: Single) -> None:
    """Fill `drawn` with -log(1 - small), `small` uniform in (0, 1), one half from the high bits, one from the low.

    log(f) = 2 artanh((f - 1) / (f + 1)), f within a root of 2 of 1; f - 1 is -small itself where that is exact.

    small, rest, drawn   [even number of experts];  the first two are room to work in
    """
    half = len(small) // 2
    for at in range(half):
        bits = _mix(key + np.uint64(at + 1) * GOLDEN)
        small[at] = (np.float32(np.int32(bits >> np.uint64(33))) + HALF) * STEP_31
        small[half + at] = (np.float32(np.int32(bits & LOW_31)) + HALF) * STEP_31
    rest_bits = rest.view(np.int32)
    for at in range(len(small)):
        rest[at] = ONE - small[at]
    for at in range(len(small)):
        above = rest_bits[at] - ROOT_HALF_BITS
        power = above >> MANTISSA_BITS
        rest_bits[at] = (above & MANTISSA) + ROOT_HALF_BITS
        over_one = -small[at] if power == 0 else rest[at] - ONE
        ratio = over_one / (TWO + over_one)
        square = ratio * ratio
        series = TWO + square * (THIRD + square * (FIFTH + square * (SEVENTH + square * NINTH)))
        drawn[at] = -(np.float32(power) * LN_2 + ratio * series)


@njit(cache=True, error_model="numpy")
def _affinities(weights: Single, drawn: Single, softmax: bool, scores: Single) -> None:
    """Turn weights and exponential numbers into affinities: [expert]."""
    if not softmax:
        for at in range(len(weights)):
            scores[at] = weights[at] / (weights[at] + drawn[at])
        return
    total = np.float32(0)
    for at in range(len(weights)):
        scores[at] = weights[at] / drawn[at]
        total += scores[at]
    for at in range(len(weights)):
        scores[at] /= total


@njit(cache=True, error_model="numpy")
def _open_groups(ranked: Floats, rule: Rule, worth: Floats, is_open: NDArray[np.bool_]) -> None:
    """Mark the groups that rank best; among equals the first.

    ranked   [expert];  worth, is_open   [group], filled here
    """
    size = len(ranked) // rule.groups
    for group in range(rule.groups):
        first = group * size
        best = ranked[first]
        if size == 1 or rule.counted == 1:
            for at in range(first + 1, first + size):
                best = max(best, ranked[at])
            worth[group] = best
        else:
            second = min(best, ranked[first + 1])
            best = max(best, ranked[first + 1])
            for at in range(first + 2, first + size):
                second = max(second, min(best, ranked[at]))
                best = max(best, ranked[at])
            worth[group] = best + second
        is_open[group] = False
    for _ in range(rule.top_groups):
        chosen = -1
        for group in range(rule.groups):
            if not is_open[group] and (chosen < 0 or worth[group] > worth[chosen]):
                chosen = group
        is_open[chosen] = True


@njit(cache=True, error_model="numpy")
def _best(ranked: Floats, rule: Rule, is_open: NDArray[np.bool_], values: Floats, experts: Indices) -> None:
    """Choose the best experts of the open groups, best first; among equals the first.

    ranked   [expert];  values, experts   [k], filled here
    """
    size = len(ranked) // rule.groups
    found = 0
    for group in range(rule.groups):
        if not is_open[group]:
            continue
        for at in range(group * size, (group + 1) * size):
            value = ranked[at]
            if found == rule.top_k and not value > values[found - 1]:
                continue
            place = found if found < rule.top_k else found - 1
            found = min(found + 1, rule.top_k)
            while place > 0 and value > values[place - 1]:
                values[place], experts[place] = values[place - 1], experts[place - 1]
                place -= 1
            values[place], experts[place] = value, at


@njit(cache=True, error_model="numpy", nogil=True)
def choose_all(ranked: Floats, rule: Rule, experts: Indices) -> None:
    """Choose the experts of every token: ranked [token, expert] -> experts [token, k], best first."""
    worth, values = np.zeros(rule.groups, ranked.dtype), np.zeros(rule.top_k, ranked.dtype)
    is_open = np.ones(rule.groups, np.bool_)
    for token in range(len(ranked)):
        if rule.top_groups < rule.groups:
            _open_groups(ranked[token], rule, worth, is_open)
        _best(ranked[token], rule, is_open, values, experts[token])


@njit(cache=True, error_model="numpy", nogil=True)
def draw_all(weights: Single, domains: Indices, softmax: bool, key: np.uint64, scores: Single) -> None:
    """Draw the affinities of every token: weights [domain, even number of experts] -> scores [token, expert]."""
    small, rest, drawn = np.empty_like(weights[0]), np.empty_like(weights[0]), np.empty_like(weights[0])
    for token in range(len(domains)):
        _exponential(_mix(key + np.uint64(token) * GOLDEN), small, rest, drawn)
        _affinities(weights[domains[token]], drawn, softmax, scores[token])


@njit(cache=True, error_model="numpy", nogil=True)
def route_all(weights: Single, domains: Indices, bias: Single, rule: Rule, key: np.uint64, experts: Indices) -> None:
    """Draw affinities and choose experts of every token, one after the other, so that nothing leaves the cache.

    weights   [domain, even number of experts];  domains   [token];  bias   [expert];  experts   [token, k], filled here
    """
    scores = np.empty((1, weights.shape[1]), np.float32)
    small, rest, drawn = np.empty_like(weights[0]), np.empty_like(weights[0]), np.empty_like(weights[0])
    worth, values = np.zeros(rule.groups, np.float32), np.zeros(rule.top_k, np.float32)
    is_open = np.ones(rule.groups, np.bool_)
    for token in range(len(domains)):
        _exponential(_mix(key + np.uint64(token) * GOLDEN), small, rest, drawn)
        _affinities(weights[domains[token]], drawn, rule.softmax, scores[0])
        for at in range(len(bias)):
            scores[0, at] += bias[at]
        if rule.top_groups < rule.groups:
            _open_groups(scores[0, : len(bias)], rule, worth, is_open)
        _best(scores[0, : len(bias)], rule, is_open, values, experts[token])
