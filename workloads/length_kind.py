"""What lengths are: tokens of the prompt and of the answer of each request."""

from __future__ import annotations

from abc import abstractmethod

from topologies.spec import Spec
from workloads.requests import Integers
from workloads.router import Seed


class LengthSpec(Spec):
    """Lengths of requests. A file in workloads/lengths with one subclass adds a kind."""

    kind: str

    @abstractmethod
    def draw(self, count: int, seed: Seed) -> tuple[Integers, Integers]:
        """Tokens of prompts and of answers, each at least 1: [request], [request]. Same seed, same lengths."""

    @abstractmethod
    def mean_tokens(self) -> tuple[float, float]:
        """Mean tokens of a prompt and of an answer, not rounded to whole ones."""
