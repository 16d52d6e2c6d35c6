"""What a token is sold for, by class: of a prompt, of a prompt that is cached, of an answer."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from topologies.entry import Entry
from topologies.problems import FieldErrors
from topologies.units import UsdPerToken, UsdPerTokenOrZero


class TokenPrices(Entry):
    """A price list of tokens.

    cached_input_usd_per_token   of a prompt, found in a cache;  input_usd_per_token   of a prompt, not found there
    output_usd_per_token         generated
    """

    group: ClassVar[str] = "token-prices"
    cached_input_usd_per_token: UsdPerTokenOrZero
    input_usd_per_token: UsdPerToken
    output_usd_per_token: UsdPerToken

    @model_validator(mode="after")
    def _a_cached_token_is_no_dearer(self) -> Self:
        """A token that was found costs no more than one that was not: else the two are swapped."""
        if self.cached_input_usd_per_token > self.input_usd_per_token:
            why = "a cached token is dearer than one that is not; are the two prices swapped?"
            raise FieldErrors([("cached_input_usd_per_token", why)])
        return self
