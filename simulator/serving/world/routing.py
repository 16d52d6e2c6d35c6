"""How a prompt finds an engine, and a computed prompt's KV another, compiled."""

from __future__ import annotations

import numpy as np

from simulator.serving.world.compiled import njit
from simulator.serving.world.lists import ARRIVE_AT, append, look_at, push
from simulator.serving.world.prefixes import found, loaded_at, use
from simulator.serving.world.state import (
    HELD,
    HOMELESS,
    KV_BALANCED,
    LEAST_LOADED,
    LISTS,
    LOADING,
    MOVING,
    PREFIX_AWARE,
    QUEUE,
    QUEUED,
    ROUND_ROBIN,
    TURNED_AWAY,
    Desk,
)
from simulator.serving.world.views import ranks_of, requests_of, units_of


@njit
def leave(w: Desk, r: int, now_s: float, how: int) -> None:
    """A request leaves the world."""
    requests = requests_of(w)
    requests[r].state, requests[r].left_s = how, now_s
    requests[r].unit, requests[r].rank = -1, -1
    w.in_world -= 1
    w.done_count += 1


@njit
def _next_open(w: Desk, first: int, many: int, turn: int) -> int:
    """The next engine in turn that takes work, or -1."""
    units = units_of(w)
    for i in range(many):
        unit = first + (turn + i) % many
        if units[unit].open:
            return unit
    return -1


@njit
def _prompt_load(w: Desk, unit: int) -> int:
    """Prompt tokens to compute, and sequences."""
    units = units_of(w)
    return int(units[unit].queued_tokens + units[unit].bound_for)


@njit
def _prompt_engine(w: Desk, r: int) -> int:
    """The engine for a prompt, or -1 while none takes work."""
    units = units_of(w)
    if w.prompt_routing == ROUND_ROBIN:
        unit = _next_open(w, 0, w.prompts, w.turn_prompt)
        w.turn_prompt = unit + 1 if unit >= 0 else w.turn_prompt
        return unit
    least, best, most = -1, -1, -1
    for unit in range(w.prompts):
        if units[unit].open == 0:
            continue
        if least < 0 or _prompt_load(w, unit) < _prompt_load(w, least):
            least = unit
        if w.prompt_routing == PREFIX_AWARE and w.tiers_long > 0:
            hit = found(w, unit, r)
            if hit > most or (hit == most and _prompt_load(w, unit) < _prompt_load(w, best)):
                best, most = unit, hit
    if best >= 0 and _prompt_load(w, best) <= _prompt_load(w, least) + w.extra_tokens:
        return best
    return least


@njit
def _prompt_rank(w: Desk, unit: int) -> int:
    """The rank of an engine with least to compute."""
    ranks, units = ranks_of(w), units_of(w)
    first = units[unit].first_rank
    best, least = first, np.int64(-1)
    for rank in range(first, first + units[unit].ranks):
        load = ranks[rank].to_compute + ranks[rank].bound
        if least < 0 or load < least:
            best, least = rank, load
    return int(best)


@njit
def send_prompt(w: Desk, r: int, now_s: float, comes: bool) -> None:
    """Find an engine for a prompt, with all tokens generated so far, and look up what is cached of it."""
    requests, ranks, units = requests_of(w), ranks_of(w), units_of(w)
    unit = _prompt_engine(w, r)
    if unit < 0:
        requests[r].state, requests[r].unit, requests[r].rank = HOMELESS, -1, -1
        append(w, w.ranks_long * LISTS, r)
        w.homeless += 1
        return
    if comes and units[unit].unstarted >= w.most_waiting:
        leave(w, r, now_s, TURNED_AWAY)
        return
    prompt, ready_s = requests[r].input + requests[r].made, now_s
    requests[r].prompt, requests[r].done, requests[r].cached = prompt, 0, 0
    requests[r].prefilled_by, requests[r].unit = unit, unit
    if w.hit_share >= 0:
        requests[r].cached = min(int(w.hit_share * prompt), prompt - 1)
    elif w.tiers_long > 0:
        blocks = found(w, unit, r)
        requests[r].cached = min(blocks * w.prefix_tokens, requests[r].input, prompt - 1)
        ready_s = loaded_at(w, unit, r, now_s)
        use(w, unit, r, blocks)
    if requests[r].made == 0:
        requests[r].hit = requests[r].cached
    rank = _prompt_rank(w, unit)
    requests[r].rank, requests[r].sender = rank, rank
    ranks[rank].to_compute += prompt - requests[r].cached
    units[unit].queued_tokens += prompt - requests[r].cached
    units[unit].unstarted += 1
    if ready_s > now_s:
        requests[r].state = LOADING
        push(w, ready_s, ARRIVE_AT, r, requests[r].epoch)
    else:
        enter_queue(w, r)


@njit
def enter_queue(w: Desk, r: int) -> None:
    """A prompt joins the queue of its rank."""
    requests = requests_of(w)
    requests[r].state = QUEUED
    append(w, requests[r].rank * LISTS + QUEUE, r)
    look_at(w, requests[r].unit)


@njit
def _decode_load(w: Desk, rank: int) -> float:
    """What a decode rank has: sequences, or KV tokens, those on their way among them."""
    ranks = ranks_of(w)
    if w.decode_routing == KV_BALANCED:
        return float(ranks[rank].kv + ranks[rank].coming_kv)
    return float(ranks[rank].bound)


@njit
def _decode_engine(w: Desk) -> int:
    """The engine for a computed prompt, or -1 while none takes work."""
    units = units_of(w)
    if w.decode_routing == ROUND_ROBIN:
        unit = _next_open(w, w.prompts, w.decodes, w.turn_decode)
        w.turn_decode = unit + 1 - w.prompts if unit >= 0 else w.turn_decode
        return unit
    best, least = -1, np.inf
    for unit in range(w.prompts, w.prompts + w.decodes):
        if units[unit].open == 0:
            continue
        load = 0.0
        if w.decode_routing == LEAST_LOADED:
            load = float(units[unit].bound_for)
        else:
            for rank in range(units[unit].first_rank, units[unit].first_rank + units[unit].ranks):
                load += _decode_load(w, rank)
        if load < least:
            best, least = unit, load
    return best


@njit
def send_kv(w: Desk, r: int, now_s: float) -> bool:
    """Send a computed prompt's KV to a decode engine; False if none takes work: then it is held."""
    requests, ranks, units = requests_of(w), ranks_of(w), units_of(w)
    unit = _decode_engine(w)
    if unit < 0:
        requests[r].state, requests[r].unit, requests[r].rank = HELD, -1, -1
        append(w, w.ranks_long * LISTS + 1, r)
        w.held += 1
        return False
    first = units[unit].first_rank
    rank, least = first, np.inf
    for one in range(first, first + units[unit].ranks):
        load = _decode_load(w, one)
        if load < least:
            rank, least = one, load
    tokens, sender = requests[r].prompt, requests[r].sender
    begin_s = max(now_s, ranks[sender].send_free_s)
    if w.receiving_port:
        begin_s = max(begin_s, ranks[rank].receive_free_s)
    end_s = begin_s + w.move_latency_s + tokens * w.move_token_s
    ranks[sender].send_free_s, ranks[rank].receive_free_s = end_s, end_s
    requests[r].unit, requests[r].rank, requests[r].decoded_by, requests[r].state = unit, rank, unit, MOVING
    requests[r].steps, requests[r].progress = 0, 0
    ranks[rank].bound += 1
    units[unit].bound_for += 1
    ranks[rank].coming_kv += tokens
    push(w, end_s, ARRIVE_AT, r, requests[r].epoch)
    return True
