"""A phase that is not simulated: its GPU time is put in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from topologies.units import Seconds
from workloads.run_phase import RunPhase


class Stated(RunPhase):
    """GPU time as somebody states it; an input, never a prediction.

    gpu_time_s   seconds of one GPU, all GPUs together (`5000 h` are 5,000 GPU-hours)
    """

    kind: Literal["stated"] = "stated"
    gpu_time_s: Seconds
    basis: Literal["published", "measured", "derived", "assumed"]
    source: Annotated[str, Field(min_length=1)]
