"""So many steps of a shape of their own: the context made longer, or supervised fine-tuning."""

from __future__ import annotations

from typing import Literal

from topologies.units import Count
from workloads.run_phase import Trained


class FixedSteps(Trained):
    """Training steps of one shape.

    layout   search: of all sizes of context parallelism that leave every parameter on its GPU (tp, pp and ep as they
             are), and all schedules, the fastest that fits; keep: the scenario's own, another schedule only where its
             own cannot run the batch
    """

    kind: Literal["fixed-steps"] = "fixed-steps"
    sequence_length: Count
    sequences_per_step: Count
    steps: Count
    layout: Literal["search", "keep"]
