"""Times between tokens of the same request, counted in bins, by slice of the play."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.serving.world.state import GAP_RATIO, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Times between a token and the next of the same request, counted in bins that each reach 0.5 % further.

    from_s     [bin]  where each begins
    tokens     [bin]
    sum_s, longest_s  of all of them, exactly
    """

    from_s: Floats
    tokens: Ints
    sum_s: float
    longest_s: float

    @property
    def mean_s(self) -> float:
        """Mean gap; NaN without any."""
        count = int(self.tokens.sum())
        return self.sum_s / count if count else np.nan

    def quantile_s(self, share: float) -> float:
        """Gap that a share of all gaps does not exceed, geometric inside its bin; NaN without any."""
        upto = np.cumsum(self.tokens)
        if not len(upto) or upto[-1] == 0:
            return float("nan")
        place = int(np.searchsorted(upto, share * upto[-1]))
        before = upto[place] - self.tokens[place]
        inside = (share * upto[-1] - before) / self.tokens[place]
        return float(min(self.from_s[place] * GAP_RATIO**inside, self.longest_s))


@dataclass(frozen=True, slots=True, eq=False)
class GapSlices:
    """Gaps by when they end: equal slices from the first arrival to the last, and one for what comes after.

    edges_s    [slice]        where each slice begins
    from_s     [bin]          where each bin begins
    tokens     [slice, bin]
    sums_s     [slice, sum | longest]
    """

    edges_s: Floats
    from_s: Floats
    tokens: Ints
    sums_s: Floats

    def all(self) -> Gaps:
        """Gaps of the whole play."""
        return self._of(np.arange(len(self.tokens)))

    def between(self, from_s: float, until_s: float) -> Gaps:
        """Gaps of the slices that lie between two instants; a slice that reaches beyond them does not count."""
        ends_s = np.append(self.edges_s[1:], np.inf)
        room_s = 1e-9 * max(abs(until_s), 1e-300)
        return self._of(np.flatnonzero((self.edges_s >= from_s - room_s) & (ends_s <= until_s + room_s)))

    def _of(self, slices: Ints) -> Gaps:
        """Gaps of some slices together."""
        sums_s = self.sums_s[slices]
        return Gaps(self.from_s, self.tokens[slices].sum(axis=0), float(sums_s[:, 0].sum()),
                    float(sums_s[:, 1].max(initial=0.0)))  # fmt: skip
