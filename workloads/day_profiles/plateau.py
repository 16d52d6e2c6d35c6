"""A day of two levels: so many hours at the peak, the others all alike."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from topologies.problems import FieldErrors
from workloads.day_profile import HOURS, DayProfile, Floats


class Plateau(DayProfile):
    """`hours` at the peak from `from_hour` on; what the mean leaves for the rest.

    peak   demand of the busy hours over the mean
    """

    kind: Literal["plateau"] = "plateau"
    peak: Annotated[float, Field(ge=1, allow_inf_nan=False)]
    hours: Annotated[int, Field(ge=1, lt=HOURS)]
    from_hour: Annotated[int, Field(ge=0, lt=HOURS)] = 8

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        """Busy hours alone bring no more than the day has."""
        if self.hours * self.peak > HOURS:
            most = int(HOURS / self.peak)
            why = f"{self.hours} hours at {self.peak:g} times the mean are more than a day: write {most} or fewer"
            raise FieldErrors([("hours", why)])
        return self

    def hourly(self) -> Floats:
        """[hour], mean 1."""
        busy = (np.arange(HOURS) - self.from_hour) % HOURS < self.hours
        quiet = (HOURS - self.hours * self.peak) / (HOURS - self.hours)
        return np.where(busy, self.peak, quiet)
