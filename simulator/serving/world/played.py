"""What a play leaves: when each request got what, gaps between tokens, looks at queues, engines' use; as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.serving.world import state as at
from simulator.serving.world.gaps import Gaps, GapSlices
from simulator.serving.world.state import Floats, Ints

ENDS = {at.FINISHED: "finished", at.TURNED_AWAY: "turned away", at.GAVE_UP: "gave up", at.STRANDED: "no engine left"}
"""How requests leave the world."""


@dataclass(frozen=True, slots=True, eq=False)
class Queues:
    """Looks at all engines of a kind, one every `World.sample_s`.

    waiting       [sample]  requests at them or without any, not begun (decode: not admitted, KV on its way among them)
    running       [sample]  prompts begun and sequences admitted
    kv_share      [sample]  of the KV capacity in use; NaN for prefill
    busy_share    [sample]  of engines' seconds since the look before, those spent in steps; NaN while none is there
    present       [sample]  engines, on average since the look before
    """

    waiting: Ints
    running: Ints
    kv_share: Floats
    busy_share: Floats
    present: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """One play from its first request to its last.

    By request: instants in s, NaN where it did not come to that; several stays (after failures, preemption) count from
    the first start to the last move.

    arrival_s, input_tokens, output_tokens   as asked
    prefill_start_s    its first prompt tokens enter a step
    first_token_s      at the user
    transfer_end_s     its KV is at the decode engine; NaN on whole engines
    decode_start_s     its first decode step begins
    finish_s           its last token
    left_s             it left the world, finished or not
    end                how: key of ENDS
    prefill_unit, decode_unit   engines, decode ones counted after prefill ones; -1: none
    cached_tokens      of its prompt, found when it was sent to its engine
    preemptions        how often it was put back for want of KV room

    By engine: busy_s in steps, present_s (open or finishing what it has).
    """

    arrival_s: Floats
    input_tokens: Ints
    output_tokens: Ints
    prefill_start_s: Floats
    first_token_s: Floats
    transfer_end_s: Floats
    decode_start_s: Floats
    finish_s: Floats
    left_s: Floats
    end: Ints
    prefill_unit: Ints
    decode_unit: Ints
    cached_tokens: Ints
    preemptions: Ints
    gap_slices: GapSlices
    sample_at_s: Floats
    queues: dict[str, Queues]
    busy_s: Floats
    present_s: Floats
    present_requests_s: float
    end_s: float
    steps: int
    events: int

    @property
    def gaps(self) -> Gaps:
        """All times between a token and the next of the same request."""
        return self.gap_slices.all()

    @property
    def finished(self) -> NDArray[np.bool_]:
        """[request]  True where all tokens came."""
        return np.asarray(self.end == at.FINISHED)

    @property
    def utilisation(self) -> Floats:
        """[unit]  share of the time an engine was there that it spent in steps; NaN where it never was."""
        with np.errstate(invalid="ignore"):
            return np.where(self.present_s > 0, self.busy_s / np.maximum(self.present_s, 1e-300), np.nan)

    def counts(self) -> dict[str, int]:
        """Requests by how they ended, and preemptions."""
        return {**{name: int((self.end == one).sum()) for one, name in ENDS.items()},
                "preemptions": int(self.preemptions.sum())}  # fmt: skip
