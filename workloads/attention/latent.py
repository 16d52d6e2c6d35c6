"""Multi-head latent attention, as a user writes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from topologies.units import Count, CountOrZero
from workloads.attention.base import AttentionSpec
from workloads.reference.dims import Latent


class LatentAttention(AttentionSpec):
    """Keys and values compressed to one latent a token (arXiv 2405.04434, section 2.1).

    query_rank   width of the compressed query; 0: queries are not compressed
    kv_rank      width of the latent
    nope_dim, rope_dim   of one head's query and key: without and with rotary position
    value_dim    of one head's value
    """

    kind: Literal["latent"] = "latent"
    heads: Count
    query_rank: CountOrZero
    kv_rank: Count
    nope_dim: Count
    rope_dim: Annotated[int, Field(ge=2, multiple_of=2)]
    value_dim: Count

    def dims(self) -> Latent:
        """The same as the numeric core reads it."""
        return Latent(self.heads, self.query_rank, self.kv_rank, self.nope_dim, self.rope_dim, self.value_dim)
