"""Independent loads with a given variation: what a step is simulated with where nothing is known of its gate."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from workloads.loads import around_one
from workloads.router import Batch, Floats, RouterSpec, Seed


class Gamma(RouterSpec):
    """Each expert's load is drawn by itself; no token is sent anywhere, so a load is no whole number.

    variation   standard deviation of the tokens that one expert gets from one sequence, over their mean; over n
                sequences it falls with the root of n
    """

    kind: Literal["gamma"] = "gamma"
    independent: ClassVar[bool] = True
    variation: Annotated[float, Field(ge=0, le=2)] = 1.0

    def routed(self, batch: Batch, seed: Seed) -> Floats:
        """Loads as `workloads.loads.draw` draws them for the same seed, in tokens: [step, layer, expert]."""
        variation = self.variation / math.sqrt(batch.sequences)
        if not variation:
            return batch.even
        loads = around_one(variation, batch.shape, seed)
        tokens: Floats = loads * (batch.choices / loads.sum(axis=-1, keepdims=True))
        return tokens
