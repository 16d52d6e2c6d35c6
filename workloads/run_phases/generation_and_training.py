"""Reinforcement learning: in each step answers are generated, then trained on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from topologies.spec import Spec
from topologies.units import Count, Positive
from workloads.run_phase import Trained


class Generation(Spec):
    """How fast the cluster generates while it does nothing else; an input, never a prediction.

    tokens_per_s_per_gpu   answers of all sequences over time and GPUs, the waiting for the longest among it
    """

    tokens_per_s_per_gpu: Positive
    basis: Literal["published", "measured", "derived", "assumed"]
    source: Annotated[str, Field(min_length=1)]


class GenerationAndTraining(Trained):
    """Steps that generate, then train on what was generated, one after the other on the same GPUs.

    prompt_tokens, answer_tokens   of a sequence; training sees both
    layout                         as for `fixed-steps`
    """

    kind: Literal["generation-and-training"] = "generation-and-training"
    prompt_tokens: Count
    answer_tokens: Count
    sequences_per_step: Count
    steps: Count
    generation: Generation
    layout: Literal["search", "keep"]

    @property
    def sequence_length(self) -> int:
        """Tokens of a sequence that is trained on."""
        return self.prompt_tokens + self.answer_tokens
