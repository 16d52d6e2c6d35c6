"""Requests to a service, as columns: when each comes, how long it is, which part of it others have brought before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Requests:
    """One stream of requests, in the order in which they come.

    arrival_s       [request]   ascending, from 0
    input_tokens    [request]   of the prompt, those that others have brought before among them; at least 1
    output_tokens   [request]   to be generated; at least 1
    block_tokens    tokens of a block of a prompt, or 0: nothing is known of what prompts have in common
    block_at        [request + 1]   where the blocks of each request begin in block_ids; its last one ends at the next
    block_ids       [block]   blocks of all requests one after the other: equal numbers, equal tokens after equal tokens
    """

    arrival_s: Floats
    input_tokens: Integers
    output_tokens: Integers
    block_tokens: int
    block_at: Integers
    block_ids: Integers

    @property
    def count(self) -> int:
        """Number of requests."""
        return len(self.arrival_s)


def without_prefixes(arrival_s: Floats, input_tokens: Integers, output_tokens: Integers) -> Requests:
    """Requests of whose prompts nothing in common is known; arrays as in `Requests`."""
    nothing = np.zeros(len(arrival_s) + 1, dtype=np.int64)
    return Requests(arrival_s, input_tokens, output_tokens, 0, nothing, np.zeros(0, dtype=np.int64))
