"""Linked lists of requests and the heap of events, compiled."""

from __future__ import annotations

import numpy as np

from simulator.serving.world.compiled import njit
from simulator.serving.world.state import Desk
from simulator.serving.world.views import View, dirty_of, events_of, lists_of, requests_of, units_of

STEP_END, ARRIVE_AT = 0, 1
"""Kinds of events of the heap, in the order in which they happen at one instant; the code is kind << 40 | number."""
KIND_BITS = 40


@njit
def append(w: Desk, which: int, r: int) -> None:
    """Put a request at the end of a list."""
    requests, lists = requests_of(w), lists_of(w)
    tail = lists[which, 1]
    requests[r].previous, requests[r].next = tail, -1
    if tail < 0:
        lists[which, 0] = r
    else:
        requests[tail].next = r
    lists[which, 1] = r


@njit
def prepend(w: Desk, which: int, r: int) -> None:
    """Put a request at the front of a list."""
    requests, lists = requests_of(w), lists_of(w)
    head = lists[which, 0]
    requests[r].previous, requests[r].next = -1, head
    if head < 0:
        lists[which, 1] = r
    else:
        requests[head].previous = r
    lists[which, 0] = r


@njit
def take_out(w: Desk, which: int, r: int) -> None:
    """Take a request out of the list in which it is."""
    requests, lists = requests_of(w), lists_of(w)
    before, after = requests[r].previous, requests[r].next
    if before < 0:
        lists[which, 0] = after
    else:
        requests[before].next = after
    if after < 0:
        lists[which, 1] = before
    else:
        requests[after].previous = before
    requests[r].previous, requests[r].next = -1, -1


@njit
def _before(events: View, a: int, b: int) -> bool:
    """True if one event comes before another."""
    return bool(
        events[a].at_s < events[b].at_s or (events[a].at_s == events[b].at_s and events[a].code < events[b].code)
    )


@njit
def _copy(events: View, a: int, at_s: float, code: int, check: int) -> None:
    """Write an event on a place of the heap."""
    events[a].at_s, events[a].code, events[a].check = at_s, code, check


@njit
def _exchange(events: View, a: int, b: int) -> None:
    """Exchange two places of the heap."""
    at_s, code, check = events[a].at_s, events[a].code, events[a].check
    _copy(events, a, events[b].at_s, events[b].code, events[b].check)
    _copy(events, b, at_s, code, check)


@njit
def push(w: Desk, at_s: float, kind: int, number: int, check: int) -> None:
    """Note an event; it counts only if `check` is still its subject's when its time comes."""
    events, at = events_of(w), w.events_waiting
    _copy(events, at, at_s, int((np.int64(kind) << KIND_BITS) | np.int64(number)), check)
    w.events_waiting += 1
    while at > 0 and _before(events, at, (at - 1) // 2):
        _exchange(events, at, (at - 1) // 2)
        at = (at - 1) // 2


@njit
def pop(w: Desk) -> tuple[int, int, int]:
    """Take the earliest event; returns its kind, number and check."""
    events = events_of(w)
    code, check = events[0].code, events[0].check
    w.events_waiting -= 1
    size, at = w.events_waiting, 0
    _copy(events, 0, events[size].at_s, events[size].code, events[size].check)
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and _before(events, child + 1, child):
            child += 1
        if not _before(events, child, at):
            break
        _exchange(events, at, child)
        at = child
    return code >> KIND_BITS, code & ((np.int64(1) << KIND_BITS) - 1), check


@njit
def look_at(w: Desk, unit: int) -> None:
    """Have an engine looked at before time goes on: it may be able to begin a step."""
    units, dirty = units_of(w), dirty_of(w)
    if units[unit].dirty == 0:
        units[unit].dirty = 1
        dirty[w.dirty_count] = unit
        w.dirty_count += 1


@njit
def next_to_look_at(w: Desk) -> int:
    """The first of the engines to be looked at, which then is none of them any more."""
    units, dirty = units_of(w), dirty_of(w)
    many = w.dirty_count
    least = 0
    for i in range(1, many):
        if dirty[i] < dirty[least]:
            least = i
    unit = dirty[least]
    dirty[least] = dirty[many - 1]
    w.dirty_count -= 1
    units[unit].dirty = 0
    return int(unit)
