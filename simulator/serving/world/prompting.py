"""Prompts on a rank: pieces of a step, the first token, and whole engines' steps; compiled."""

from __future__ import annotations

import numpy as np

from simulator.serving.world.compiled import njit
from simulator.serving.world.decoding import (
    blocks_of,
    bring_back,
    deliver,
    enrol,
    fits,
    hold,
    join_back,
    kv_after,
    make_room,
    release,
)
from simulator.serving.world.lists import append, take_out
from simulator.serving.world.looking_up import decode_s, prefill_own_s, prefill_s, rest_own_s, rest_s, steps_for
from simulator.serving.world.prefixes import use
from simulator.serving.world.routing import leave, send_kv
from simulator.serving.world.state import BEGUN, COMPUTING, FINISHED, GAVE_UP, LISTS, QUEUE, Desk
from simulator.serving.world.views import block_at_of, lists_of, ranks_of, requests_of, units_of


@njit
def _piece(w: Desk, rank: int, r: int, budget: int) -> int:
    """Take a prompt's next piece into the step as far as the budget goes; returns its tokens."""
    requests, ranks = requests_of(w), ranks_of(w)
    taken = ranks[rank].taken
    n = requests[r].prompt - requests[r].cached - requests[r].done
    if w.chunked:
        n = min(n, budget - taken)
    elif taken > 0 and taken + n > budget:
        n = 0
    if n <= 0:
        return 0
    requests[r].piece = n
    ranks[rank].taken += n
    ranks[rank].earlier += n * (requests[r].cached + requests[r].done + n / 2)
    return int(n)


@njit
def _lasting(w: Desk, r: int) -> int:
    """Blocks that a whole engine must have for a prompt to begin: its own and its first decode step's."""
    requests = requests_of(w)
    todo = requests[r].output - requests[r].made - 1
    requests[r].todo, requests[r].progress = todo, 0
    requests[r].steps = steps_for(w, r, requests[r].made + 1, todo)
    return blocks_of(w, requests[r].prompt + (todo // requests[r].steps if todo > 0 else 0))


@njit
def _gives_up(w: Desk, rank: int, r: int, now_s: float) -> bool:
    """True if a request whose turn it is has waited too long for its first token; then it is gone."""
    requests, ranks, units = requests_of(w), ranks_of(w), units_of(w)
    if not np.isnan(requests[r].first_s) or now_s - requests[r].arrived_s <= w.give_up_s:
        return False
    unit, tokens = requests[r].unit, requests[r].prompt - requests[r].cached
    take_out(w, rank * LISTS + QUEUE, r)
    ranks[rank].to_compute -= tokens
    units[unit].queued_tokens -= tokens
    units[unit].unstarted -= 1
    leave(w, r, now_s, GAVE_UP)
    return True


@njit
def take_prompts(  # noqa: C901
    w: Desk, rank: int, budget: int, now_s: float, admits: bool
) -> int:
    """Fill a rank's step with prompts, those begun first; returns their tokens in it."""
    requests, ranks, units, lists = requests_of(w), ranks_of(w), units_of(w), lists_of(w)
    queue, begun = rank * LISTS + QUEUE, rank * LISTS + BEGUN
    ranks[rank].taken, ranks[rank].earlier = 0, 0.0
    r = lists[begun, 0]
    while r >= 0 and _piece(w, rank, r, budget) > 0:
        r = requests[r].next
    if r >= 0 or not admits or (w.whole and not bring_back(w, rank, now_s)):
        return int(ranks[rank].taken)
    while lists[queue, 0] >= 0:
        r = lists[queue, 0]
        if _gives_up(w, rank, r, now_s):
            continue
        blocks = 0
        if w.whole:
            blocks = _lasting(w, r)
            if not fits(w, rank, blocks):
                break
        if _piece(w, rank, r, budget) == 0:
            break
        take_out(w, queue, r)
        append(w, begun, r)
        units[requests[r].unit].unstarted -= 1
        requests[r].state = COMPUTING
        hold(w, rank, r, blocks)
        if np.isnan(requests[r].started_s):
            requests[r].started_s = now_s
    return int(ranks[rank].taken)


@njit
def prompt_step_s(w: Desk, unit: int, now_s: float) -> float:
    """Make a prefill engine's next step ready; its seconds, or 0 if there is nothing to do."""
    ranks, units = ranks_of(w), units_of(w)
    first, tokens, earlier, own_s = units[unit].first_rank, 0, 0.0, 0.0
    for rank in range(first, first + units[unit].ranks):
        many = take_prompts(w, rank, w.step_tokens, now_s, True)
        if many > 0:
            tokens += many
            earlier += ranks[rank].earlier
            own_s = max(own_s, prefill_own_s(w, float(many), ranks[rank].earlier / many))
    if tokens == 0:
        return 0.0
    mean, key = tokens / units[unit].ranks, earlier / tokens
    return prefill_s(w, mean, key) + max(0.0, own_s - prefill_own_s(w, mean, key))


@njit
def _mixed_own_s(w: Desk, rank: int, many: int, prompts: int) -> float:
    """Seconds of what a rank computes by itself for so many sequences and prompt tokens."""
    ranks = ranks_of(w)
    span_s = rest_own_s(w, float(many + prompts))
    if many > 0:
        span_s += decode_s(w, float(many), ranks[rank].kv / many)
    if prompts > 0:
        span_s += prefill_s(w, float(prompts), ranks[rank].earlier / prompts)
    return span_s


@njit
def whole_step_s(w: Desk, unit: int, now_s: float) -> float:
    """Make a whole engine's next step ready; its seconds, or 0 if there is nothing to do."""
    ranks, units = ranks_of(w), units_of(w)
    first, prompts, tokens, longest_s = units[unit].first_rank, 0, 0, 0.0
    for rank in range(first, first + units[unit].ranks):
        join_back(w, rank, now_s)
        if w.prefill_first:
            prompts += take_prompts(w, rank, w.step_tokens, now_s, True)
        else:
            admits = not make_room(w, rank, now_s)
            take_prompts(w, rank, w.step_tokens - ranks[rank].sequences, now_s, admits)
    for rank in range(first, first + units[unit].ranks):
        if w.prefill_first and prompts == 0:
            make_room(w, rank, now_s)
        many = ranks[rank].sequences if prompts == 0 else 0
        ranks[rank].decodes = many > 0
        if many + ranks[rank].taken > 0:
            tokens += many + ranks[rank].taken
            longest_s = max(longest_s, _mixed_own_s(w, rank, many, ranks[rank].taken))
    if tokens == 0:
        return 0.0
    mean = tokens / units[unit].ranks
    return rest_s(w, mean) - rest_own_s(w, mean) + longest_s


@njit
def _complete(w: Desk, rank: int, r: int, now_s: float) -> None:
    """A prompt is computed: its first token, and on to decoding."""
    requests, ranks, units, block_at = requests_of(w), ranks_of(w), units_of(w), block_at_of(w)
    unit = requests[r].unit
    take_out(w, rank * LISTS + BEGUN, r)
    if w.tiers_long > 0 and w.hit_share < 0:
        use(w, unit, r, block_at[r + 1] - block_at[r])
    requests[r].made += 1
    last = requests[r].made == requests[r].output
    if last or w.whole or not w.token_after_move:
        deliver(w, r, now_s)
    if last or not w.whole:
        release(w, rank, r)
    if last:
        leave(w, r, now_s, FINISHED)
    elif w.whole:
        requests[r].decoded_by = unit
        ranks[rank].bound += 1
        units[unit].bound_for += 1
        ranks[rank].coming_kv += kv_after(w, r, 0)
        enrol(w, rank, r, now_s)
    else:
        send_kv(w, r, now_s)


@njit
def end_prompts(w: Desk, rank: int, now_s: float) -> None:
    """Book the pieces of a step."""
    requests, ranks, units, lists = requests_of(w), ranks_of(w), units_of(w), lists_of(w)
    r = lists[rank * LISTS + BEGUN, 0]
    while r >= 0 and requests[r].piece > 0:
        follower, piece = requests[r].next, requests[r].piece
        requests[r].piece = 0
        requests[r].done += piece
        ranks[rank].to_compute -= piece
        units[requests[r].unit].queued_tokens -= piece
        if requests[r].cached + requests[r].done == requests[r].prompt:
            _complete(w, rank, r, now_s)
        r = follower
    ranks[rank].taken = 0
