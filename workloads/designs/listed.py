"""Points that are written out one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from topologies.fields import Named
from workloads.design import DesignSpec, Value, Values


class ListOfPoints(DesignSpec):
    """Points as they are listed; a point leaves paths that it does not name as they are."""

    kind: Literal["list"] = "list"
    points: Annotated[tuple[Annotated[Named[Value], Field(min_length=1)], ...], Field(min_length=1)]
    """Path -> value, of each point."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of all points, in the order in which they first appear."""
        return tuple(dict.fromkeys(path for point in self.points for path in point))

    @property
    def size(self) -> int:
        """As many as are listed."""
        return len(self.points)

    def rows(self) -> Sequence[Values]:
        """The points as they are listed."""
        return self.points

    def described(self) -> Iterator[tuple[str, str]]:
        """Each path and its values."""
        for path in self.paths:
            values = dict.fromkeys(str(point[path]) for point in self.points if path in point)
            yield path, ", ".join(values)
