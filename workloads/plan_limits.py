"""What a plan must keep: GPUs, memory, a date, money, kinds of network, a lost part of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from topologies.problems import FieldErrors, listed, meant
from topologies.spec import Spec
from topologies.units import Count, Seconds, Share, Usd, parse

Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
DAY_S = parse("1 day", "s")


def known_networks() -> list[str]:
    """Kinds of topology that there are."""
    from topologies.discovery import Discovered
    from topologies.kinds.base import TopologySpec

    return sorted(Discovered("topologies.kinds").classes(TopologySpec))


class Survives(Spec):
    """One part of the network may be lost.

    part            what is lost: number 0 of its kind, numbered as the topology builds it
    most_slower_share   by how much the step may then be slower
    """

    part: Literal["plane", "switch", "nic"]
    most_slower_share: Share


class Limits(Spec):
    """What the answer must keep; what is left out is not limited.

    most_gpus      of the cluster
    most_memory_share   of a GPU's usable memory that the fullest GPU may need
    within_s       wall time of all steps;  or from_date and by_date, both days at their beginning
    budget_usd     for the GPU-hours of all steps
    networks       kinds of topology that may be built
    survives       a part of the network may be lost
    """

    most_gpus: Count | None = None
    most_memory_share: Annotated[Share, Field(gt=0)] = 1.0
    within_s: Seconds | None = None
    from_date: Day | None = None
    by_date: Day | None = None
    budget_usd: Usd | None = None
    networks: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    survives: Survives | None = None

    @model_validator(mode="after")
    def _are_whole(self) -> Self:
        """Two days make a time; kinds of networks are known."""
        found = [*self._dates(), *self._kinds()]
        if found:
            raise FieldErrors(found)
        return self

    def _dates(self) -> list[tuple[str, str]]:
        """What is wrong with the days."""
        given = [self.from_date, self.by_date]
        if given == [None, None]:
            return []
        if self.within_s is not None:
            return [("within_s", "write it, or from_date and by_date, not both")]
        if None in given:
            return [("from_date" if self.from_date is None else "by_date", "missing: a date needs both days")]
        try:
            first, last = (date.fromisoformat(str(day)) for day in given)
        except ValueError as error:
            return [("by_date", f"no such day: {error}")]
        if last <= first:
            return [("by_date", f"{last} is not after {first}")]
        return []

    def _kinds(self) -> list[tuple[str, str]]:
        """Kinds of networks that nobody wrote."""
        known = known_networks()
        return [
            ("networks", f"read `{kind}`; allowed: {listed(known)}{meant(kind, known)}")
            for kind in self.networks or ()
            if kind not in known
        ]

    @property
    def seconds(self) -> float | None:
        """Wall time that there is, by either way of saying it."""
        if self.from_date is None or self.by_date is None:
            return self.within_s
        days = (date.fromisoformat(self.by_date) - date.fromisoformat(self.from_date)).days
        return days * DAY_S
