"""What a number can be divided by, said to a person whose choice does not divide it."""

from __future__ import annotations

FAR = 10_000
"""How far from the choice a divisor is looked for, so that absurd numbers are answered at once too."""


def nearest_divisors(number: int, near: int) -> str:
    """Name a divisor of `number` below `near` and one above, the nearest if they are within FAR: "32 or 64"."""
    start = min(near, number)
    below = next((d for d in range(start, max(start - FAR, 0), -1) if number % d == 0), 1)
    above = next((d for d in range(near + 1, min(near + FAR, number) + 1) if number % d == 0), number)
    return f"{below} or {above}" if above > below else str(below)


def nearest_multiples(number: int, near: int) -> str:
    """Name the multiples of `number` around `near`, at least 1 times it: "15360 or 15488"."""
    times = near // number
    return " or ".join(str(n * number) for n in (times, times + 1) if n >= 1)
