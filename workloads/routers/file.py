"""Loads measured elsewhere: a histogram, or the experts of each token, from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from topologies.problems import InvalidInput, Mark, Problem
from workloads.router import Batch, Floats, RouterSpec, Seed


class File(RouterSpec):
    """What was measured, scaled to the tokens asked for; where more steps are asked than there are, from the first on.

    path   of a CSV, Parquet or NPZ file (`workloads.measured_loads.read_measured` says of which form), with as many
           layers as the model has routed ones
    """

    kind: Literal["file"] = "file"
    whole_model: ClassVar[bool] = True
    path: Annotated[str, Field(min_length=1)]

    def routed(self, batch: Batch, seed: Seed) -> Floats:
        """Measured loads in tokens of the batch, nothing drawn: [step, layer, expert]. Raises InvalidInput."""
        from workloads.measured_loads import read_measured

        tokens = read_measured(Path(self.path), batch.gate)
        if tokens.shape[1] != batch.layers:
            said = f"loads of {tokens.shape[1]} layers, but the model routes in {batch.layers}"
            raise InvalidInput([Problem.at(Mark(self.path), "", said)])
        wanted = tokens[np.array(batch.moments) % len(tokens)]
        scaled: Floats = wanted * (batch.choices / wanted.sum(axis=-1, keepdims=True))
        return scaled
