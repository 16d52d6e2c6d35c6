"""Small worlds of serving made up for tests: tables, requests, and everything at random from a seed."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from simulator.serving.tables import MixedTable, StepTable
from simulator.serving.world.played import Played
from simulator.serving.world.spec import (
    Admission,
    Aggregated,
    DecodeUnits,
    Disaggregated,
    FixedShare,
    Kv,
    NoCache,
    PrefillUnits,
    PrefixCache,
    Recompute,
    Routing,
    Speculation,
    Swap,
    Tier,
    Transfer,
    WholeUnits,
    Window,
    World,
)
from workloads.requests import Requests, without_prefixes

Random = np.random.Generator


def table(rows: list[float], base_s: float, row_s: float, pair_s: float) -> StepTable:
    """Seconds that grow with rows and with rows x keys; keys from 0 to 64 Ki tokens."""
    along, keys = np.array(rows), np.array([0.0, 100.0, 1000.0, 65536.0])
    seconds = base_s + row_s * along[:, None] + pair_s * along[:, None] * keys
    return StepTable(
        along, keys, seconds, own=0.4 * base_s + 0.7 * row_s * along[:, None] + pair_s * along[:, None] * keys
    )


def prefill_table() -> StepTable:
    """About 30,000 tokens/s a rank."""
    return table([0.0, 256.0, 4096.0, 32768.0], 0.02, 3e-5, 1e-9)


def decode_table() -> StepTable:
    """15 ms and more a step."""
    return table([0.0, 1.0, 16.0, 256.0, 1024.0], 0.015, 1e-4, 1e-8)


def mixed_table() -> MixedTable:
    """Both at once."""
    tokens = np.array([0.0, 64.0, 1024.0, 32768.0])
    core = table([0.0, 32768.0], 1e-3, 1e-6, 1e-9)
    decode, own_s = table([0.0, 1024.0], 1e-3, 1e-6, 1e-8), 0.004 + 0.5e-5 * tokens
    return MixedTable(tokens, 0.012 + 2.5e-5 * tokens, decode, core, own_s)


def requests_of(arrival_s: Any, input_tokens: Any, output_tokens: Any) -> Requests:
    """Requests without common prefixes."""
    return without_prefixes(
        np.asarray(arrival_s, float), np.asarray(input_tokens, np.int64), np.asarray(output_tokens, np.int64)
    )


def random_requests(draw: Random, count: int) -> Requests:
    """Short prompts in bursts, many of which begin alike."""
    arrival_s = np.cumsum(draw.exponential(draw.choice([0.002, 0.02, 0.2]), count))
    inputs = 1 + draw.geometric(1 / 60, count)
    outputs = draw.geometric(1 / draw.choice([2, 20]), count)
    blocks = [
        [int(1000 * family + place) for place in range(int(draw.integers(0, tokens // 16 + 1)))]
        for family, tokens in zip(draw.integers(0, 4, count), inputs, strict=True)
    ]
    at = np.concatenate([[0], np.cumsum([len(one) for one in blocks])]).astype(np.int64)
    ids = np.array([block for one in blocks for block in one], np.int64)
    return Requests(arrival_s - arrival_s[0], inputs, outputs, 16, at, ids)


def random_kv(draw: Random, requests: Requests) -> Kv:
    """Sometimes so tight that sequences are put back."""
    longest = int((requests.input_tokens + requests.output_tokens).max())
    block = int(draw.choice([1, 4, 16]))
    full = Swap(0.001, 1e6, 10.0) if draw.random() < 0.5 else Recompute()
    tokens = (longest // block + 1) * block + int(draw.choice([0, 0, 50, 100_000]))
    return Kv(int(draw.choice([1, 3, 64])), tokens, block, float(draw.choice([0.0, 0.1])), full)


def random_windows(draw: Random, units: int) -> tuple[Window, ...]:
    """Engines that come and go; the first of each kind is always there in the end, or none is."""
    windows = []
    for unit in range(units):
        if draw.random() < 0.5:
            continue
        at_s = 0.0
        for _ in range(int(draw.integers(1, 4))):
            from_s = at_s + float(draw.exponential(0.2))
            at_s = from_s + float(draw.exponential(0.5))
            windows.append(Window(unit, from_s, at_s, "fail" if draw.random() < 0.5 else "drain"))
        if draw.random() < 0.7:
            windows.append(Window(unit, at_s + 0.1, np.inf))
    return tuple(windows)


def random_cache(draw: Random) -> NoCache | FixedShare | PrefixCache:
    """None, a share, or one to three small tiers."""
    kind = draw.integers(0, 3)
    if kind == 0:
        return NoCache()
    if kind == 1:
        return FixedShare(float(draw.choice([0.0, 0.3, 1.0])))
    tiers = (Tier("HBM", int(draw.integers(1, 6))), Tier("host", int(draw.integers(1, 6)), 1e6, 1e-3),
             Tier("disk", int(draw.integers(1, 20)), 1e5, 0.0, shared=bool(draw.integers(0, 2))))  # fmt: skip
    return PrefixCache(tiers[: int(draw.integers(1, 4))], 100.0)


def random_engines(draw: Random, requests: Requests) -> Disaggregated | Aggregated:
    """One to three of each kind, of one to three ranks."""
    kv, chunked = random_kv(draw, requests), bool(draw.integers(0, 2))
    step = int(draw.choice([70, 100, 300]))
    if draw.random() < 0.5:
        first: Literal["decode", "prefill"] = "decode" if draw.random() < 0.5 else "prefill"
        count, ranks = (int(n) for n in draw.integers(1, 4, 2))
        return Aggregated(WholeUnits(count, ranks, step, chunked, kv, mixed_table(), first))
    p, d, m, n = (int(n) for n in draw.integers(1, 4, 4))
    move = Transfer(1e-3, 1e6, float(draw.choice([1.0, 100.0])), bool(draw.integers(0, 2)), bool(draw.integers(0, 2)))
    return Disaggregated(
        PrefillUnits(p, m, step, chunked, prefill_table()), DecodeUnits(d, n, kv, decode_table()), move
    )


def random_world(draw: Random, requests: Requests) -> World:
    """Everything at random."""
    engines = random_engines(draw, requests)
    cache = random_cache(draw)
    to_prompt: Any = draw.choice(
        ["round_robin", "least_loaded", "prefix_aware"][: 3 if isinstance(cache, PrefixCache) else 2]
    )
    to_decode: Any = draw.choice(["round_robin", "least_loaded", "kv_balanced"])
    routing = Routing(
        to_prompt,
        to_decode if isinstance(engines, Disaggregated) else "least_loaded",
        int(draw.choice([0, 50])) if to_prompt == "prefix_aware" else 0,
    )
    admission = Admission(
        int(draw.integers(1, 9)) if draw.random() < 0.5 else None, 0.5 if draw.random() < 0.5 else None
    )
    speculation = Speculation() if draw.random() < 0.6 else Speculation((0.8, 0.5))
    world = World(engines, routing, admission, cache, speculation, (), 0.1)
    return World(
        engines, routing, admission, cache, speculation,
        random_windows(draw, world.units) if draw.random() < 0.6 else (), 0.1,
    )  # fmt: skip


def sojourns_s(played: Played) -> float:
    """Seconds that all requests have spent in the world."""
    return float((played.left_s - played.arrival_s).sum())
