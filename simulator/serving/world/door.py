"""What `play` refuses at the door: numbers that mean nothing, options without effect, requests that can never fit."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any, get_args, get_type_hints

import numpy as np

from simulator.refusal import Refused
from simulator.serving.world.coverage import check_tables
from simulator.serving.world.spec import (
    Aggregated,
    PrefixCache,
    WholeUnits,
    Window,
    World,
)
from topologies.problems import meant
from workloads.requests import Requests

AT_LEAST_ONE = {
    "count", "ranks", "step_tokens", "most_sequences", "tokens", "block_tokens", "blocks", "most_waiting"
}  # fmt: skip
NOT_NEGATIVE = {"latency_s", "token_bytes", "extra_tokens", "give_up_s", "from_s"}
POSITIVE = {"bytes_per_s", "sample_s"}
SHARES = {"watermark_share", "hit_share"}
MOST_LOOKS = 10_000_000
"""Looks at the queues in one play, about a gigabyte."""


def check(requests: Requests, world: World) -> None:
    """Raise Refused for the first thing that cannot be played, with what was read and what is allowed."""
    _check_requests(requests)
    _check_numbers(world, "world")
    for share in world.speculation.acceptance:
        if not 0 <= share <= 1:
            raise Refused(f"speculation.acceptance holds {share:g}: a probability is from 0 to 1")
    _check_windows(world)
    _check_options(requests, world)
    _check_room(requests, world)
    check_tables(requests, world)


def _check_requests(requests: Requests) -> None:
    """Requests are at least one, in order, with tokens in and out."""
    columns = (requests.arrival_s, requests.input_tokens, requests.output_tokens, requests.block_at[1:])
    if requests.count == 0 or len({len(column) for column in columns}) > 1:
        raise Refused(f"requests need columns of one length, at least 1; these have {[len(one) for one in columns]}")
    arrival_s = requests.arrival_s
    if not (np.isfinite(arrival_s).all() and arrival_s[0] >= 0 and (np.diff(arrival_s) >= 0).all()):
        raise Refused("requests come in ascending order of finite arrival_s, from 0 on; these do not")
    for name in ("input_tokens", "output_tokens"):
        if int(getattr(requests, name).min()) < 1:
            raise Refused(f"a request has {getattr(requests, name).min()} {name}; it needs at least 1")
    blocks = np.diff(requests.block_at)
    if len(requests.block_ids) != requests.block_at[-1] or (blocks < 0).any():
        raise Refused("requests.block_at does not say where each request's blocks begin and end in block_ids")
    if ((blocks - 1) * requests.block_tokens >= requests.input_tokens).any():
        raise Refused(f"a request has more blocks of {requests.block_tokens} tokens than its prompt has tokens for")


def _check_number(where: str, name: str, value: float) -> None:
    """One number of the world."""
    for names, right, allowed in (
        (AT_LEAST_ONE, value >= 1, "at least 1"),
        (NOT_NEGATIVE, value >= 0 and math.isfinite(value), "0 or more, and finite"),
        (POSITIVE, value > 0, "more than 0"),
        (SHARES, 0 <= value <= 1, "from 0 to 1"),
    ):
        if name in names and not right:
            raise Refused(f"{where} is {value:g}; it must be {allowed}")


def _check_word(where: str, hint: Any, value: str) -> None:
    """One word of the world, which must be one of those that its type lists."""
    words = [str(word) for word in get_args(hint)]
    if words and value not in words:
        raise Refused(f"{where} is {value!r}{meant(value, words)}; it must be one of {', '.join(words)}")


def _check_numbers(part: Any, where: str) -> None:
    """All numbers and words of a part of the world, and of the parts in it."""
    hints = get_type_hints(type(part))
    for field in fields(part):
        value, name = getattr(part, field.name), f"{where}.{field.name}"
        if isinstance(value, str):
            _check_word(name, hints[field.name], value)
        elif isinstance(value, int | float):
            _check_number(name, field.name, value)
        elif is_dataclass(value):
            _check_numbers(value, name)
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            for place, one in enumerate(value):
                _check_numbers(one, f"{name}[{place}]")


def _check_windows(world: World) -> None:
    """Windows are of engines that there are, and follow each other."""
    by_unit: dict[int, list[Window]] = {}
    for window in world.windows:
        if not 0 <= window.unit < world.units:
            raise Refused(f"a window is of unit {window.unit}; there are units 0 to {world.units - 1}")
        if not window.from_s < window.until_s:
            raise Refused(f"a window of unit {window.unit} goes from {window.from_s:g} s to {window.until_s:g} s")
        by_unit.setdefault(window.unit, []).append(window)
    for unit, windows in by_unit.items():
        for before, after in pairwise(sorted(windows, key=lambda one: one.from_s)):
            if after.from_s < before.until_s:
                raise Refused(
                    f"windows of unit {unit} overlap: one lasts until {before.until_s:g} s, the next begins at "
                    f"{after.from_s:g} s"
                )


def _check_options(requests: Requests, world: World) -> None:
    """No option is without effect."""
    looks = requests.arrival_s[-1] / world.sample_s
    if looks > MOST_LOOKS:
        raise Refused(
            f"sample_s is {world.sample_s:g}: {looks:.0f} looks at the queues until the last request comes; "
            f"{MOST_LOOKS} at most are kept, so take {requests.arrival_s[-1] / MOST_LOOKS:g} s or more"
        )
    cache, routing, whole = world.cache, world.routing, world.prompt_units
    if routing.prompt == "prefix_aware" and not isinstance(cache, PrefixCache):
        raise Refused("routing.prompt is prefix_aware, but there is no PrefixCache to look into; take least_loaded")
    if routing.prompt != "prefix_aware" and routing.extra_tokens:
        raise Refused(f"routing.extra_tokens is for prefix_aware; routing.prompt is {routing.prompt}")
    if isinstance(world.engines, Aggregated) and routing.decode != "least_loaded":
        raise Refused(f"routing.decode is {routing.decode}, but whole engines keep their sequences; leave it out")
    if isinstance(cache, PrefixCache) and not cache.tiers:
        raise Refused("a PrefixCache needs at least one tier; without any, say NoCache()")
    if isinstance(cache, PrefixCache) and requests.block_tokens == 0:
        raise Refused("a PrefixCache needs requests with blocks: of these, nothing in common is known (block_tokens 0)")
    if isinstance(whole, WholeUnits) and whole.first == "decode" and whole.step_tokens <= whole.kv.most_sequences:
        raise Refused(
            f"whole engines give each of up to {whole.kv.most_sequences} sequences a token first; with "
            f"{whole.step_tokens} step_tokens, none may be left for prompts, ever. Give them more than that"
        )


def _check_room(requests: Requests, world: World) -> None:
    """Every request fits a rank's KV cache when it is alone there."""
    kv = world.decode_units.kv
    if kv.watermark_share == 1:
        raise Refused("kv.watermark_share is 1: no rank would ever hold two sequences; it must be below 1")
    blocks = kv.tokens // kv.block_tokens
    needs = requests.input_tokens + requests.output_tokens - 1
    over = np.flatnonzero(-(-needs // kv.block_tokens) > blocks)
    if len(over):
        raise Refused(
            f"{len(over)} of {requests.count} requests can never fit: a rank's KV cache holds {blocks} blocks of "
            f"{kv.block_tokens} tokens, and the longest request needs room for {needs.max()} (prompt and output, but "
            f"the last token). Give ranks more KV, or leave these requests out"
        )
