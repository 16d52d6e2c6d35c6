"""When checkpoints are written, and what they are written to."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import model_validator

from topologies.catalogue import FromCatalogue
from topologies.entry import Entry
from topologies.problems import FieldErrors
from topologies.spec import Spec
from topologies.units import BytesPerS, Count, Seconds


class Storage(Entry):
    """A file system that all nodes share."""

    group: ClassVar[str] = "storage"
    write_bytes_per_s: BytesPerS
    """Of all nodes together."""
    read_bytes_per_s: BytesPerS
    """Of all nodes together."""
    node_bytes_per_s: BytesPerS
    """Of one node's connection to the storage, each direction."""


class Checkpoints(Spec):
    """When checkpoints are written, and how.

    interval_s, interval_steps   work between two; one of them is given, seconds are rounded to whole steps
    mode      synchronous: steps wait until all is written; asynchronous: until all is copied to the hosts' memory,
              from where it is written while the next steps run
    storage   where they go
    """

    interval_s: Seconds | None = None
    interval_steps: Count | None = None
    mode: Literal["synchronous", "asynchronous"]
    storage: Annotated[Storage, FromCatalogue("storage")]

    @model_validator(mode="after")
    def _one_interval(self) -> Self:
        """Seconds or steps, not both."""
        if (self.interval_s is None) == (self.interval_steps is None):
            said = "missing" if self.interval_s is None else "given twice"
            raise FieldErrors([("interval_s", f"the interval is {said}; write either interval_s or interval_steps")])
        return self

    def steps(self, step_s: float) -> int:
        """Whole steps between two checkpoints, at least one."""
        if self.interval_steps is not None:
            return self.interval_steps
        return max(1, round((self.interval_s or 0.0) / step_s))
