"""What a design of a sweep is: which paths it varies, how many points it has, and the values of each point."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

from topologies.fields import FrozenDict
from topologies.spec import Spec

Values = Mapping[str, object]
"""Path of a scenario, as it was written, -> its value at a point."""


def _frozen(value: object) -> object:
    """A value whose lists and mappings cannot be changed."""
    if isinstance(value, Mapping):
        return FrozenDict({str(key): _frozen(inner) for key, inner in value.items()})
    if isinstance(value, list | tuple):
        return tuple(_frozen(inner) for inner in value)
    return value


Value = Annotated[
    Any, AfterValidator(_frozen), WithJsonSchema({"description": "A value as the scenario's file has it."})
]


class DesignSpec(Spec):
    """Which points a sweep has. A file in workloads/designs with one subclass adds a kind."""

    kind: str

    @property
    @abstractmethod
    def paths(self) -> tuple[str, ...]:
        """Paths that are varied, in the order of the file."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many points there are: arithmetic, nothing is listed."""

    @abstractmethod
    def rows(self) -> Sequence[Values]:
        """Values of every point: [point], worked out where they are asked for."""

    @abstractmethod
    def described(self) -> Iterator[tuple[str, str]]:
        """What is varied and over what, in a few words each."""


def split_paths(key: str) -> tuple[str, ...]:
    """Paths that are set together: `nodes, layout.dp`."""
    return tuple(path.strip() for path in key.split(","))
