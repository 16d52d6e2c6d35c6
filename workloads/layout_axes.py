"""Which values of a layout's axes a planner tries."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from topologies.discovery import Discovered
from topologies.problems import listed, meant
from topologies.spec import Spec
from topologies.units import Count
from workloads.schedule import ScheduleSpec

Counts = Annotated[tuple[Count, ...], Field(min_length=1)]
Recompute = Literal["none", "selective", "mla-norms", "swiglu", "deepseek", "full"]
RECOMPUTES: tuple[Recompute, ...] = ("none", "selective", "swiglu", "mla-norms", "deepseek", "full")


class LayoutAxes(Spec):
    """Values of each axis; an axis that is left out takes all that make sense. dp is what the others leave.

    tp         default: divisors of what NVLink joins;  cp   default: 1 to 8, while a rank keeps 2,000 tokens
    pp, ep     default: every divisor of the number of GPUs, of experts
    schedules  kinds; default: all that there are;  chunks   stages a rank of those that have several
    sequences_per_micro_batch, recompute, zero_stage, zero_overlap   as in a scenario
    """

    AXES: ClassVar[dict[str, str]] = {
        "layout.tp": "tp", "layout.cp": "cp", "layout.pp": "pp", "layout.ep": "ep", "layout.dp": "tp",
        "layout.schedule": "schedules", "layout.schedule.kind": "schedules", "layout.schedule.chunks": "chunks",
        "layout.zero_stage": "zero_stage", "layout.zero_overlap": "zero_overlap", "job.recompute": "recompute",
        "job.sequences_per_micro_batch": "sequences_per_micro_batch", "layout": "tp",
        "layout.layers_per_stage": "schedules",
    }  # fmt: skip
    tp: Counts | None = None
    cp: Counts | None = None
    pp: Counts | None = None
    ep: Counts | None = None
    schedules: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    chunks: Annotated[tuple[Annotated[int, Field(ge=2, le=1000)], ...], Field(min_length=1)] = (2, 3, 4, 6, 8)
    sequences_per_micro_batch: Counts = (1, 2, 4)
    recompute: Annotated[tuple[Recompute, ...], Field(min_length=1)] = RECOMPUTES
    zero_stage: Annotated[tuple[Annotated[int, Field(ge=0, le=3)], ...], Field(min_length=1)] = (0, 1, 2, 3)
    zero_overlap: Annotated[tuple[bool, ...], Field(min_length=1)] = (False, True)

    @field_validator("schedules")
    @classmethod
    def _are_there(cls, kinds: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Refuse kinds that nobody wrote."""
        known = sorted(Discovered("workloads.schedules").classes(ScheduleSpec))
        for kind in kinds or ():
            if kind not in known:
                raise ValueError(f"read `{kind}`; allowed: {listed(known)}{meant(kind, known)}")
        return kinds

    @classmethod
    def axis_of(cls, path: str) -> str | None:
        """The axis that a scenario's path is searched under, None for one that is not searched."""
        return cls.AXES.get(path)
