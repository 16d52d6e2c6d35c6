"""An amount for each class of tokens: of prompts found in a cache, of prompts not found there, of answers."""

from __future__ import annotations

from typing import NamedTuple


class ByClass(NamedTuple):
    """Something of cached input, of other input, of output: tokens, USD, or shares."""

    cached: float
    new: float
    output: float

    @property
    def total(self) -> float:
        """All three classes."""
        return self.cached + self.new + self.output

    def times(self, other: ByClass) -> ByClass:
        """Class by class."""
        return ByClass(*(mine * theirs for mine, theirs in zip(self, other, strict=True)))

    def over(self, other: ByClass) -> ByClass:
        """Class by class; not a number where there is nothing to divide by."""
        return ByClass(*(mine / theirs if theirs else float("nan") for mine, theirs in zip(self, other, strict=True)))
