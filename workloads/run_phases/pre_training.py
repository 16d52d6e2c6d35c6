"""Pre-training: the job's tokens at its batch, which may have grown from a smaller one."""

from __future__ import annotations

from typing import Literal

from topologies.spec import Spec
from topologies.units import Count, Tokens
from workloads.run_phase import Trained


class Ramp(Spec):
    """A batch that grows at the beginning, evenly over tokens.

    from_sequences   of the first steps;  tokens   seen while it grows up to the job's own batch
    rises            equal rises in which it grows; each batch sees as many tokens as the others
    """

    from_sequences: Count
    tokens: Tokens
    rises: Count


class PreTraining(Trained):
    """The scenario's job: its tokens, sequences and batch. ramp   absent: the whole batch from the first step."""

    kind: Literal["pre-training"] = "pre-training"
    ramp: Ramp | None = None
