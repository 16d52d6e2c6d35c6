"""A day as it was counted: a weight for each hour."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from topologies.problems import FieldErrors
from workloads.day_profile import HOURS, DayProfile, Floats

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Hours(DayProfile):
    """Weights of 24 hours, in any unit (requests, tokens, nodes): only their ratios count."""

    kind: Literal["hours"] = "hours"
    weights: Annotated[tuple[Weight, ...], Field(min_length=HOURS, max_length=HOURS)]

    @model_validator(mode="after")
    def _something_is_asked(self) -> Self:
        """At least one hour has a weight."""
        if not any(self.weights):
            raise FieldErrors([("weights", "all are 0; write a weight above 0 for the hours with demand")])
        return self

    def hourly(self) -> Floats:
        """[hour], mean 1."""
        weights = np.array(self.weights)
        shape: Floats = weights / weights.mean()
        return shape
