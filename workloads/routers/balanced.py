"""Forced balance: every expert gets equally many tokens, by decree and not by choice."""

from __future__ import annotations

from typing import ClassVar, Literal

from workloads.router import Batch, Floats, RouterSpec, Seed


class Balanced(RouterSpec):
    """What benchmarks force and an ideal gate would do; nothing is drawn."""

    kind: Literal["balanced"] = "balanced"
    independent: ClassVar[bool] = True

    def routed(self, batch: Batch, seed: Seed) -> Floats:
        """The mean for every expert: [step, layer, expert]."""
        return batch.even
