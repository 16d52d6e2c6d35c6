"""MMS graphs: any two vertices joined, or both joined to a third (McKay, Miller and Siran 1998)."""

from functools import lru_cache

import numpy as np

from topologies import galois
from topologies.fabric import Ints

SMALLEST, LARGEST = 3, 64
"""Orders q that are counted and built."""


def degree(q: int) -> int:
    """Links of a switch to others: (3 q - d)/2."""
    return (3 * q - {0: 0, 1: 1, 3: -1}.get(q % 4, 0)) // 2


def exists(q: int) -> bool:
    """Whether there is an MMS graph: q is a power of a prime, and not 2 more than a multiple of 4."""
    return q >= SMALLEST and q % 4 != 2 and galois.prime_power(q) is not None


def nearest(q: int) -> str:
    """The next q below and above for which the graph exists, for a message."""
    below = next((n for n in range(q - 1, SMALLEST - 1, -1) if exists(n)), None)
    above = next(n for n in range(max(q + 1, SMALLEST), 2 * max(q, SMALLEST) + 1) if exists(n))
    return f"the nearest are {below} and {above}" if below else f"the smallest is {above}"


@lru_cache(maxsize=256)
def largest(ports: int, endpoints_per_switch: int | None) -> int:
    """Largest q whose graph exists and whose switches have the ports; 0 if none has."""
    for q in range(min(ports, LARGEST), SMALLEST - 1, -1):
        if exists(q) and degree(q) + (endpoints_per_switch or -(-degree(q) // 2)) <= ports:
            return q
    return 0


@lru_cache(maxsize=16)
def graph(q: int) -> tuple[Ints, Ints]:
    """Cables between switches, each once (McKay, Miller and Siran 1998; as in Besta and Hoefler, SC 2014, II.B).

    (0, x, y) and (0, x, y') are joined where y - y' is in X, (1, m, c) and (1, m, c') where c - c' is in X', and
    (0, x, y) and (1, m, c) where y = m x + c.

    returns  [cable] one switch, [cable] the other
    """
    numbers = galois.field(q)
    group = np.arange(q, dtype=np.int32)[:, None] * np.int32(q)
    lows, highs = [], []
    for half, (low, high) in enumerate(cayley(q)):
        lows.append((half * q**2 + group + low).ravel())
        highs.append((half * q**2 + group + high).ravel())
    x, m, c = (axis.ravel() for axis in np.indices((q, q, q), dtype=np.int32))
    lows.append(x * q + numbers.sums[numbers.products[m, x], c])
    highs.append(q**2 + m * q + c)
    return np.concatenate(lows).astype(np.int32), np.concatenate(highs).astype(np.int32)


@lru_cache(maxsize=16)
def carried_ratio(q: int, concentration: int, endpoints: int) -> float:
    """Share of a port's rate at which the first link is full when endpoints send to all others alike.

    Of switches that are not joined, each switch between them carries an equal part, on two links.
    """
    from scipy.sparse import coo_array

    used, switches = -(-endpoints // concentration), 2 * q**2
    low, high = graph(q)
    link_from, link_to = np.concatenate([low, high]), np.concatenate([high, low])
    joined = coo_array((np.ones(len(link_from)), (link_from, link_to)), shape=(switches, switches)).tocsr()[:used]
    sent = np.clip(endpoints - concentration * np.arange(switches), 0, concentration) / np.sqrt(max(endpoints - 1, 1))
    between = (joined @ joined.T).toarray()
    apart = (joined[:, :used].toarray() == 0) & ~np.eye(used, dtype=bool)
    parts = np.divide(np.outer(sent[:used], sent[:used]), between, out=np.zeros_like(between), where=apart)
    # Switches without endpoints start nothing: they share one last row of noughts.
    onward = np.vstack([parts @ joined, np.zeros(switches)])
    first, second = np.minimum(link_from, used), np.minimum(link_to, used)
    load = (sent[link_from] * sent[link_to] + onward[first, link_to] + onward[second, link_from]).max()
    return float(min(1.0, 1 / load)) if load > 0 else 1.0


@lru_cache(maxsize=64)
def cayley(q: int) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
    """Cables inside a group of q switches, for either half: pairs of elements whose difference is in X, or in X'.

    With w = (q - d)/4 and a primitive element z, X is the even powers of z and X' the odd ones where d = 0 or 1; where
    d = -1, X is z^0, z^2 ... z^(2w-2) and z^(2w-1), z^(2w+1) ... z^(4w-3), and X' is z times that.
    """
    numbers = galois.field(q)
    exponents = np.arange(0, q - 1, 2)
    if q % 4 == 3:
        w = (q + 1) // 4
        exponents = np.concatenate([np.arange(0, 2 * w - 1, 2), np.arange(2 * w - 1, 4 * w - 2, 2)])
    element = np.arange(q, dtype=np.int32)
    pairs = []
    for turn in (0, 1):
        other = numbers.sums[element[:, None], numbers.powers[(exponents + turn) % (q - 1)]]
        low, high = np.broadcast_arrays(element[:, None], other)
        pairs.append((low[low < high], high[low < high]))
    return pairs[0], pairs[1]
