"""How long the steps of a unit are that takes whatever has come: a chain from each step to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.serving.fleet.queues import Waiting

Floats = NDArray[np.float64]
SIZES = 40
"""Sizes of a step that the chain knows, beside none."""
NEGLIGIBLE = 1e-6


@dataclass(frozen=True, slots=True)
class Arriving:
    """What comes to one unit.

    pieces           [piece]  ascending: tokens of prompts, those above a step's room cut to it, all equally often
    pieces_per_s     mean;  groups   that share them, filled in turn
    """

    pieces: Floats
    pieces_per_s: float
    groups: int

    @property
    def met_tokens(self) -> float:
        """Tokens of the piece that a token taken at random belongs to."""
        return float((self.pieces**2).mean() / self.pieces.mean())

    def evenly_up_to_share(self, step_s: Floats, tokens: Floats) -> Floats:
        """Chance that what comes during a step fills no group beyond so many tokens: [state], [size] -> [state, size].

        The mean of what comes, and half a piece: groups that are filled in turn differ by one piece (where fewer come
        than there are groups, by less). What comes is about normal, its variance number x E[x^2].
        """
        from scipy.special import ndtr

        came = self.pieces_per_s * step_s
        fullest = came / self.groups * self.pieces.mean() + self.met_tokens / 2 * np.minimum(came / self.groups, 1.0)
        spread = np.sqrt(came * float((self.pieces**2).mean())) / self.groups
        found: Floats = ndtr((tokens - fullest[:, None]) / np.maximum(spread, NEGLIGIBLE)[:, None])
        return found

    def share_up_to(self, tokens: Floats) -> Floats:
        """Share of the pieces that are no longer: [...] -> [...]."""
        found: Floats = np.searchsorted(self.pieces, tokens, side="right") / len(self.pieces)
        return found


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps in the steady state, as prompts that come find them; state 0 has no prompts: rest, or a step without any.

    tokens, seconds   [state]  of the fullest group, and of the step
    found_share       [state]  of the prompts that come during such a step
    up_to_share       [state, state]  chance that the next one, beside a prompt of one's own, is no larger
    mean_s, mean_tokens   of steps
    """

    tokens: Floats
    seconds: Floats
    found_share: Floats
    up_to_share: Floats
    mean_s: float
    mean_tokens: float

    def in_time_share(self, within_s: float, full: tuple[float, float], line: Waiting, prompts: Floats) -> float:
        """Share of prompts whose last token is read in time.

        full   tokens of a group and seconds of a full step;  line   waiting for steps to be full no longer
        A prompt of x tokens behind B others is done in step k = ceil((B + x) / full) after the one under way, whose
        end is a uniform time off; all but the first of them are full.
        """
        filled, full_s = full
        own = np.minimum(prompts, self.tokens[-1])[:, None] <= self.tokens
        chances = np.diff(self.up_to_share[:, None, :] * own, axis=-1, prepend=0.0)
        total, steps, read = 0.0, 1, np.zeros_like(prompts)
        while (steps - 1) * full_s < within_s and read.min() < 1 - NEGLIGIBLE:
            by_then = line.within_share((steps * filled - prompts) * full_s / filled)
            left_s = within_s - (steps - 1) * full_s - self.seconds
            ends = np.where(
                self.seconds[:, None] > 0,
                np.clip(left_s / np.maximum(self.seconds[:, None], 1e-30), 0.0, 1.0),
                left_s >= 0,
            )
            weights = np.einsum("i,ijk,ik->j", self.found_share, chances, ends)
            total += float(weights @ (by_then - read)) / len(prompts)
            read, steps = by_then, steps + 1
        return total


def chain(arriving: Arriving, tokens: Floats, seconds: Floats) -> Chain:
    """Steps of a unit that begins the next one with what has come during the last, and rests when nothing has.

    tokens, seconds   [state]  sizes of steps, ascending, 0 first; 0 s of it: the unit rests until something comes
    No piece above r comes during s seconds with the chance exp(-rate s (1 - F(r))) (Poisson); the next step's fullest
    group has the largest piece, or what comes evenly shared out, whichever is more (large where much comes: no more
    than r with the smaller of both chances).
    """
    above = 1 - arriving.share_up_to(tokens)
    large = np.exp(-arriving.pieces_per_s * seconds[:, None] * above)
    beside = np.minimum(large, arriving.evenly_up_to_share(seconds, tokens))
    beside[:, -1] = 1.0
    following = np.maximum(beside, np.exp(-arriving.pieces_per_s * seconds)[:, None])
    lasts_s, rests = seconds.copy(), seconds[0] == 0
    if rests:
        following[0], lasts_s[0] = 1 - above, 1 / arriving.pieces_per_s
        following[0, -1] = 1.0
    visits = _stationary(np.diff(following, axis=1, prepend=0.0))
    found = visits * lasts_s
    steps = visits * (tokens > 0) if rests else visits
    steps = steps / steps.sum()
    return Chain(tokens, seconds, found / found.sum(), beside, float(steps @ seconds), float(steps @ tokens))


def _stationary(moves: Floats) -> Floats:
    """How often each state is visited: [state]; moves   [state, state]  rows sum to 1; now and then all begins anew."""
    states = len(moves)
    moves = moves * (1 - NEGLIGIBLE**2)
    moves[:, 0] += NEGLIGIBLE**2
    system = np.vstack([(moves.T - np.eye(states))[1:], np.ones(states)])
    found: Floats = np.linalg.solve(system, np.concatenate([np.zeros(states - 1), [1.0]]))
    return np.maximum(found, 0.0)


def cut(prompts: Floats, room: float) -> Floats:
    """Prompts as pieces of at most `room`: [prompt] -> [piece], ascending."""
    whole = np.floor(prompts / room).astype(np.int64)
    rests = prompts - whole * room
    pieces: Floats = np.sort(np.concatenate([np.full(int(whole.sum()), room), rests[rests > 0]]))
    return pieces
