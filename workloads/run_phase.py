"""What every phase of a run has: a name, and what it changes of the run's scenario."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from topologies.fields import Named
from topologies.spec import Spec

PhaseName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
Change = str | int | float | bool | tuple[int, ...]


class RunPhase(Spec):
    """A part of a run. A file in workloads/run_phases with one subclass adds a kind.

    name   small letters, digits and dashes: part of the names of figures
    """

    kind: str
    name: PhaseName


class Trained(RunPhase):
    """A phase that consists of training steps.

    changes   dotted paths of the scenario and their values while the phase lasts, as for `--with`
    """

    changes: Named[Change] = Field(default_factory=dict, validate_default=True)
