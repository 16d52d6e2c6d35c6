"""Finite fields: their sizes, and the laws that their tables keep."""

from __future__ import annotations

import numpy as np
import pytest

from topologies import galois


def test_sizes_are_powers_of_primes() -> None:
    assert [n for n in range(2, 33) if galois.prime_power(n)] == [
        *(2, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 19, 23, 25, 27, 29, 31, 32)
    ]  # fmt: skip
    assert (galois.prime_power(27), galois.prime_power(64), galois.prime_power(28)) == ((3, 3), (2, 6), None)


@pytest.mark.parametrize("size", [3, 4, 5, 7, 8, 9, 11, 13, 16, 25, 27])
def test_sums_and_products_keep_the_laws_of_a_field(size: int) -> None:
    field = galois.field(size)
    a, b, c = np.meshgrid(*3 * [np.arange(size)], indexing="ij")
    plus, times = field.sums, field.products
    for table in (plus, times):
        assert (table[a, b] == table[b, a]).all()
        assert (table[a, table[b, c]] == table[table[a, b], c]).all()
    assert (times[a, plus[b, c]] == plus[times[a, b], times[a, c]]).all()
    assert (plus[0] == np.arange(size)).all() and (times[1] == np.arange(size)).all()
    assert sorted(field.powers.tolist()) == list(range(1, size))
    assert (times[field.powers[1], field.powers[:-1]] == field.powers[1:]).all()


def test_a_prime_field_counts_modulo_the_prime() -> None:
    field, number = galois.field(13), np.arange(13)
    assert (field.sums == (number[:, None] + number) % 13).all()
    assert (field.products == (number[:, None] * number) % 13).all()


def test_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="28 is no power of a prime"):
        galois.field(28)
