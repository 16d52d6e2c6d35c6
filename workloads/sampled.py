"""What designs that sample have in common: ranges that are read at shares between 0 and 1."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Discriminator, Field, Tag, model_validator

from topologies.fields import Named
from topologies.problems import FieldErrors
from workloads.design import DesignSpec, Value, Values, split_paths
from workloads.span import LIST, SPAN, Span, which

Range = Annotated[
    Annotated[tuple[Value, ...], Field(min_length=1), Tag(LIST)] | Annotated[Span, Tag(SPAN)], Discriminator(which)
]


class Sampled(DesignSpec):
    """A design that fills a space evenly with few points."""

    ranges: Annotated[Named[Range], Field(min_length=1)]
    """Path -> `low` and `high`, or a list of values of which each is as likely. Paths with a comma between are set
    together, each value a list."""
    samples: Annotated[int, Field(ge=1)]
    """Points in all."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Another seed gives another design of the same kind."""

    @model_validator(mode="after")
    def _values_go_with_paths(self) -> Self:
        """Values that are set together are as many as their paths."""
        found = []
        for key, span in self.ranges.items():
            paths = len(split_paths(key))
            values = () if isinstance(span, Span) else span
            if paths > 1 and (not values or any(not isinstance(one, tuple) or len(one) != paths for one in values)):
                found.append(
                    (f"ranges.{key}", f"{paths} paths are set together: write a list of lists of {paths} values")
                )
        if found:
            raise FieldErrors(found)
        return self

    @abstractmethod
    def shares(self) -> NDArray[np.float64]:
        """Where the points lie in the unit cube: [point, range], from 0 to below 1."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of all ranges."""
        return tuple(path for key in self.ranges for path in split_paths(key))

    @property
    def size(self) -> int:
        """As many as are asked for."""
        return self.samples

    def rows(self) -> Sequence[Values]:
        """The points; drawn once."""
        return _rows(self)

    def described(self) -> Iterator[tuple[str, str]]:
        """Each range with its ends, or the values it has."""
        for key, span in self.ranges.items():
            yield key, str(span) if isinstance(span, Span) else ", ".join(map(str, span))


@lru_cache(maxsize=8)
def _rows(design: Sampled) -> tuple[Values, ...]:
    """Values at the design's shares."""
    ranges = [(split_paths(key), span) for key, span in design.ranges.items()]
    return tuple(
        {
            path: value
            for (paths, span), share in zip(ranges, shares, strict=True)
            for path, value in zip(paths, _values(span, share, len(paths)), strict=True)
        }
        for shares in design.shares().tolist()
    )


def _values(span: Span | tuple[object, ...], share: float, paths: int) -> tuple[object, ...]:
    """A value for each path of a range."""
    value = span.drawn(share) if isinstance(span, Span) else span[min(int(share * len(span)), len(span) - 1)]
    return tuple(value) if paths > 1 and isinstance(value, tuple) else (value,)
