"""A full grid: every value of every axis with every value of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from topologies.fields import Named
from topologies.problems import FieldErrors
from workloads.design import DesignSpec, Value, Values, split_paths
from workloads.span import LIST, SPAN, Steps, which

Axis = Annotated[
    Annotated[tuple[Value, ...], Field(min_length=1), Tag(LIST)] | Annotated[Steps, Tag(SPAN)], Discriminator(which)
]


class Grid(DesignSpec):
    """Every combination of the values of its axes; the last axis turns fastest."""

    kind: Literal["grid"] = "grid"
    axes: Annotated[Named[Axis], Field(min_length=1)]
    """Path -> a list of values, or `low`, `high` and `steps`. Paths with a comma between are set together, each value a
    list: `nodes, layout.dp: [[128, 64], [256, 128]]`."""

    @model_validator(mode="after")
    def _values_go_with_paths(self) -> Self:
        """Values that are set together are as many as their paths; no value stands twice."""
        found = [(f"axes.{key}", why) for key, axis in self.axes.items() for why in _problems(key, axis)]
        if found:
            raise FieldErrors(found)
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of all axes."""
        return tuple(path for key in self.axes for path in split_paths(key))

    @property
    def size(self) -> int:
        """Product of the axes' lengths."""
        return prod(_length(axis) for axis in self.axes.values())

    def rows(self) -> Sequence[Values]:
        """Every combination."""
        return _Combinations(self.axes)

    def described(self) -> Iterator[tuple[str, str]]:
        """Each axis and its values."""
        for key, axis in self.axes.items():
            yield key, f"{axis}, {axis.steps} steps" if isinstance(axis, Steps) else ", ".join(map(str, axis))


class _Combinations(Sequence[Values]):
    """The combinations of a grid, each worked out from its number."""

    def __init__(self, axes: Mapping[str, Axis]) -> None:
        self.axes = [(split_paths(key), axis) for key, axis in axes.items()]

    def __len__(self) -> int:
        return prod(_length(axis) for _, axis in self.axes)

    def __getitem__(self, number: int) -> Values:  # type: ignore[override]
        """Values of one combination; its number in the axes' lengths as digits."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        found: list[tuple[str, object]] = []
        for paths, axis in reversed(self.axes):
            number, at = divmod(number, _length(axis))
            value = axis.step(at) if isinstance(axis, Steps) else axis[at]
            together = value if len(paths) > 1 and isinstance(value, tuple) else (value,)
            found = [*zip(paths, together, strict=True), *found]
        return dict(found)


def _length(axis: Axis) -> int:
    """How many values an axis has."""
    return axis.steps if isinstance(axis, Steps) else len(axis)


def _problems(key: str, axis: Axis) -> Iterator[str]:
    """What is wrong with an axis."""
    paths = split_paths(key)
    if isinstance(axis, Steps):
        if len(paths) > 1:
            yield f"{len(paths)} paths are set together: write a list of lists with a value each"
        return
    if len(paths) > 1 and any(not isinstance(value, tuple) or len(value) != len(paths) for value in axis):
        yield f"{len(paths)} paths are set together: write lists of {len(paths)} values"
    seen = Counter(map(repr, axis))
    yield from (f"{text} stands twice" for text, times in seen.items() if times > 1)
