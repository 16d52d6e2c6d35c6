"""The set of operations that every layer is written against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from workloads.reference.dims import Gate, Precision

T = TypeVar("T")
Q = TypeVar("Q")
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Heads:
    """How an attention core reads its operands.

    heads, kv_heads       query heads, key-value heads; heads / kv_heads queries share a key
    query_dim, value_dim  width of one head's query and key, of its value
    scale                 factor on the scores
    window                keys a query sees, itself included; None: all before it
    """

    heads: int
    kv_heads: int
    query_dim: int
    value_dim: int
    scale: float
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Slab:
    """Part of a weight [head x width, rank]: start to stop of each head's width.

    turned  multiply from the width to the rank instead of from the rank to the width
    """

    width: int
    rank: int
    start: int
    stop: int
    turned: bool


class Ops(Protocol[T, Q, C]):
    """What a layer may do. All activations are [token, feature], tokens of one sequence side by side.

    T  an activation;  Q  an activation made ready for a matmul;  C  the experts that tokens chose.
    A weight is named by the operation that uses it, below the scopes opened with `inside`.
    """

    def inside(self, scope: str) -> Ops[T, Q, C]:
        """The same operations with weights named below `scope`."""
        ...

    def at(self, part: str) -> Ops[T, Q, C]:
        """The same operations, said to belong to a part of the model."""
        ...

    def split_over(self, what: str, size: int) -> int:
        """Elements of `size` that one rank holds; what: "tensor", "expert" or "expert_tensor"."""
        ...

    def lookup(self, name: str, ids: T, vocab: int, width: int) -> T:
        """Row of the table [vocab, width] for each id: [token] -> [token, width]."""
        ...

    def operand(self, name: str, x: T, precision: Precision) -> Q:
        """x as a matmul's input: FP8 is quantised in tiles of 1 x 128, BF16 is taken as it is."""
        ...

    def linear(self, name: str, x: Q, out: int, bias: bool = False, weight: str = "") -> T:
        """x [token, in] times the weight [out, in]; weight: an absolute name of a shared weight."""
        ...

    def grouped_linear(self, name: str, x: Q, choice: C, out: int) -> T:
        """Rows sorted by expert, each times its expert's weight: [row, in] -> [row, out]."""
        ...

    def per_head(self, name: str, x: T, heads: int, slab: Slab) -> T:
        """Each head's slice of x times its slab of the weight `name`: [token, head x a] -> [token, head x b]."""
        ...

    def norm(self, name: str, x: T, width: int = 0) -> T:
        """RMSNorm (arXiv 1910.07467) over `width` neighbours; 0: over the whole row."""
        ...

    def rope(self, name: str, x: T, width: int, rotated: int) -> T:
        """Turn the last `rotated` of every `width` features by their token's position (arXiv 2104.09864)."""
        ...

    def split(self, x: T, sizes: tuple[int, ...], heads: int = 1) -> tuple[T, ...]:
        """Views of each head's features, cut into sizes."""
        ...

    def join(self, name: str, content: T, shared: T, heads: int) -> T:
        """Each head's content with the same shared features behind it."""
        ...

    def remember(self, name: str, *xs: T) -> tuple[T, tuple[T, ...]]:
        """Write features side by side into the cache: all of them, and each, with the past tokens before the new."""
        ...

    def attend(self, name: str, q: T, k: T, v: T, heads: Heads) -> T:
        """Causal softmax attention: [token, head x value_dim]."""
        ...

    def choose(self, name: str, scores: T, gate: Gate) -> C:
        """The experts of each token and their weights, from router scores [token, expert]."""
        ...

    def permute(self, name: str, x: Q, choice: C) -> Q:
        """Dispatched tokens, one row a (token, expert) pair, sorted by expert."""
        ...

    def unpermute(self, name: str, x: T, choice: C) -> T:
        """Weighted sum of each token's rows, combined: [row, width] -> [token, width]."""
        ...

    def swiglu(self, name: str, x: T, precision: Precision) -> Q:
        """silu(gate) x up of [token, gate and up] (arXiv 2002.05202), ready for the next matmul."""
        ...

    def add(self, name: str, *xs: T) -> T:
        """Sum of all, element by element."""
        ...

    def beside(self, name: str, x: T, y: T, heads: int = 1) -> T:
        """Each head's features of x, then those of y."""
        ...

    def gather(self, name: str, x: Q) -> Q:
        """All tokens, where tensor-parallel ranks held a share of them each."""
        ...

    def gather_plain(self, name: str, x: T) -> T:
        """The same for an activation that no matmul reads."""
        ...

    def scatter(self, name: str, x: T) -> T:
        """This rank's tokens, summed over the tensor-parallel ranks."""
        ...

    def loss(self, name: str, logits: T, targets: T) -> T:
        """Mean cross-entropy of targets under logits."""
        ...
