"""What a number can be divided by, said to a person whose choice does not divide it."""

from __future__ import annotations


def divisors(number: int) -> tuple[int, ...]:
    """All divisors of a number of at least 1, ascending; in time of its square root."""
    low = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return tuple(low + [number // d for d in reversed(low) if d * d != number])


def nearest_divisors(number: int, near: int) -> str:
    """Name the divisors of `number` next to `near`, one below and one above if there is one: "32 or 64"."""
    all_of_them = divisors(number)
    below = [d for d in all_of_them if d <= near][-1:]
    above = [d for d in all_of_them if d > near][:1]
    return " or ".join(str(d) for d in below + above)


def nearest_multiples(number: int, near: int) -> str:
    """Name the multiples of `number` next to `near`, at least 1 times it: "15360 or 15488"."""
    times = near // number
    return " or ".join(str(n * number) for n in (times, times + 1) if n >= 1)
