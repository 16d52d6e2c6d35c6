"""How a service handles requests: who gets which, who is turned away, what of a prompt is found in a cache."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from topologies.spec import Spec
from topologies.units import Bytes, BytesPerS, Count, CountOrZero, Seconds, SecondsOrZero


class CacheTier(Spec):
    """A store of prompts' caches that later prompts with the same beginning find.

    size_bytes    of one unit, or of all together where it is shared
    bytes_per_s   at which what is found there comes to the GPUs, one request after the other; null: in no time (HBM)
    shared        one store for all units, as a file system is
    """

    name: Annotated[str, Field(min_length=1, max_length=40)]
    size_bytes: Bytes
    bytes_per_s: BytesPerS | None = None
    latency_s: SecondsOrZero = 0.0
    shared: bool = False


class Handling(Spec):
    """What happens to a request before and beside its steps.

    prompt_routing    which unit gets a prompt: in turn, the one with fewest tokens waiting, or the one that has most of
                      the prompt cached unless it has `extra_tokens` more waiting than the least loaded one
    decode_routing    which unit and group writes the answer: in turn, fewest sequences, or fewest cached tokens; null:
                      the last, where units write answers; units that do both keep what they read
    most_waiting      requests at a unit above which the next one is turned away;  give_up_s   wait after which it goes
    prefix_cache      stores, the fastest first, whose hits follow from the requests' common beginnings; none: every
                      prompt finds `typical.cached_share` of itself
    when_full         a sequence without room for its next tokens is computed anew later, or kept in the host's memory
    watermark_share   of the cache that stays free when a sequence is let in, for those that grow
    first_token_after_transfer   a user sees the first token when the cache has arrived at the decode unit
    first             units that do both: sequences that are answered go first, or prompts
    """

    prompt_routing: Literal["round-robin", "least-loaded", "prefix-aware"] = "least-loaded"
    decode_routing: Literal["round-robin", "least-loaded", "kv-balanced"] | None = None
    extra_tokens: CountOrZero = 0
    most_waiting: Count | None = None
    give_up_s: Seconds | None = None
    prefix_cache: tuple[CacheTier, ...] = ()
    when_full: Literal["recompute", "swap"] = "recompute"
    watermark_share: Annotated[float, Field(ge=0, lt=1)] = 0.01
    first_token_after_transfer: bool = False
    first: Literal["decode", "prefill"] = "decode"

    @model_validator(mode="after")
    def _tiers_have_names(self) -> Self:
        """Refuse two stores of one name, and a choice by what is cached where nothing is."""
        names = [tier.name for tier in self.prefix_cache]
        if len(set(names)) < len(names):
            raise ValueError(f"two stores of prefix_cache have one name: {', '.join(names)}")
        if self.prompt_routing == "prefix-aware" and not names:
            raise ValueError("prompt_routing: prefix-aware needs a prefix_cache to be aware of")
        if self.extra_tokens and self.prompt_routing != "prefix-aware":
            raise ValueError(f"extra_tokens is for prompt_routing: prefix-aware; read `{self.prompt_routing}`")
        return self

    def ignored(self, kinds: Collection[str]) -> Iterator[tuple[str, str]]:
        """Fields that mean nothing for units of these kinds, and why."""
        if "whole" in kinds and self.decode_routing is not None:
            yield "decode_routing", "units that do both keep the sequences that they have read; leave it out"
        if "whole" in kinds and self.first_token_after_transfer:
            yield "first_token_after_transfer", "units that do both hand no cache on; leave it out"
        if "whole" not in kinds and self.first != "decode":
            yield "first", f"read `{self.first}`; only units that do both have sequences and prompts in one step"
