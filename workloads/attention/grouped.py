"""Grouped-query attention, as a user writes it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from topologies.units import Count
from workloads.attention.base import AttentionSpec
from workloads.reference.dims import Grouped


class GroupedAttention(AttentionSpec):
    """Heads that share key-value heads (arXiv 2305.13245); with as many of both it is multi-head attention.

    qk_norm         queries and keys are normalised head by head
    qkv_bias        their projections have biases
    window_tokens   keys that a query sees, itself included; left out: all before it
    """

    kind: Literal["grouped"] = "grouped"
    heads: Count
    kv_heads: Count
    head_dim: Annotated[int, Field(ge=2, multiple_of=2)]
    qk_norm: bool = False
    qkv_bias: bool = False
    window_tokens: Count | None = None

    @model_validator(mode="after")
    def _heads_share_evenly(self) -> Self:
        """Every key-value head serves the same number of heads."""
        if self.heads % self.kv_heads:
            raise ValueError(f"{self.heads} heads cannot share {self.kv_heads} kv_heads evenly")
        return self

    def dims(self) -> Grouped:
        """The same as the numeric core reads it."""
        return Grouped(self.heads, self.kv_heads, self.head_dim, self.qk_norm, self.qkv_bias, self.window_tokens)
