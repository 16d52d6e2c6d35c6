"""From event to event: arrivals, ends of steps, what arrives by wire, windows, looks at the queues; compiled.

At one instant windows come first, then ends of steps by engine, then what arrives by request, then new requests; only
when all of them are done do idle engines begin steps, the first engine first.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np

from simulator.serving.world.compiled import njit
from simulator.serving.world.decoding import come_back, decode_step_s, deliver, end_decode
from simulator.serving.world.failing import cease, edge
from simulator.serving.world.lists import STEP_END, append, look_at, next_to_look_at, pop, push
from simulator.serving.world.prompting import end_prompts, prompt_step_s, whole_step_s
from simulator.serving.world.routing import enter_queue, send_prompt
from simulator.serving.world.sources import stamp_of
from simulator.serving.world.state import (
    FINISHED,
    GROW_EVENTS,
    GROW_SAMPLES,
    LISTS,
    LOADING,
    MORE,
    MOVING,
    OVER,
    QUEUE,
    WAITING,
    Desk,
    Records,
)
from simulator.serving.world.views import edges_of, events_of, ranks_of, requests_of, samples_of, units_of


@njit
def _begin(w: Desk, unit: int, now_s: float) -> None:
    """An idle engine begins a step if there is something to do."""
    units = units_of(w)
    if units[unit].stepping:
        return
    if unit >= w.prompts:
        span_s = decode_step_s(w, unit, now_s)
    elif w.whole:
        span_s = whole_step_s(w, unit, now_s)
    else:
        span_s = prompt_step_s(w, unit, now_s)
    if span_s > 0:
        units[unit].stepping, units[unit].began_s = 1, now_s
        if units[unit].active == 0:
            units[unit].active, units[unit].open_since_s = 1, now_s
        push(w, now_s + span_s, STEP_END, unit, units[unit].generation)
    elif units[unit].open == 0:
        cease(w, unit, now_s)


@njit
def _end(w: Desk, unit: int, now_s: float) -> None:
    """An engine's step is over."""
    ranks, units = ranks_of(w), units_of(w)
    units[unit].stepping = 0
    units[unit].busy_s += now_s - units[unit].began_s
    w.steps_done += 1
    first = units[unit].first_rank
    for rank in range(first, first + units[unit].ranks):
        if ranks[rank].decodes:
            end_decode(w, rank, now_s)
        if ranks[rank].taken > 0:
            end_prompts(w, rank, now_s)
    look_at(w, unit)


@njit
def _arrives(w: Desk, r: int, now_s: float) -> None:
    """A prefix is loaded, a computed prompt's KV has been moved, or a swapped sequence's has come back."""
    requests = requests_of(w)
    state = requests[r].state
    if state == LOADING:
        enter_queue(w, r)
    elif state == MOVING:
        requests[r].moved_s = now_s
        if w.token_after_move:
            deliver(w, r, now_s)
        requests[r].state = WAITING
        append(w, requests[r].rank * LISTS + QUEUE, r)
        look_at(w, requests[r].unit)
    else:
        come_back(w, r)


@njit
def _look(w: Desk, first: int, end: int, row: int, column: int) -> None:
    """Sample engines of one kind: waiting or bound, admitted, blocks used, seconds busy and present so far."""
    ranks, units, samples = ranks_of(w), units_of(w), samples_of(w)
    for unit in range(first, end):
        for rank in range(units[unit].first_rank, units[unit].first_rank + units[unit].ranks):
            samples[row, column + 1] += ranks[rank].admitted
            samples[row, column + 2] += ranks[rank].used
        samples[row, column] += units[unit].unstarted if column == 1 else units[unit].bound_for
        busy_s, open_s = units[unit].busy_s, units[unit].open_s
        if units[unit].stepping:
            busy_s += w.now_s - units[unit].began_s
        if units[unit].active:
            open_s += w.now_s - units[unit].open_since_s
        samples[row, column + 3] += busy_s
        samples[row, column + 4] += open_s


@njit
def _sample(w: Desk) -> None:
    """Look at the queues."""
    samples = samples_of(w)
    row = w.sample_count
    samples[row] = 0.0
    samples[row, 0] = w.now_s
    _look(w, 0, w.prompts, row, 1)
    _look(w, w.prompts, w.prompts + w.decodes, row, 6)
    samples[row, 1] += w.homeless
    samples[row, 6] += w.held
    w.sample_count += 1
    w.next_sample_s += w.sample_s


@njit
def _pass(w: Desk, to_s: float) -> None:
    """Let time pass."""
    w.present_s += w.in_world * (to_s - w.now_s)
    w.now_s = to_s


@njit
def _happens(w: Desk, arrives_s: float) -> None:
    """The earliest of a window's edge, an event of the heap and a new request."""
    requests, units, events, edges = requests_of(w), units_of(w), events_of(w), edges_of(w)
    now_s = w.now_s
    if w.windows_done < w.edges_long and edges[w.windows_done].at_s == now_s:
        at = w.windows_done
        w.windows_done += 1
        edge(w, edges[at].unit, edges[at].what, now_s)
    elif w.events_waiting > 0 and events[0].at_s == now_s:
        kind, number, check = pop(w)
        if kind == STEP_END and units[number].generation == check:
            _end(w, number, now_s)
        elif kind != STEP_END and requests[number].epoch == check and requests[number].state < FINISHED:
            _arrives(w, number, now_s)
    elif arrives_s == now_s:
        r = w.coming
        w.coming += 1
        w.in_world += 1
        send_prompt(w, r, now_s, True)


@njit
def _idle_engines_begin(w: Desk, now_s: float) -> None:
    """Have every engine that something happened to look for work."""
    requests = requests_of(w)
    while w.dirty_count > 0:
        _begin(w, next_to_look_at(w), now_s)
    while w.oldest < w.coming and requests[w.oldest].state >= FINISHED:
        w.oldest += 1


@njit
def _stop(w: Desk) -> int:
    """Why a play cannot go on as it is: it is over, or arrays are too small; else MORE."""
    if w.coming == w.requests_long and w.in_world == 0 and w.dirty_count == 0:
        return OVER
    if w.sample_count == w.samples_long:
        return GROW_SAMPLES
    if w.events_waiting + w.in_world + w.units_long + 2 > w.events_long:
        return GROW_EVENTS
    return MORE


@njit
def _go_on(w: Desk) -> bool:
    """Let the next thing happen; False if nothing ever will."""
    now_s, next_s = w.now_s, np.inf
    arrives_s = requests_of(w)[w.coming].arrived_s if w.coming < w.requests_long else np.inf
    if w.events_waiting > 0:
        next_s = events_of(w)[0].at_s
    if w.windows_done < w.edges_long:
        next_s = min(next_s, edges_of(w)[w.windows_done].at_s)
    next_s = min(next_s, arrives_s)
    if w.dirty_count > 0 and next_s > now_s:
        _idle_engines_begin(w, now_s)
    elif next_s == np.inf:
        return False
    elif w.next_sample_s < next_s:
        _pass(w, w.next_sample_s)
        _sample(w)
    else:
        _pass(w, next_s)
        w.events_done += 1
        _happens(w, arrives_s)
    return True


def _with(stamp: int) -> Callable[[Records, int], int]:
    """The compiled loop; the stamp is part of what numba's cache goes by, which looks at this file only."""

    @numba.njit(cache=True)
    def play_on(desk: Records, events: int) -> int:
        """Play so many events more; returns why it stopped."""
        w = desk[0]
        until = w.events_done + events + 0 * stamp
        while w.events_done < until:
            why = _stop(w)
            if why != MORE:
                return int(why)
            if not _go_on(w):
                return OVER
        return MORE

    return play_on


advance: Callable[[Records, int], int] = _with(stamp_of(__file__))
