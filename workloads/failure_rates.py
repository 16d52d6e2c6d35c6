"""How often parts of a cluster fail, by cause: what was counted, on how many parts, over how long."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from topologies.entry import Entry
from topologies.fields import Named
from topologies.problems import FieldErrors
from topologies.spec import Spec
from topologies.units import CountOrZero, Positive, Seconds

Part = Literal["gpu", "hbm", "nic", "link", "switch", "host", "software"]
COUNTED: Mapping[Part, str] = MappingProxyType(
    {
        "gpu": "gpus",
        "hbm": "hbm_stacks",
        "nic": "nics",
        "link": "links",
        "switch": "switches",
        "host": "hosts",
        "software": "gpus",
    }
)
"""Field of Components that counts each part; software runs as one process a GPU."""


class Components(Spec):
    """How many of each part a job depends on.

    hbm_stacks   of all GPUs;  nics   network ports of all nodes
    links        cables of the network with what is plugged in at their ends;  hosts   servers
    """

    gpus: CountOrZero
    hbm_stacks: CountOrZero
    nics: CountOrZero
    links: CountOrZero
    switches: CountOrZero
    hosts: CountOrZero

    def count(self, part: Part) -> int:
        """How many there are of a part."""
        return int(getattr(self, COUNTED[part]))


class Cause(Spec):
    """One cause of interruptions.

    part       what fails;  failures   counted while the parts were observed
    silent     nothing stops: wrong numbers go on until they are found
    """

    part: Part
    failures: Positive
    silent: bool = False


class FailureRates(Entry):
    """Failures counted on a cluster; another one fails in proportion to its parts and time.

    observed_s   time over which failures were counted;  observed   parts in use over that time
    """

    group: ClassVar[str] = "failure-rates"
    observed_s: Seconds
    observed: Components
    causes: Named[Cause]

    @model_validator(mode="after")
    def _parts_were_there(self) -> Self:
        """A part that failed was there to be observed."""
        for name, cause in self.causes.items():
            if not self.observed.count(cause.part):
                field = COUNTED[cause.part]
                why = f"`{name}` is a failure of a {cause.part}, but no {field} were observed; count them here"
                raise FieldErrors([(f"observed.{field}", why)])
        return self

    def per_s(self, components: Components) -> dict[str, float]:
        """Failures a second by cause on other components: counted / (parts observed x time) x parts now."""
        return {
            name: cause.failures / (self.observed.count(cause.part) * self.observed_s) * components.count(cause.part)
            for name, cause in self.causes.items()
        }
