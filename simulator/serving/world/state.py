"""What a play writes on: one record of numbers, the desk, and tables of records beside it.

Compiled functions get the desk alone, and find the tables through their addresses on it: numba hands over an array as
nine words, and a play has twenty of them. All lists of requests (queues, running sequences) are linked through the
fields `next` and `previous`, a request being in one list at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Desk = Any
"""A record of type DESK, as numba sees it."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = NDArray[np.void]


def _record(seconds: str, whole: str) -> np.dtype[np.void]:
    """Type of a record with fields of 64 bits: floats, then integers."""
    return np.dtype([*((name, "f8") for name in seconds.split()), *((name, "i8") for name in whole.split())])


REQUEST = _record(
    "arrived_s started_s first_s moved_s decoding_s left_s last_s",
    "input output made prompt cached done piece state unit rank sender prefilled_by decoded_by todo steps base progress"
    " due blocks next previous ring_next ring_previous fresh_next fresh epoch preempted hit",
)
"""Instants: left_s when it left the world, last_s its latest token. Tokens: `made` when its present stint of decoding
began, `prompt` to have KV after this prefill, `cached` and `done` of them, `piece` in the present step. Decoding:
`todo` tokens in `steps` steps; `base` is the rank's count of steps at its step 0, `progress` its steps before this
stay, `due` the step of its own at which it ends or needs a block; `fresh` while it has had none. `sender` is the rank
that computed its prompt, `hit` its cached tokens when it came, `epoch` how often it was lost."""

RANK = _record(
    "kv growth stepped_at_s send_free_s receive_free_s earlier",
    "step sequences admitted used to_compute coming_kv bound taken decodes fresh_head fresh_count",
)
"""KV tokens, what they grow by a step, end of its last decode step, when its ports are free, sum of earlier tokens that
the new tokens of the present step look at; decode steps done, sequences decoding, those and all others with KV, blocks
used, prompt tokens to compute, KV tokens of sequences not running yet, sequences bound for it or in it, prompt tokens
of the present step, whether its sequences get tokens in it, sequences that have had none yet."""

UNIT = _record(
    "began_s busy_s open_since_s open_s",
    "first_rank ranks open active stepping generation dirty queued_tokens unstarted bound_for",
)
"""An engine: takes work (`open`), counts as present, is in a step, number of its failures, is to be looked at, prompt
tokens to compute, requests not begun, sequences bound for it or in it."""

EVENT = _record("at_s", "code check")
EDGE = _record("at_s", "unit what")
TIER = _record("latency_s token_s", "blocks")
STORE = _record("load_free_s", "first_slot slots used_slots newest oldest free")
SLOT = np.dtype([("block", "i4"), ("newer", "i4"), ("older", "i4")])
"""A slot of a store of prefix blocks; free ones are linked by `older`."""

TABLES: dict[str, np.dtype[Any]] = {
    "requests": REQUEST, "ranks": RANK, "units": UNIT, "events": EVENT, "edges": EDGE, "tiers": TIER, "stores": STORE,
    "slots": SLOT, "ring": np.dtype("i8"), "lists": np.dtype("i8"), "dirty": np.dtype("i8"), "gaps": np.dtype("i8"),
    "gap_sums": np.dtype("f8"),
    "samples": np.dtype("f8"), "where": np.dtype("i4"), "tier_store": np.dtype("i8"), "block_at": np.dtype("i8"),
    "block_ids": np.dtype("i8"), "accepted": np.dtype("f8"), "prefill_rows": np.dtype("f8"),
    "prefill_keys": np.dtype("f8"), "prefill_seconds": np.dtype("f8"), "prefill_own_s": np.dtype("f8"),
    "decode_rows": np.dtype("f8"), "decode_keys": np.dtype("f8"), "decode_seconds": np.dtype("f8"),
    "decode_own_s": np.dtype("f8"), "rest_tokens": np.dtype("f8"), "rest_seconds": np.dtype("f8"),
    "rest_own_s": np.dtype("f8"),
}  # fmt: skip
"""Tables beside the desk. Those that are not lists of records:

ring           [rank, step modulo slots]  first sequence of which something is due in that step
lists          [list, head | tail]        LISTS a rank, then those of HOMELESS and HELD requests
dirty          [engine]                   engines to be looked at before time goes on
gaps           [slice, bin]               tokens by when they come and by time since the one before
gap_sums       [slice, sum | longest]     of those times in s
samples        [sample, column]           time | prompt engines: not begun, admitted, blocks, busy_s, open_s | decode
where          [store, block]             its slot, or -1
tier_store     [engine, tier]
accepted       [draft]                    probability that it and all before it are accepted
rest_tokens, rest_seconds, rest_own_s     of a MixedTable, else empty
"""

DESK = np.dtype(
    [(f"{name}_at", "i8") for name in TABLES]
    + [(f"{name}_{side}", "i8") for name in TABLES for side in ("long", "wide")]
    + _record(
        "now_s present_s first_arrival_s slices_per_s next_sample_s sample_s swap_latency_s swap_token_s move_latency_s"
        " move_token_s give_up_s hit_share",
        "coming oldest in_world homeless held events_waiting turn_prompt turn_decode windows_done dirty_count"
        " sample_count events_done done_count preemptions steps_done prompts decodes whole prefill_first step_tokens"
        " chunked most_sequences blocks block_tokens watermark swaps receiving_port token_after_move prompt_routing"
        " decode_routing extra_tokens most_waiting seed own_stores prefix_tokens",
    ).descr
)
"""Addresses and shapes of the tables; the clock, with the integral of the number of requests in the world; rules;
counts. hit_share is -1 where blocks decide."""

(
    UNBORN, LOADING, QUEUED, COMPUTING, HOMELESS, HELD, MOVING, WAITING, RUNNING, SWAPPED, RETURNING, BACK, FINISHED,
    TURNED_AWAY, GAVE_UP, STRANDED, LOST,
) = range(17)  # fmt: skip
"""States. HOMELESS waits for any prompt engine, HELD (its prompt computed) for any decode engine; BACK is in memory
again and joins the next step; the four from FINISHED are ends."""
QUEUE, BEGUN, RUN, AWAY, BACK_LIST = range(5)
"""Lists of a rank: waiting, prompts begun, decoding in order of joining, swapped out, swapped in again."""
LISTS = 5
OPENS, DRAINS, FAILS = 1, 0, -1
"""What happens at an edge of a window."""
MORE, OVER, GROW_EVENTS, GROW_SAMPLES = range(4)
"""Why `advance` returns."""
GAP_BINS, LOWEST_GAP_S, GAP_RATIO = 5000, 1e-6, 1.005
"""Bins of gaps between tokens: each reaches 0.5 % further than the one before."""
GAP_SLICES = 20
"""Slices of the time from first to last arrival, by which gaps are kept apart; those after it have one more."""
SAMPLE_COLUMNS = 11
ROUND_ROBIN, LEAST_LOADED, PREFIX_AWARE = range(3)
KV_BALANCED = PREFIX_AWARE
