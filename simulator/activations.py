"""Bytes of activations that wait for their backward, by what they are kept in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workloads.reference.blocks import HEAD
from workloads.reference.record import Kept


@dataclass(frozen=True, slots=True)
class Activations:
    """Bytes that are kept from forward to backward, or to a postponed weight gradient.

    fp8      with the scales of their tiles
    wide     in BF16 and FP32
    logits   the output head's scores of every token of the vocabulary, or their gradient
    """

    fp8: float
    wide: float
    logits: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.fp8 + self.wide + self.logits

    def __add__(self, other: Activations) -> Activations:
        return Activations(self.fp8 + other.fp8, self.wide + other.wide, self.logits + other.logits)


NONE = Activations(0.0, 0.0, 0.0)


def activations(kept: Iterable[Kept]) -> Activations:
    """Add up what a block keeps."""
    sizes = {"fp8": 0.0, "wide": 0.0, "logits": 0.0}
    for item in kept:
        logits = item.part == HEAD and item.name == HEAD
        sizes["logits" if logits else "fp8" if item.precision == "fp8" else "wide"] += item.bytes
    return Activations(**sizes)
