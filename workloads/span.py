"""A range of values to sample: two ends in one unit, on a linear or a logarithmic scale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from topologies.problems import FieldErrors
from topologies.spec import Spec
from topologies.units import Count

Number = int | float | str
_QUANTITY = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?) *(\D.*)?")
SPAN, LIST = "span", "list"
DIGITS = 12
"""Significant digits of a value between the ends."""


class Span(Spec):
    """Values between two ends. Whole ends give whole values; ends with a unit (`200 Gb/s`) values in that unit.

    scale         linear, or log where a factor matters
    multiple_of   only multiples of it, for whole values: 128 for a batch that 128 replicas share
    """

    low: Number
    high: Number
    scale: Literal["linear", "log"] = "linear"
    multiple_of: Count | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        """Ends in one unit, the lower one first, whole multiples where that is asked."""
        (low, unit), (high, other) = (_parts(end, name) for end, name in ((self.low, "low"), (self.high, "high")))
        found = []
        if unit != other:
            found.append(("high", f"read `{self.high}` beside low: `{self.low}`; write both in one unit"))
        elif not low < high:
            found.append(("high", f"read `{self.high}`, which is not above low: `{self.low}`"))
        if self.scale == "log" and low <= 0:
            found.append(("low", f"read `{self.low}`; a logarithmic scale begins above 0"))
        step = self.multiple_of
        if step is not None and (not self.is_whole or low % step or high % step):
            found.append(("multiple_of", f"read `{step}`; write ends that are whole multiples of it"))
        if found:
            raise FieldErrors(found)
        return self

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def levels(self) -> int | None:
        """How many different values there are; None for any number."""
        if not self.is_whole:
            return None
        return (int(self.high) - int(self.low)) // (self.multiple_of or 1) + 1

    def at(self, share: float) -> Number:
        """Value at a share of the way, 0 to 1, both ends included."""
        number = self._between(share)
        if self.is_whole:
            return self._whole(number)
        unit = _parts(self.low, "low")[1]
        rounded = float(f"{number:.{DIGITS}g}")
        return f"{rounded!r} {unit}" if unit else rounded

    def drawn(self, share: float) -> Number:
        """Value at a share below 1, every whole value as often as any other on a linear scale."""
        if self.levels is None or self.scale == "log":
            return self.at(share)
        return int(self.low) + (self.multiple_of or 1) * min(int(share * self.levels), self.levels - 1)

    def _between(self, share: float) -> float:
        """Number between those of the ends."""
        low, high = _parts(self.low, "low")[0], _parts(self.high, "high")[0]
        if self.scale == "log":
            return float(low * (high / low) ** share)
        return low + (high - low) * share

    def _whole(self, number: float) -> int:
        """The nearest whole value that is allowed."""
        low, step = int(self.low), self.multiple_of or 1
        return low + step * round((number - low) / step)

    def __str__(self) -> str:
        """`1 to 10, log`."""
        more = [self.scale] * (self.scale != "linear") + [f"multiples of {self.multiple_of}"] * bool(self.multiple_of)
        return ", ".join([f"{self.low} to {self.high}", *more])


class Steps(Span):
    """A span in so many steps, both ends among them."""

    steps: Annotated[int, Field(ge=2)]

    @model_validator(mode="after")
    def _has_as_many(self) -> Self:
        """There are as many whole values as steps."""
        if self.levels is not None and self.steps > self.levels:
            why = f"read `{self.steps}`; there are {self.levels:,} whole values from {self.low} to {self.high}"
            raise FieldErrors([("steps", why)])
        return self

    def step(self, number: int) -> Number:
        """Value of a step, counted from 0."""
        return self.at(number / (self.steps - 1))


def which(value: object) -> str:
    """Whether what stands for the values of a path is a span, or a list of them."""
    return SPAN if isinstance(value, Mapping | Span) else LIST


def _parts(end: Number, field: str) -> tuple[float, str]:
    """Number and unit of an end. Raises FieldErrors."""
    if not isinstance(end, str):
        return float(end), ""
    found = _QUANTITY.fullmatch(end.strip())
    if found is None:
        raise FieldErrors([(field, f"read `{end}`; write a number, or a number and a unit")])
    return float(found[1]), found[2] or ""
