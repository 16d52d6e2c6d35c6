"""Tables of steps must reach as far as a play may ask; beyond their points nobody knows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.refusal import Refused
from simulator.serving.tables import StepTable
from simulator.serving.world.setting import step_tables
from simulator.serving.world.spec import WholeUnits, World
from simulator.serving.world.state import Floats
from workloads.requests import Requests

Range = tuple[float, float]


def check_tables(requests: Requests, world: World) -> None:
    """Raise Refused for a table that is none, or that ends before what may be asked of it."""
    prefill, decode, rest = step_tables(world)
    for name, points, asked in _asked(requests, world, prefill, decode, rest.tokens):
        _check_points(name, points, asked)
    for name, table in (("prefill", prefill), ("decode", decode)):
        if table.seconds.shape != (len(table.rows), len(table.keys)):
            raise Refused(f"{name} table: seconds are {table.seconds.shape}, rows and keys {len(table.rows)} and "
                          f"{len(table.keys)}")  # fmt: skip
        _check_seconds(f"{name} table", table.seconds, zero=len(rest.seconds) > 0)
    for what, seconds in (("rest_s", rest.seconds), ("own_rest_s", rest.own_s)):
        if len(seconds) != len(rest.tokens):
            raise Refused(f"mixed table: {len(rest.tokens)} tokens, but {len(seconds)} {what}")
        _check_seconds(f"mixed table's {what}", seconds, zero=False)


def _asked(
    requests: Requests, world: World, prefill: StepTable, decode: StepTable, rest_tokens: Floats
) -> Iterator[tuple[str, Floats, Range]]:
    """Each axis of each table with the least and most that a play may look up on it."""
    prompt, most = world.prompt_units, world.decode_units.kv.most_sequences
    longest = int((requests.input_tokens + requests.output_tokens).max()) - 1
    tokens = prompt.step_tokens if prompt.chunked else max(prompt.step_tokens, longest)
    yield "prefill table's rows (new tokens)", prefill.rows, (1, tokens)
    yield "prefill table's keys (earlier tokens)", prefill.keys, (0.5, longest)
    yield "decode table's rows (sequences)", decode.rows, (1, most)
    least = int(requests.input_tokens.min())
    yield "decode table's keys (KV tokens)", decode.keys, (least, longest)
    if isinstance(prompt, WholeUnits):
        together = tokens if prompt.chunked else tokens + most
        yield "mixed table's tokens", rest_tokens, (1, max(together, most))


def _check_points(name: str, points: Floats, asked: Range) -> None:
    """Points ascend and reach from the least to the most that is asked."""
    if points.ndim != 1 or len(points) == 0 or not np.isfinite(points).all() or (np.diff(points) <= 0).any():
        raise Refused(f"{name} must be finite and ascend; they are {points.tolist()}")
    if points[0] > asked[0] or points[-1] < asked[1]:
        raise Refused(
            f"{name} reach from {points[0]:g} to {points[-1]:g}; with these requests and engines they must reach from "
            f"{asked[0]:g} to {asked[1]:g}"
        )


def _check_seconds(name: str, seconds: Floats, zero: bool) -> None:
    """A step takes time."""
    if not np.isfinite(seconds).all() or (seconds < 0).any() or (not zero and (seconds == 0).any()):
        raise Refused(f"{name} must hold finite seconds {'of 0 or more' if zero else 'above 0'}")
