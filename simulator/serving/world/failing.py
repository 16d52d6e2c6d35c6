"""Engines that begin and cease to take work, and what is lost with one, compiled."""

from __future__ import annotations

from simulator.serving.world.compiled import njit
from simulator.serving.world.decoding import steps_done
from simulator.serving.world.lists import look_at, take_out
from simulator.serving.world.prefixes import forget
from simulator.serving.world.routing import send_kv, send_prompt
from simulator.serving.world.state import (
    BACK,
    FAILS,
    FINISHED,
    HELD,
    LISTS,
    LOST,
    MOVING,
    OPENS,
    RETURNING,
    RUNNING,
    SWAPPED,
    Desk,
)
from simulator.serving.world.views import lists_of, ranks_of, requests_of, ring_of, units_of


@njit
def _lose(w: Desk, r: int) -> None:
    """A request's KV is gone: it keeps the tokens that have reached the user."""
    requests, ranks = requests_of(w), ranks_of(w)
    state = requests[r].state
    if state in (RUNNING, SWAPPED, RETURNING, BACK):
        steps = requests[r].progress
        if state == RUNNING:
            steps = steps_done(w, r)
            if not requests[r].fresh:
                requests[r].last_s = ranks[requests[r].rank].stepped_at_s
        requests[r].made += requests[r].todo * steps // requests[r].steps
    elif w.token_after_move and state in (HELD, MOVING):
        requests[r].made -= 1
    requests[r].state = LOST
    requests[r].epoch += 1
    requests[r].blocks, requests[r].fresh, requests[r].piece = 0, 0, 0


@njit
def _detach(w: Desk, r: int) -> None:
    """Take a request whose prefill engine failed out of where its KV was going."""
    requests, ranks, units = requests_of(w), ranks_of(w), units_of(w)
    if requests[r].state == HELD:
        take_out(w, w.ranks_long * LISTS + 1, r)
        w.held -= 1
    else:
        rank = requests[r].rank
        ranks[rank].bound -= 1
        units[requests[r].unit].bound_for -= 1
        ranks[rank].coming_kv -= requests[r].prompt


@njit
def _clear(w: Desk, unit: int) -> None:
    """Empty an engine."""
    ranks, units, lists, ring = ranks_of(w), units_of(w), lists_of(w), ring_of(w)
    first, end = units[unit].first_rank, units[unit].first_rank + units[unit].ranks
    for rank in range(first, end):
        one = ranks[rank]
        one.kv, one.growth, one.send_free_s, one.receive_free_s = 0.0, 0.0, 0.0, 0.0
        one.sequences, one.admitted, one.used, one.to_compute, one.coming_kv, one.bound = 0, 0, 0, 0, 0, 0
        one.taken, one.decodes, one.fresh_head, one.fresh_count = 0, 0, -1, 0
    ring[first:end] = -1
    lists[first * LISTS : end * LISTS] = -1
    units[unit].queued_tokens, units[unit].unstarted, units[unit].bound_for = 0, 0, 0


@njit
def cease(w: Desk, unit: int, now_s: float) -> None:
    """An engine that takes no work and has none counts as present no more."""
    units = units_of(w)
    if units[unit].active:
        units[unit].open_s += now_s - units[unit].open_since_s
        units[unit].active = 0


@njit
def _fail(w: Desk, unit: int, now_s: float) -> None:
    """Lose what is in an engine or on its way out of it, and start it again elsewhere, first come, first served."""
    requests, units = requests_of(w), units_of(w)
    units[unit].generation += 1
    if units[unit].stepping:
        units[unit].busy_s += now_s - units[unit].began_s
        units[unit].stepping = 0
    for r in range(w.oldest, w.coming):
        if requests[r].state >= FINISHED:
            continue
        leaving = requests[r].state in (MOVING, HELD) and requests[r].prefilled_by == unit
        if leaving and requests[r].unit != unit:
            _detach(w, r)
        if leaving or requests[r].unit == unit:
            _lose(w, r)
    _clear(w, unit)
    cease(w, unit, now_s)
    for r in range(w.oldest, w.coming):
        if requests[r].state == LOST:
            send_prompt(w, r, now_s, False)


@njit
def _open(w: Desk, unit: int, now_s: float) -> None:
    """An engine takes work from now on, its own stores empty; those that waited for one go on."""
    units, lists = units_of(w), lists_of(w)
    units[unit].open = 1
    if units[unit].active == 0:
        units[unit].active, units[unit].open_since_s = 1, now_s
    if unit < w.prompts:
        forget(w, unit)
    waiting = w.ranks_long * LISTS
    while unit < w.prompts and lists[waiting, 0] >= 0:
        r = lists[waiting, 0]
        take_out(w, waiting, r)
        w.homeless -= 1
        send_prompt(w, r, now_s, False)
    while unit >= w.prompts and lists[waiting + 1, 0] >= 0:
        r = lists[waiting + 1, 0]
        take_out(w, waiting + 1, r)
        w.held -= 1
        send_kv(w, r, now_s)
    look_at(w, unit)


@njit
def edge(w: Desk, unit: int, what: int, now_s: float) -> None:
    """A window of an engine begins or ends."""
    units = units_of(w)
    if what == OPENS:
        _open(w, unit, now_s)
        return
    units[unit].open = 0
    if what == FAILS:
        _fail(w, unit, now_s)
    look_at(w, unit)
