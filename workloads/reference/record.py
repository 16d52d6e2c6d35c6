"""What one operation of a model asks of a device."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

from workloads.reference.dims import Precision

Kind = Literal["gemm", "grouped_gemm", "attention", "memory"]
Phase = Literal["forward", "input_grad", "weight_grad", "recompute"]
Pass = Literal["F", "B", "W"]


@dataclass(frozen=True, slots=True)
class Op:
    """One kernel's work.

    name         stable: "q_a", "experts.gate_up", "ffn_norm", ...
    part         "embedding", "attention", "mlp", "mtp" or "head"; the router belongs to attention
    turn         the chunk in which it runs: F forward, B backward, W postponed weight gradient. The router's
                 weight gradient is not worth postponing: its turn is B
    m, n, k      a matmul's rows, columns and inner length; memory: rows, width, 0; attention: queries and keys of all
                 sequences, and the multiply-adds of one scored pair in one head
    groups       matrices side by side; then m (in a weight gradient k) is the total over the groups; attention: heads
    flop         2 m n k; causal attention half of the full square; 0 for element-wise work
    flop_full    the same with the full square
    read_bytes, write_bytes   device memory traffic if every operand moves once
    """

    name: str
    part: str
    kind: Kind
    phase: Phase
    precision: Precision
    m: int
    n: int
    k: int
    groups: int
    flop: float
    flop_full: float
    read_bytes: float
    write_bytes: float
    turn: Pass


Record = tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """What leaves a rank between two operations.

    kind             "dispatch" (tokens to the ranks of their experts), "combine" (their results back),
                     "gather", "scatter" or "sum" (tensor parallel), "context" (keys and values, context parallel)
    tokens           of this rank
    bytes_per_token  payload with its scales, once, whatever the number of destinations
    """

    name: str
    kind: str
    phase: Phase
    tokens: int
    bytes_per_token: float


@dataclass(frozen=True, slots=True)
class Weight:
    """One parameter array on one rank.

    routed   belongs to a routed expert;  fp8   products multiply it in FP8
    """

    name: str
    part: str
    shape: tuple[int, ...]
    routed: bool = False
    fp8: bool = False

    @property
    def count(self) -> int:
        """Elements of the array."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class Kept:
    """One activation that stays in memory from forward to backward, in the precision in which it is kept."""

    name: str
    part: str
    bytes: float
    precision: Precision


def total_flop(record: Record, *phases: Phase) -> float:
    """FLOP of the named phases (none named: all), causal attention counted as half the square."""
    return sum(op.flop for op in record if not phases or op.phase in phases)
