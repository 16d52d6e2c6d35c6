"""Published parameters, cache bytes and training FLOP of models, beside what their records count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from topologies.spec import Spec, load
from topologies.units import Positive, Share, UnitError, parse
from workloads.counts import flop_per_token, kv_cache_bytes_per_token, parameters
from workloads.model import ModelSpec

FILE = Path(__file__).parent / "published" / "models" / "counts.yaml"
UNITS = {"parameters": "", "cache": "bytes", "training_flop": "flop"}
SEQUENCE_LENGTH = 4096


class PublishedCount(Spec):
    """One published figure of one model.

    what            parameters; cache: bytes a token; training_flop: FLOP a token, causal, 4,096 tokens a sequence,
                    head counted, prediction modules not
    observed        a number for parameters, text with its unit for the others
    missed_because  why ours differs by more than the tolerance, where it does
    """

    model: Annotated[str, Field(min_length=1)]
    what: Literal["parameters", "cache", "training_flop"]
    observed: Positive | str
    tolerance_ratio: Share
    source: Annotated[str, Field(min_length=1)]
    missed_because: str = ""

    @property
    def value(self) -> float:
        """The observed figure in SI."""
        return parse(self.observed, UNITS[self.what]) if isinstance(self.observed, str) else self.observed

    @model_validator(mode="after")
    def _has_its_unit(self) -> Self:
        """Parameters are a number, the others text with a unit."""
        unit = UNITS[self.what]
        if isinstance(self.observed, str) != bool(unit):
            raise ValueError(f"observed {self.observed}: write {'text with a unit' if unit else 'a number'}")
        try:
            self.value  # noqa: B018  # read for the error it may raise
        except UnitError as error:
            raise ValueError(f"observed: {error}") from None
        return self


class PublishedCounts(Spec):
    """All rows of a file."""

    rows: tuple[PublishedCount, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A published figure and ours.

    ok   within the tolerance, or missed with the reason said
    """

    published: PublishedCount
    counted: float

    @property
    def error_ratio(self) -> float:
        """How much more we count, relative to what was observed."""
        return self.counted / self.published.value - 1

    @property
    def met(self) -> bool:
        """Whether ours is within the tolerance."""
        return abs(self.error_ratio) <= self.published.tolerance_ratio

    @property
    def ok(self) -> bool:
        """Whether it is met, or missed and said so; a figure that is met must not claim to be missed."""
        return self.met != bool(self.published.missed_because)


def published_counts(path: Path = FILE) -> tuple[PublishedCount, ...]:
    """Every published figure of a model; raises InvalidInput."""
    return load(path, PublishedCounts).rows


def compare(published: PublishedCount, model: ModelSpec) -> Comparison:
    """Count in the model's record what was published."""
    if published.what == "parameters":
        return Comparison(published, parameters(model))
    if published.what == "cache":
        return Comparison(published, kv_cache_bytes_per_token(model))
    return Comparison(published, flop_per_token(model, SEQUENCE_LENGTH))
