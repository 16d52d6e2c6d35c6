"""Where a job's experts go: replicas of busy ones, how old the statistics are, how often they are placed anew."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from topologies.spec import Spec
from topologies.units import Count, CountOrZero


class Eplb(Spec):
    """Experts are placed by how busy they were (EPLB); without it they lie in order.

    redundant_experts   replicas beyond one for each expert, all GPUs of an expert group together
    every_steps         steps after which experts are placed anew and move; left out: they are placed once
    age_steps           steps between the statistics and the first step that runs on them
    """

    redundant_experts: Annotated[int, Field(ge=0, le=64)] = 0
    every_steps: Count | None = None
    age_steps: CountOrZero = 0

    @property
    def mean_age_steps(self) -> int:
        """Age of the statistics that a step runs on, mean over a period."""
        return self.age_steps + (self.every_steps or 0) // 2
