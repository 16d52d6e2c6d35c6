"""Seconds of an engine's step, tabulated: what the world of requests knows of models and GPUs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StepTable:
    """Seconds of a step over how much is in it; between points, linear in both; never outside of them.

    Groups of GPUs that step together wait for the one with most to do, but only with what each does by itself: experts
    are shared, and take as long as all groups' tokens ask for. A step takes
    seconds(mean rows, mean keys) + max over groups of own(rows, keys) - own(mean rows, mean keys).

    rows      [row]      ascending: tokens that a group's prompts get in a step, or sequences in a decode step
    keys      [key]      ascending: earlier tokens that a new token looks at, mean over the new tokens of the step
    seconds   [row, key]  of a step in which all groups have the same
    own       [row, key]  of it, what a group does by itself; None: all of it
    """

    rows: Floats
    keys: Floats
    seconds: Floats
    own: Floats | None = None

    @property
    def own_s(self) -> Floats:
        """Seconds of what a group does by itself: [row, key]."""
        return self.seconds if self.own is None else self.own


@dataclass(frozen=True, slots=True)
class MixedTable:
    """Seconds of a step in which some sequences decode while others get their prompts, in pieces.

    Of groups alike: seconds = rest(new tokens) + decode(sequences, mean keys) + prefill(prompt tokens, mean keys).
    Of others, as in StepTable: rest(mean tokens) - own(mean tokens) + max over groups of what each does alone, which
    is own(its tokens) + decode + prefill.

    tokens    [row]   new tokens a GPU group, decoding sequences and prompt tokens together; ascending from 0
    rest_s    [row]   of everything but attention's core
    decode, prefill   attention's core of either
    own_rest_s  [row]  of rest_s, what a group does by itself; None: all of it
    """

    tokens: Floats
    rest_s: Floats
    decode: StepTable
    prefill: StepTable
    own_rest_s: Floats | None = None

    @property
    def own_s(self) -> Floats:
        """Seconds of the rest that a group does by itself: [row]."""
        return self.rest_s if self.own_rest_s is None else self.own_rest_s
