"""What the shape reading writes down: sized activations and the steps between them."""

from __future__ import annotations

from dataclasses import dataclass, field

from workloads.reference.dims import Precision
from workloads.reference.record import Message, Op, Weight

SCALE_TILE = 128
NUMBER_BYTES: dict[Precision, int] = {"fp8": 1, "bf16": 2, "fp32": 4}
"""Bytes of one number."""
ELEMENT_BYTES: dict[Precision, float] = {**NUMBER_BYTES, "fp8": 1 + 4 / SCALE_TILE}
"""Bytes of one number of an activation: FP8 carries an FP32 scale for every tile."""


@dataclass(frozen=True, slots=True)
class Sized:
    """An activation of which only the shape is known.

    key      tells it from every other one of its graph
    storage  key of the activation whose memory it is a view of (its own, if it is none)
    held     elements of that memory
    """

    shape: tuple[int, int]
    precision: Precision
    key: int
    storage: int
    held: int

    @property
    def rows(self) -> int:
        """Tokens, or rows of experts."""
        return self.shape[0]

    @property
    def width(self) -> int:
        """Features of each row."""
        return self.shape[1]

    @property
    def bytes(self) -> float:
        """Bytes to move it once; FP8 carries an FP32 scale for every 128 features."""
        return self.shape[0] * self.shape[1] * ELEMENT_BYTES[self.precision]

    @property
    def held_bytes(self) -> float:
        """Bytes that stay in memory while it, or a view of it, is kept."""
        return self.held * ELEMENT_BYTES[self.precision]


@dataclass(frozen=True, slots=True)
class Matmul:
    """y [m, n] = x [m, k] times a weight [n, k], or for each of `groups` experts its rows of x times its weight.

    idle  share of the groups that have no rows, so that their weights stay unread
    """

    m: int
    n: int
    k: int
    groups: int
    precision: Precision
    idle: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """One forward operation, and what its backward takes.

    kind      "matmul", "attend", "norm", "operand", "rope", "join", "swiglu", ...: recompute policies choose by it
    forward   what it runs; backward: what its input gradient runs (matmuls are derived instead)
    needs     activations its backward reads
    reads     whether `backward` reads them from memory, in the precision they were kept in
    matmul    its sizes, if it has a weight
    """

    name: str
    part: str
    kind: str
    inputs: tuple[Sized, ...]
    outputs: tuple[Sized, ...]
    forward: tuple[Op, ...] = ()
    backward: tuple[Op, ...] = ()
    needs: tuple[Sized, ...] = ()
    reads: bool = False
    matmul: Matmul | None = None


@dataclass(slots=True)
class Graph:
    """One block's steps in the order they run, while it is being read.

    per_tensor whether an FP8 tensor has one scale
    quantised  keys of activations whose gradient arrives in FP8
    cached     elements a token and layer caches
    """

    per_tensor: bool = False
    steps: list[Step] = field(default_factory=list)
    weights: dict[str, Weight] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    quantised: set[int] = field(default_factory=set)
    cached: int = 0
    made: int = 0

    def sized(self, rows: int, width: int, precision: Precision) -> Sized:
        """A new activation."""
        self.made += 1
        return Sized((rows, width), precision, self.made, self.made, rows * width)

    def view(self, of: Sized, rows: int, width: int) -> Sized:
        """A view of an activation."""
        self.made += 1
        return Sized((rows, width), of.precision, self.made, of.storage, of.held)
