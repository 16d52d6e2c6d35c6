"""What a day asks of a service: tokens of prompts, of them cached ones, tokens of answers, and when in the day."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from topologies.discovery import Discovered
from topologies.entry import Entry
from topologies.problems import FieldErrors
from topologies.units import Tokens, TokensOrZero
from workloads.day_profile import DayProfile


class Demand(Entry):
    """Tokens of one day.

    input_tokens    of all prompts;  cached_tokens   of them, those found in a cache
    output_tokens   generated
    profile         how they are spread over the hours: workloads/day_profiles
    """

    group: ClassVar[str] = "demands"
    input_tokens: Tokens
    cached_tokens: TokensOrZero
    output_tokens: Tokens
    profile: Annotated[DayProfile, Discovered("workloads.day_profiles")]

    @model_validator(mode="after")
    def _cached_ones_are_of_prompts(self) -> Self:
        """Tokens found in a cache are part of the prompts."""
        if self.cached_tokens > self.input_tokens:
            why = f"{self.cached_tokens} cached of {self.input_tokens} tokens of prompts: they are part of them"
            raise FieldErrors([("cached_tokens", why)])
        return self

    @property
    def new_tokens(self) -> int:
        """Tokens of prompts that no cache had."""
        return self.input_tokens - self.cached_tokens
