"""Max-min fair rates, and the play over completions, compiled.

Progressive filling (Bertsekas and Gallager, Data Networks, 1992, section 6.5.2): all open flows rise together until a
link is full; its flows settle at that level; the others rise on. The level at which a link would be full only grows
while flows settle below it, so it is worked out again when the link's turn comes. All of this is one file because numba
does not notice when a compiled function that another file's function calls has changed.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulator.flows.paths import Desk, Indices, Net, Play
from topologies.fabric import Floats

SETTLED, OPEN, GRANTED, GONE = 0, 1, 2, 3
NONE_LEFT = 1e-9
"""Sum of shares below which a link has no open flow."""
SAME = 1e-12
"""Relative difference below which two levels or two instants are one."""
SAMPLE = 4096
"""Flows that are looked at to choose a window."""
MARGIN = 1.5
"""How much more than its portion of the rates may end in a window before it is made shorter."""
FEW = 4.0
"""Completions a window below which rates are solved at its start instead of carried over from the window before."""
Places = NDArray[np.int64]


@njit(cache=True, fastmath={"nnan"})
def _least(values: Floats) -> float:
    """Smallest of some values without NaN."""
    least = np.inf
    for value in values:
        least = min(least, value)
    return least


@njit(cache=True)
def _sink(key: Floats, item: Indices, size: int, at: int) -> None:
    """Restore a binary heap whose entry at one place may be too large for it."""
    value, what = key[at], item[at]
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and key[child + 1] < key[child]:
            child += 1
        if key[child] >= value:
            break
        key[at], item[at] = key[child], item[child]
        at = child
    key[at], item[at] = value, what


@njit(cache=True)
def _bin(level: float, lowest: float, bins: int) -> int:
    """Bin of a level, from 0 for the lowest; `bins`, whose turn never comes, for an infinite one."""
    if level == np.inf:
        return bins
    return min(bins - 1, int(bins * (1.0 - lowest / level))) if level > lowest else 0


@njit(cache=True)
def _file(level: float, lowest: float, what: int, first: Places, after: Places) -> None:
    """Put something into the bin of its level: bins are lists, by first [bin + 1] and after [what]."""
    at = _bin(level, lowest, len(first) - 1)
    after[what] = first[at]
    first[at] = what


@njit(cache=True)
def _add(net: Net, flow: int, amount: float, total: Floats) -> None:
    """Add a flow's amount to each of its links, by its shares."""
    for entry in range(net.start[flow], net.start[flow + np.uint32(1)]):
        total[net.link[entry]] += amount * net.share[entry] if len(net.share) else amount


@njit(cache=True)
def _level(room: Floats, link: int) -> float:
    """Level at which a link will be full if no more flows settle before; infinite where none is open."""
    return max(room[link, 0], 0.0) / room[link, 1] if room[link, 1] > NONE_LEFT else np.inf


@njit(cache=True)
def _settle(net: Net, play: Play, link: int, level: float, desk: Desk) -> int:  # noqa: C901
    """Settle all open flows of a full link.

    What the flows need from memory is read in passes over them, each read independent of the one before: that halves
    the time of a million flows. The value returned keeps the compiler from leaving the reading pass out.
    """
    start, link_of, share, room = net.start, net.link, net.share, desk.room
    first, last = desk.hold[0], desk.hold[1]
    kept, count, seen = net.begin[link], 0, 0
    for place in range(net.begin[link], net.end[link]):
        flow = net.on_link[place]
        state = play.state[flow]
        net.on_link[kept] = flow
        kept += np.uint32(state != GONE)
        first[count] = flow
        count += state == OPEN
    net.end[link] = kept
    for i in range(count):
        flow = first[i]
        play.state[flow], play.rate[flow] = SETTLED, level
        first[i], last[i] = start[flow], start[flow + np.uint32(1)]
    for i in range(count):
        seen += link_of[first[i]]
    if len(share):
        for i in range(count):
            for entry in range(first[i], last[i]):
                room[link_of[entry], 0] -= level * share[entry]
                room[link_of[entry], 1] -= share[entry]
    else:
        for i in range(count):
            for entry in range(first[i], last[i]):
                one = link_of[entry]
                room[one, 0] -= level
                room[one, 1] -= 1.0
    room[link, 1] = 0.0
    return seen


@njit(cache=True)
def fill(net: Net, play: Play, touched: Indices, lane: int, desk: Desk) -> None:  # noqa: C901
    """Settle every open flow at its max-min fair level: `play.rate`.

    Links wait in bins by level, in equal steps of 1 - lowest/level; the bin whose turn it is becomes a heap.

    touched   [any] links that open flows take, each once
    """
    room = desk.room
    many = len(touched)
    key, item = np.empty(many), np.empty(many, np.uint32)
    first, after = np.full(many + 1, -1, np.int64), np.empty(many, np.int64)
    lowest = np.inf
    for at in range(many):
        key[at] = _level(room, touched[at])
        lowest = min(lowest, key[at]) if key[at] > 0 else lowest
    for at in range(many):
        _file(key[at], lowest, at, first, after)
    for turn in range(many):
        size, at = 0, first[turn]
        while at >= 0:
            follower, level = after[at], _level(room, touched[at])
            if _bin(level, lowest, many) > turn:
                _file(level, lowest, at, first, after)
            else:
                key[size], item[size] = level, at
                size += 1
            at = follower
        for at in range(size // 2 - 1, -1, -1):
            _sink(key, item, size, at)
        while size > 0:
            link = touched[item[0]]
            level = _level(room, link)
            if level > key[0] * (1 + SAME):
                if _bin(level, lowest, many) <= turn:
                    key[0] = level
                    _sink(key, item, size, 0)
                    continue
                _file(level, lowest, item[0], first, after)
            else:
                desk.full_at[lane, link] = level
                _settle(net, play, link, level, desk)
            size -= 1
            key[0], item[0] = key[size], item[size]
            _sink(key, item, size, 0)
    for link in touched:
        room[link, 1] = 0.0


@njit(cache=True)
def desk_for(net: Net, play: Play) -> Desk:
    """What `fill` writes on, with the whole capacity free."""
    links, lanes, most = len(net.begin), np.int64(play.lane.max()) + 1, np.int64(0)
    for link in range(links):
        most = max(most, np.int64(net.end[link] - net.begin[link]))
    room = np.zeros((links, 2))
    room[:, 0] = net.capacity
    return Desk(room, np.empty((lanes, links)), np.empty((2, most + 1), np.uint32))


@njit(cache=True)
def _solve_from(  # noqa: C901, PLR0913, PLR0917
    net: Net, play: Play, live: Indices, due: Floats, since: Floats, now_s: float, lowest: tuple[int, float],
    again: Indices, touched: Indices, desk: Desk,
) -> None:  # fmt: skip
    """Solve anew for the flows whose rate may have changed.

    A flow that leaves was open on its links until its own level, so links that were full at lower levels, and lanes
    before its own, stay as they were: only flows at or above `lowest`, a lane and a rate in it, can change.
    """
    room, (lane, rate) = desk.room, lowest
    many, last = 0, np.int64(lane)
    for at in range(len(live)):
        flow = live[at]
        own = np.int64(play.lane[flow])
        again[many] = at
        many += (own > lane) | ((own == lane) & (play.rate[flow] >= rate * (1 - SAME)))
        last = max(last, own)
    for i in range(many):
        flow = live[again[i]]
        play.todo_bytes[flow] -= play.rate[flow] * (now_s - since[flow])
        since[flow] = now_s
        if last > lane:
            _add(net, flow, play.rate[flow], room[:, 0])
    for one in range(lane, last + 1):
        links = 0
        for i in range(many):
            flow = live[again[i]]
            if play.lane[flow] != one:
                continue
            play.state[flow] = OPEN
            back = play.rate[flow] if last == lane else 0.0
            for entry in range(net.start[flow], net.start[flow + np.uint32(1)]):
                link = net.link[entry]
                share = net.share[entry] if len(net.share) else 1.0
                touched[links] = link
                links += room[link, 1] <= NONE_LEFT
                room[link, 0] += back * share
                room[link, 1] += share
        fill(net, play, touched[:links], one, desk)
    for i in range(many):
        flow = live[again[i]]
        rate = play.rate[flow]
        due[again[i]] = now_s + max(play.todo_bytes[flow], 0.0) / rate if rate > 0 else np.inf


@njit(cache=True)
def _retire(net: Net, play: Play, live: Indices, due: Floats, now_s: float, room: Floats) -> tuple[int, int, float]:
    """Take out the flows that are due; returns how many are left, and the lowest lane and rate of those taken."""
    lane, rate, kept = 255, np.inf, 0
    for at in range(len(live)):
        flow = live[at]
        live[kept], due[kept] = flow, due[at]
        if due[at] > now_s * (1 + SAME):
            kept += 1
            continue
        play.finish_s[flow], play.state[flow], play.todo_bytes[flow] = now_s, GONE, 0.0
        _add(net, flow, play.rate[flow], room[:, 0])
        if play.lane[flow] < lane or (play.lane[flow] == lane and play.rate[flow] < rate):
            lane, rate = play.lane[flow], play.rate[flow]
    return kept, lane, rate


@njit(cache=True)
def play_each(net: Net, play: Play, order: Indices, parts: Indices, until_s: float) -> int:
    """Play completion by completion; returns how often rates were solved.

    order   flows, part by part, in each in order of entering; parts [part + 1] where a part begins: parts share no link
    """
    since, due = np.zeros(len(play.rate)), np.empty(len(order))
    live, again, touched = np.empty_like(order), np.empty_like(order), np.empty(len(net.begin) + 1, np.uint32)
    desk, solves = desk_for(net, play), 0
    for part in range(len(parts) - 1):
        coming, end, count = np.int64(parts[part]), np.int64(parts[part + 1]), 0
        while True:
            enter_s = play.enter_s[order[coming]] if coming < end else np.inf
            now_s = min(_least(due[:count]), enter_s)
            if now_s >= until_s or now_s == np.inf:
                break
            count, lane, rate = _retire(net, play, live[:count], due, now_s, desk.room)
            while coming < end and play.enter_s[order[coming]] <= now_s * (1 + SAME):
                flow = order[coming]
                play.rate[flow], since[flow], live[count], due[count] = 0.0, now_s, flow, np.inf
                if play.lane[flow] <= lane:
                    lane, rate = play.lane[flow], 0.0
                coming, count = coming + 1, count + 1
            _solve_from(net, play, live[:count], due, since, now_s, (lane, rate), again, touched, desk)
            solves += 1
        for flow in live[:count]:
            if play.rate[flow] > 0:
                play.todo_bytes[flow] = max(0.0, play.todo_bytes[flow] - play.rate[flow] * (until_s - since[flow]))
    return solves


@njit(cache=True)
def share_out(net: Net, play: Play, live: Indices, crowd: Floats, desk: Desk) -> None:
    """Settle all live flows that are not granted, lane after lane; `desk.full_at` is infinite where a link is not full.

    crowd   [lane, link] sum of the shares of those flows
    """
    touched = np.arange(len(net.begin)).astype(np.uint32)
    for lane in range(len(crowd)):
        desk.room[:, 1] = crowd[lane]
        for flow in live:
            if play.lane[flow] == lane and play.state[flow] != GRANTED:
                play.state[flow] = OPEN
        desk.full_at[lane] = np.inf
        fill(net, play, touched, lane, desk)


@njit(cache=True)
def _width_s(play: Play, live: Indices, portion: float) -> float:
    """Seconds in which flows end that have that portion of all present rates, at least one; from a sample of them."""
    size = min(len(live), SAMPLE)
    due, rate = np.empty(size), np.empty(size)
    for i in range(size):
        at = i if size == len(live) else int((i + (i * 0.6180339887) % 1.0) * len(live) / size)
        rate[i] = play.rate[live[at]]
        due[i] = play.todo_bytes[live[at]] / rate[i] if rate[i] > 0 else np.inf
    rank, most, width_s = min(size - 1, int(portion * size)), MARGIN * portion * rate.sum(), np.inf
    while True:
        width_s = float(np.partition(due, rank)[rank])
        if rank == 0 or rate[due <= width_s].sum() <= most:
            break
        rank //= 2
    if width_s == np.inf:
        for flow in live:
            if play.rate[flow] > 0:
                width_s = min(width_s, play.todo_bytes[flow] / play.rate[flow])
    return width_s


@njit(cache=True)
def _end_s(net: Net, play: Play, flow: int, width_s: float, full_at: Floats, fresh: bool) -> float:
    """Seconds into the window at which a granted flow ends, its rate rising linearly through its mean there.

    The mean is that of the flows that stay on its fullest link; where none stays, the rate is taken to be constant.
    """
    begin = play.rate[flow]
    level = np.inf
    for entry in range(net.start[flow], net.start[flow + np.uint32(1)]):
        level = min(level, full_at[play.lane[flow], net.link[entry]])
    mean = level / width_s
    if not begin / 2 < mean < 2 * begin:
        mean = begin
    if not fresh:
        begin = (begin + mean) / 2
    half_way = min(play.todo_bytes[flow] / mean, width_s)
    return float(min(play.todo_bytes[flow] / (begin + (mean - begin) * half_way / width_s), width_s))


@njit(cache=True)
def _close(  # noqa: PLR0913, PLR0917
    net: Net, play: Play, live: Indices, crowd: Floats, now_s: float, width_s: float, full_at: Floats, fresh: bool
) -> int:
    """Book what the window brought each live flow; returns how many stay, which are first in `live` then."""
    kept = 0
    for flow in live:
        if play.state[flow] == GRANTED:
            play.finish_s[flow] = now_s + _end_s(net, play, flow, width_s, full_at, fresh)
            play.state[flow], play.todo_bytes[flow] = GONE, 0.0
        elif play.rate[flow] >= play.todo_bytes[flow]:
            play.finish_s[flow] = now_s + width_s * play.todo_bytes[flow] / play.rate[flow]
            play.state[flow], play.todo_bytes[flow] = GONE, 0.0
            _add(net, flow, -1.0, crowd[play.lane[flow]])
        else:
            play.todo_bytes[flow] -= play.rate[flow]
            play.rate[flow] /= width_s
            live[kept] = flow
            kept += 1
    return kept


@njit(cache=True)
def play_windows(net: Net, play: Play, order: Indices, portion: float, until_s: float) -> int:  # noqa: C901
    """Play window by window, in each of which that portion of the flows ends; returns how often rates were solved.

    In a window of w seconds a link carries capacity x w bytes. Flows that will end in it are granted what they still
    have to send; the others share the rest max-min fairly. So bytes, not rates, are shared, and what ending flows leave
    is used at once: errors stay near what one completion changes.

    order   flows in order of entering
    """
    links, lanes = len(net.begin), np.int64(play.lane.max()) + 1
    crowd, live, desk = np.zeros((lanes, links)), np.empty_like(order), desk_for(net, play)
    coming, count, solves, now_s, fresh = 0, 0, 0, 0.0, False
    while True:
        if count == 0 and coming < len(order):
            now_s = max(now_s, play.enter_s[order[coming]])
        if now_s >= until_s or now_s == np.inf or (count == 0 and coming == len(order)):
            break
        while coming < len(order) and play.enter_s[order[coming]] <= now_s * (1 + SAME):
            live[count], fresh = order[coming], True
            _add(net, order[coming], 1.0, crowd[play.lane[order[coming]]])
            coming, count = coming + 1, count + 1
        width_s = np.inf if fresh or count * portion < FEW else _width_s(play, live[:count], portion)
        fresh = width_s == np.inf
        if fresh:
            desk.room[:, 0] = net.capacity
            share_out(net, play, live[:count], crowd, desk)
            width_s, solves = _width_s(play, live[:count], portion), solves + 1
        enter_s = play.enter_s[order[coming]] if coming < len(order) else np.inf
        width_s = min(width_s, min(enter_s, until_s) - now_s)
        if width_s == np.inf:
            break
        desk.room[:, 0] = net.capacity * width_s
        for flow in live[:count]:
            if play.todo_bytes[flow] <= play.rate[flow] * width_s * (1 + SAME):
                play.state[flow] = GRANTED
                _add(net, flow, -play.todo_bytes[flow], desk.room[:, 0])
                _add(net, flow, -1.0, crowd[play.lane[flow]])
        share_out(net, play, live[:count], crowd, desk)
        count = _close(net, play, live[:count], crowd, now_s, width_s, desk.full_at, fresh)
        now_s, fresh, solves = now_s + width_s, False, solves + 1
    return solves
