"""Plays requests through a world of engines: `play`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simulator.refusal import Refused
from simulator.serving.world import state as at
from simulator.serving.world.door import check
from simulator.serving.world.gaps import GapSlices
from simulator.serving.world.played import Played, Queues
from simulator.serving.world.setting import Setting, setting
from simulator.serving.world.spec import Disaggregated, World
from simulator.serving.world.state import Floats
from workloads.requests import Requests

Tell = Callable[[str, int, int], None]
SLICE = 100_000
"""Events between two words to the one who waits, and between two chances to interrupt: some hundredths of a second."""


def untold(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def play(requests: Requests, world: World, seed: int = 0, tell: Tell = untold) -> Played:
    """Play all requests to their end.

    seed      of the tokens that speculation yields
    tell      is told ("requests", those that have left the world, all), some ten times a second
    Raises Refused for a world that makes no sense, and if a table or a KV cache is too small for one of the requests:
    leave such requests out, or say that they are turned away, before.
    """
    check(requests, world)
    if not 0 <= seed < 2**63:
        raise Refused(f"the seed is {seed}; it must be from 0 to below 2^63")
    on = setting(requests, world, seed)
    looks = drive(on, tell)
    _strand(on)
    return _played(on, requests, world, looks)


def drive(on: Setting, tell: Tell = untold) -> Floats:
    """Play until nothing more happens; returns all looks at the queues: [look, column]."""
    from simulator.serving.world.loop import advance

    looks, total = [], len(on.tables["requests"])
    tell("requests", 0, total)
    while (why := advance(on.desk, SLICE)) != at.OVER:
        if why == at.GROW_EVENTS:
            events = on.tables["events"]
            on.put("events", np.concatenate([events, np.zeros_like(events)]))
        elif why == at.GROW_SAMPLES:
            looks.append(on.tables["samples"].copy())
            on.desk["sample_count"] = 0
        tell("requests", int(on.number("done_count")), total)
    looks.append(on.tables["samples"][: int(on.number("sample_count"))].copy())
    tell("requests", total, total)
    return np.concatenate(looks)


def _strand(on: Setting) -> None:
    """What still waits for an engine when nothing more will happen is stranded; all else would be an error of ours."""
    table, units, now_s = on.tables["requests"], on.tables["units"], on.number("now_s")
    left = np.flatnonzero(table["state"] < at.FINISHED)
    odd = left[~np.isin(table["state"][left], (at.HOMELESS, at.HELD))]
    if len(odd):
        raise RuntimeError(f"the play ended with {len(odd)} requests under way, the first of them request {odd[0]}")
    table["state"][left], table["left_s"][left] = at.STRANDED, now_s
    units["open_s"] += units["active"] * (now_s - units["open_since_s"])


def _queues(looks: Floats, column: int, blocks: int, decodes: bool) -> Queues:
    """Looks at one kind of engines; `blocks` of KV that all of them have, 0 without."""
    waiting, admitted, used, busy_s, open_s = looks[:, column : column + 5].T
    busy_s, open_s = np.diff(busy_s, prepend=0.0), np.diff(open_s, prepend=0.0)
    span_s = np.diff(looks[:, 0], prepend=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Queues(
            waiting=(waiting - admitted if decodes else waiting).astype(np.int64),
            running=admitted.astype(np.int64),
            kv_share=used / blocks if blocks else np.full(len(used), np.nan),
            busy_share=busy_s / open_s,
            present=np.where(span_s > 0, open_s / span_s, np.nan),
        )


def _all_queues(looks: Floats, world: World) -> dict[str, Queues]:
    """Looks by kind of engine."""
    decode = world.decode_units
    blocks = decode.count * decode.ranks * (decode.kv.tokens // decode.kv.block_tokens)
    if isinstance(world.engines, Disaggregated):
        return {"prefill": _queues(looks, 1, 0, False), "decode": _queues(looks, 6, blocks, True)}
    return {"whole": _queues(looks, 1, blocks, False)}


def _played(on: Setting, requests: Requests, world: World, looks: Floats) -> Played:
    """The tables of a play that is over, by name."""
    table, units = on.tables["requests"], on.tables["units"]
    bins_s: Floats = np.float64(at.LOWEST_GAP_S) * at.GAP_RATIO ** np.arange(at.GAP_BINS)
    slices_s = np.linspace(requests.arrival_s[0], requests.arrival_s[-1], at.GAP_SLICES + 1)
    return Played(
        arrival_s=requests.arrival_s,
        input_tokens=requests.input_tokens,
        output_tokens=requests.output_tokens,
        prefill_start_s=table["started_s"].copy(),
        first_token_s=table["first_s"].copy(),
        transfer_end_s=table["moved_s"].copy(),
        decode_start_s=table["decoding_s"].copy(),
        finish_s=np.where(table["state"] == at.FINISHED, table["left_s"], np.nan),
        left_s=table["left_s"].copy(),
        end=table["state"].copy(),
        prefill_unit=table["prefilled_by"].copy(),
        decode_unit=table["decoded_by"].copy(),
        cached_tokens=table["hit"].copy(),
        preemptions=table["preempted"].copy(),
        gap_slices=GapSlices(slices_s, bins_s, on.tables["gaps"], on.tables["gap_sums"]),
        sample_at_s=looks[:, 0].copy(),
        queues=_all_queues(looks, world),
        busy_s=units["busy_s"].copy(),
        present_s=units["open_s"].copy(),
        present_requests_s=on.number("present_s"),
        end_s=on.number("now_s"),
        steps=int(on.number("steps_done")),
        events=int(on.number("events_done")),
    )
