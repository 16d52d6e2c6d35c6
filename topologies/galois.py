"""Finite fields: which sizes exist, and their sums and products as tables.

An element of GF(p^k) is a number below p^k whose digits to base p are the coefficients of a polynomial.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import count

import numpy as np

from topologies.fabric import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A field of `size` elements.

    powers    [size - 1]      powers of a primitive element, from 1 on
    sums      [size, size]    a + b
    products  [size, size]    a x b
    """

    size: int
    powers: Ints
    sums: Ints
    products: Ints


def prime_power(size: int) -> tuple[int, int] | None:
    """Prime and exponent whose power the size is; None for every other number."""
    if size < 2:
        return None
    prime = next((n for n in range(2, int(size**0.5) + 1) if size % n == 0), size)
    exponent = next(k for k in count(1) if prime ** (k + 1) > size)
    return (prime, exponent) if prime**exponent == size else None


@lru_cache(maxsize=64)
def field(size: int) -> Field:
    """The field of so many elements. Raises ValueError when there is none."""
    found = prime_power(size)
    if found is None:
        raise ValueError(f"{size} is no power of a prime, and only those are sizes of finite fields")
    prime, degree = found
    powers = next(p for p in (_powers(low, prime, degree) for low in range(1, size)) if len(p) == size - 1)
    logarithms = np.zeros(size, dtype=np.int32)
    logarithms[powers] = np.arange(size - 1)
    products = powers[(logarithms[:, None] + logarithms) % (size - 1)]
    products[0, :] = products[:, 0] = 0
    places = prime ** np.arange(degree, dtype=np.int32)
    digits = np.arange(size, dtype=np.int32)[:, None] // places % prime
    sums = ((digits[:, None, :] + digits) % prime * places).sum(axis=2)
    return Field(size, powers, sums.astype(np.int32), products.astype(np.int32))


def _powers(low: int, prime: int, degree: int) -> Ints:
    """1, x, x^2, ... until 1 comes again, or 0 or a repetition shows that it never will.

    x is a root of x^degree + (polynomial `low`): where all elements but 0 are met, x is primitive.
    """
    size, top = prime**degree, prime ** (degree - 1)
    met = [1]
    while len(met) < size:
        lead, rest = divmod(met[-1], top)
        shifted = rest * prime
        following = sum(
            (shifted // place % prime - lead * (low // place)) % prime * place
            for place in (prime**i for i in range(degree))
        )
        if following in (0, 1):
            break
        met.append(following)
    return np.array(met if len(set(met)) == len(met) else [], dtype=np.int32)
