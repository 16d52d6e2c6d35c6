"""Sequences on a rank: joining, growing block by block, being put back, ending; compiled.

A sequence stands in the rank's ring at the step in which something is due of it: its end, or a KV block more. Between
two of its blocks that costs nothing, however many steps there are. A block lasts at most `block_tokens` steps, since
every step yields at least one token: so the ring needs two slots more than that.
"""

from __future__ import annotations

import numpy as np

from simulator.serving.world.compiled import njit
from simulator.serving.world.lists import ARRIVE_AT, append, look_at, prepend, push, take_out
from simulator.serving.world.looking_up import decode_own_s, decode_s, steps_for
from simulator.serving.world.routing import leave, send_prompt
from simulator.serving.world.state import (
    AWAY,
    BACK,
    BACK_LIST,
    BEGUN,
    FINISHED,
    GAP_BINS,
    GAP_RATIO,
    LISTS,
    LOWEST_GAP_S,
    QUEUE,
    QUEUED,
    RETURNING,
    RUN,
    RUNNING,
    SWAPPED,
    Desk,
)
from simulator.serving.world.views import gap_sums_of, gaps_of, lists_of, ranks_of, requests_of, ring_of, units_of


@njit
def gap(w: Desk, span_s: float, tokens: int) -> None:
    """Count tokens that came so long after the one before."""
    gaps, sums = gaps_of(w), gap_sums_of(w)
    at = int(min(max(w.now_s - w.first_arrival_s, 0.0) * w.slices_per_s, w.gaps_long - 1.0))
    place = int(np.log(max(span_s, LOWEST_GAP_S) / LOWEST_GAP_S) / np.log(GAP_RATIO))
    gaps[at, min(place, GAP_BINS - 1)] += tokens
    sums[at, 0] += span_s * tokens
    sums[at, 1] = max(sums[at, 1], span_s)


@njit
def deliver(w: Desk, r: int, now_s: float) -> None:
    """A token that a prefill step made reaches the user."""
    requests = requests_of(w)
    if np.isnan(requests[r].first_s):
        requests[r].first_s = now_s
    else:
        gap(w, now_s - requests[r].last_s, 1)
    requests[r].last_s = now_s


@njit
def kv_after(w: Desk, r: int, steps: int) -> int:
    """KV tokens of a sequence after so many steps: those of all its tokens but the latest."""
    requests = requests_of(w)
    return int(requests[r].input + requests[r].made - 1 + requests[r].todo * steps // requests[r].steps)


@njit
def blocks_of(w: Desk, tokens: int) -> int:
    """Blocks that hold so many tokens."""
    return int((tokens + w.block_tokens - 1) // w.block_tokens)


@njit
def steps_done(w: Desk, r: int) -> int:
    """Steps that a running sequence has done."""
    requests, ranks = requests_of(w), ranks_of(w)
    return int(ranks[requests[r].rank].step - requests[r].base)


@njit
def _ring_in(w: Desk, rank: int, r: int, steps: int) -> None:
    """Put a sequence that has done so many steps where something is due of it next."""
    requests, ring = requests_of(w), ring_of(w)
    todo, needs = requests[r].todo, requests[r].blocks * w.block_tokens - requests[r].input - requests[r].made + 2
    due = (needs * requests[r].steps + todo - 1) // todo
    due = min(requests[r].steps, max(due, steps + 1))
    slot = (requests[r].base + due) % w.ring_wide
    head = ring[rank, slot]
    requests[r].due, requests[r].ring_next, requests[r].ring_previous = due, head, -1
    if head >= 0:
        requests[head].ring_previous = r
    ring[rank, slot] = r


@njit
def _ring_out(w: Desk, rank: int, r: int) -> None:
    """Take a sequence out of the ring."""
    requests, ring = requests_of(w), ring_of(w)
    before, after = requests[r].ring_previous, requests[r].ring_next
    if before < 0:
        ring[rank, (requests[r].base + requests[r].due) % w.ring_wide] = after
    else:
        requests[before].ring_next = after
    if after >= 0:
        requests[after].ring_previous = before


@njit
def _not_fresh(w: Desk, rank: int, r: int) -> None:
    """Take a sequence that leaves before its first step from those that wait for it."""
    requests, ranks = requests_of(w), ranks_of(w)
    at = ranks[rank].fresh_head
    if at == r:
        ranks[rank].fresh_head = requests[r].fresh_next
    else:
        while requests[at].fresh_next != r:
            at = requests[at].fresh_next
        requests[at].fresh_next = requests[r].fresh_next
    requests[r].fresh = 0
    ranks[rank].fresh_count -= 1


@njit
def enrol(w: Desk, rank: int, r: int, now_s: float) -> None:
    """A sequence whose KV is there joins those that get a token in each step."""
    requests, ranks = requests_of(w), ranks_of(w)
    progress = requests[r].progress
    growth = requests[r].todo / requests[r].steps
    requests[r].state, requests[r].base = RUNNING, ranks[rank].step - progress
    ranks[rank].sequences += 1
    ranks[rank].kv += requests[r].input + requests[r].made - 1 + growth * progress
    ranks[rank].growth += growth
    ranks[rank].coming_kv -= kv_after(w, r, progress)
    append(w, rank * LISTS + RUN, r)
    requests[r].fresh, requests[r].fresh_next = 1, ranks[rank].fresh_head
    ranks[rank].fresh_head = r
    ranks[rank].fresh_count += 1
    _ring_in(w, rank, r, progress)
    if np.isnan(requests[r].decoding_s):
        requests[r].decoding_s = now_s


@njit
def _withdraw(w: Desk, rank: int, r: int) -> None:
    """A sequence decodes no more."""
    requests, ranks = requests_of(w), ranks_of(w)
    steps = steps_done(w, r)
    growth = requests[r].todo / requests[r].steps
    ranks[rank].sequences -= 1
    ranks[rank].kv -= requests[r].input + requests[r].made - 1 + growth * steps
    ranks[rank].growth -= growth
    if ranks[rank].sequences == 0:
        ranks[rank].kv, ranks[rank].growth = 0.0, 0.0
    take_out(w, rank * LISTS + RUN, r)


@njit
def release(w: Desk, rank: int, r: int) -> None:
    """Give a sequence's blocks back."""
    requests, ranks = requests_of(w), ranks_of(w)
    ranks[rank].used -= requests[r].blocks
    ranks[rank].admitted -= 1
    requests[r].blocks = 0


@njit
def unbind(w: Desk, r: int) -> None:
    """A sequence does not count for its engine any more."""
    requests, ranks, units = requests_of(w), ranks_of(w), units_of(w)
    ranks[requests[r].rank].bound -= 1
    units[requests[r].unit].bound_for -= 1


@njit
def hold(w: Desk, rank: int, r: int, blocks: int) -> None:
    """Give a sequence its first blocks."""
    requests, ranks = requests_of(w), ranks_of(w)
    requests[r].blocks = blocks
    ranks[rank].used += blocks
    ranks[rank].admitted += 1


@njit
def queue_again(w: Desk, rank: int, r: int, tokens: int) -> None:
    """Put a prompt with so many more tokens to compute at the front of its rank's queue."""
    requests, ranks, units = requests_of(w), ranks_of(w), units_of(w)
    requests[r].state = QUEUED
    prepend(w, rank * LISTS + QUEUE, r)
    ranks[rank].to_compute += tokens
    units[requests[r].unit].queued_tokens += tokens
    units[requests[r].unit].unstarted += 1


@njit
def _put_back(w: Desk, rank: int, r: int, now_s: float) -> None:
    """The youngest sequence of a rank makes room."""
    requests, ranks = requests_of(w), ranks_of(w)
    requests[r].preempted += 1
    w.preemptions += 1
    if requests[r].state != RUNNING:
        take_out(w, rank * LISTS + BEGUN, r)
        release(w, rank, r)
        done, requests[r].done = requests[r].done, 0
        queue_again(w, rank, r, done)
        return
    steps = steps_done(w, r)
    if requests[r].fresh:
        _not_fresh(w, rank, r)
    else:
        requests[r].last_s = ranks[rank].stepped_at_s
    _ring_out(w, rank, r)
    _withdraw(w, rank, r)
    release(w, rank, r)
    if w.swaps:
        requests[r].state, requests[r].progress = SWAPPED, steps
        ranks[rank].coming_kv += kv_after(w, r, steps)
        prepend(w, rank * LISTS + AWAY, r)
        return
    unbind(w, r)
    requests[r].made += requests[r].todo * steps // requests[r].steps
    if w.whole:
        requests[r].prompt, requests[r].cached, requests[r].done = requests[r].input + requests[r].made, 0, 0
        queue_again(w, rank, r, requests[r].prompt)
    else:
        send_prompt(w, r, now_s, False)


@njit
def _extra_blocks(w: Desk, r: int) -> int:
    """Blocks that the coming step needs beyond those that a sequence has."""
    requests = requests_of(w)
    return int(max(blocks_of(w, kv_after(w, r, steps_done(w, r) + 1)) - requests[r].blocks, 0))


@njit
def make_room(w: Desk, rank: int, now_s: float) -> bool:
    """Give sequences the blocks that the coming step needs; True if one had to be put back for that."""
    requests, ranks, lists, ring = requests_of(w), ranks_of(w), lists_of(w), ring_of(w)
    slot, needs, short = (ranks[rank].step + 1) % w.ring_wide, 0, False
    r = ring[rank, slot]
    while r >= 0:
        needs += _extra_blocks(w, r)
        r = requests[r].ring_next
    while ranks[rank].used + needs > w.blocks:
        short = True
        victim = lists[rank * LISTS + BEGUN, 1]
        if victim < 0:
            victim = lists[rank * LISTS + RUN, 1]
            if requests[victim].due == steps_done(w, victim) + 1:
                needs -= _extra_blocks(w, victim)
        _put_back(w, rank, victim, now_s)
    r = ring[rank, slot]
    while r >= 0:
        extra = _extra_blocks(w, r)
        requests[r].blocks += extra
        ranks[rank].used += extra
        r = requests[r].ring_next
    return short


@njit
def fits(w: Desk, rank: int, blocks: int) -> bool:
    """True if a rank may admit a sequence that needs so many blocks at first."""
    ranks = ranks_of(w)
    admitted = ranks[rank].admitted
    if admitted >= w.most_sequences:
        return False
    return bool(admitted == 0 or ranks[rank].used + blocks <= w.blocks - w.watermark)


@njit
def bring_back(w: Desk, rank: int, now_s: float) -> bool:
    """Admit swapped sequences; True if none is left that waits for room."""
    requests, lists = requests_of(w), lists_of(w)
    while lists[rank * LISTS + AWAY, 0] >= 0:
        r = lists[rank * LISTS + AWAY, 0]
        blocks = blocks_of(w, kv_after(w, r, requests[r].progress + 1))
        if not fits(w, rank, blocks):
            return False
        take_out(w, rank * LISTS + AWAY, r)
        hold(w, rank, r, blocks)
        requests[r].state = RETURNING
        span_s = w.swap_latency_s + kv_after(w, r, requests[r].progress) * w.swap_token_s
        push(w, now_s + span_s, ARRIVE_AT, r, requests[r].epoch)
    return True


@njit
def join_back(w: Desk, rank: int, now_s: float) -> None:
    """Sequences that have come back from host memory take part again."""
    lists = lists_of(w)
    while lists[rank * LISTS + BACK_LIST, 0] >= 0:
        r = lists[rank * LISTS + BACK_LIST, 0]
        take_out(w, rank * LISTS + BACK_LIST, r)
        enrol(w, rank, r, now_s)


@njit
def come_back(w: Desk, r: int) -> None:
    """A swapped sequence's KV is in memory again."""
    requests = requests_of(w)
    requests[r].state = BACK
    append(w, requests[r].rank * LISTS + BACK_LIST, r)
    look_at(w, requests[r].unit)


@njit
def _admit(w: Desk, rank: int, now_s: float) -> None:
    """Admit sequences whose KV has come, first come, first served."""
    requests, lists = requests_of(w), lists_of(w)
    queue = rank * LISTS + QUEUE
    if not bring_back(w, rank, now_s):
        return
    while lists[queue, 0] >= 0:
        r = lists[queue, 0]
        if requests[r].steps == 0:
            requests[r].todo = requests[r].output - requests[r].made
            requests[r].steps = steps_for(w, r, requests[r].made, requests[r].todo)
        blocks = blocks_of(w, kv_after(w, r, 1))
        if not fits(w, rank, blocks):
            return
        take_out(w, queue, r)
        hold(w, rank, r, blocks)
        enrol(w, rank, r, now_s)


@njit
def decode_step_s(w: Desk, unit: int, now_s: float) -> float:
    """Make a decode engine's next step ready; its seconds, or 0 if there is nothing to do."""
    ranks, units = ranks_of(w), units_of(w)
    first, sequences, kv, own_s = units[unit].first_rank, 0, 0.0, 0.0
    for rank in range(first, first + units[unit].ranks):
        join_back(w, rank, now_s)
        if not make_room(w, rank, now_s):
            _admit(w, rank, now_s)
        many = ranks[rank].sequences
        ranks[rank].decodes = many > 0
        if many > 0:
            sequences += many
            kv += ranks[rank].kv
            own_s = max(own_s, decode_own_s(w, float(many), ranks[rank].kv / many))
    if sequences == 0:
        return 0.0
    mean, key = sequences / units[unit].ranks, kv / sequences
    return decode_s(w, mean, key) + max(0.0, own_s - decode_own_s(w, mean, key))


@njit
def end_decode(w: Desk, rank: int, now_s: float) -> None:
    """Each sequence of a rank gets what the step made; those that have all leave."""
    requests, ranks, ring = requests_of(w), ranks_of(w), ring_of(w)
    old = ranks[rank].sequences - ranks[rank].fresh_count
    if old > 0:
        gap(w, now_s - ranks[rank].stepped_at_s, old)
    r = ranks[rank].fresh_head
    while r >= 0:
        gap(w, now_s - requests[r].last_s, 1)
        requests[r].fresh = 0
        r = requests[r].fresh_next
    ranks[rank].fresh_head, ranks[rank].fresh_count = -1, 0
    ranks[rank].step += 1
    ranks[rank].kv += ranks[rank].growth
    ranks[rank].stepped_at_s = now_s
    slot = ranks[rank].step % w.ring_wide
    r, ring[rank, slot] = ring[rank, slot], -1
    while r >= 0:
        follower, steps = requests[r].ring_next, steps_done(w, r)
        if steps < requests[r].steps:
            _ring_in(w, rank, r, steps)
        else:
            _withdraw(w, rank, r)
            release(w, rank, r)
            unbind(w, r)
            leave(w, r, now_s, FINISHED)
        r = follower
