"""The numeric reading: the same layers on numpy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from workloads.reference import rotary
from workloads.reference import softmax as core
from workloads.reference.dims import Dims, Gate, Precision, Tokens
from workloads.reference.formats import Array, Exact, Format, Operand
from workloads.reference.ops import Heads, Slab
from workloads.reference.softmax import Choice

EXACT: Mapping[Precision, Format] = {"fp8": Exact(), "bf16": Exact(), "fp32": Exact()}


@dataclass(frozen=True, slots=True)
class Numeric:
    """Operations on arrays [token, feature]; a rank on its own holds every part.

    weights  full name -> array, shaped as the shape reading names them
    tokens   sequences, new tokens a sequence, cached tokens a sequence
    cache    full name -> [sequence, past, width]
    grown    the same with the new tokens behind, filled while the layers run
    formats  how operands are written down
    """

    weights: Mapping[str, Array]
    dims: Dims
    tokens: Tokens
    cache: Mapping[str, Array] = field(default_factory=dict)
    grown: dict[str, Array] = field(default_factory=dict)
    formats: Mapping[Precision, Format] = field(default_factory=lambda: EXACT)
    scope: str = ""

    def inside(self, scope: str) -> Numeric:
        """As `Ops` says."""
        return replace(self, scope=f"{self.scope}{scope}.")

    def at(self, part: str) -> Numeric:
        """As `Ops` says."""
        return self

    def split_over(self, what: str, size: int) -> int:
        """As `Ops` says."""
        return size

    def lookup(self, name: str, ids: Array, vocab: int, width: int) -> Array:
        """As `Ops` says."""
        rows: Array = self.weights[name][ids]
        return rows

    def operand(self, name: str, x: Array, precision: Precision) -> Operand:
        """As `Ops` says."""
        return self.formats[precision].operand(x)

    def linear(self, name: str, x: Operand, out: int, bias: bool = False, weight: str = "") -> Array:
        """As `Ops` says."""
        y = x.times(self.weights[weight or f"{self.scope}{name}"])
        return y + self.weights[f"{self.scope}{name}.bias"] if bias else y

    def grouped_linear(self, name: str, x: Operand, choice: Choice, out: int) -> Array:
        """As `Ops` says."""
        weights = self.weights[f"{self.scope}{name}"]
        ends = np.cumsum(choice.sizes(len(weights)))
        starts = [0, *ends[:-1]]
        parts = [x.take(slice(a, b)).times(w) for a, b, w in zip(starts, ends, weights, strict=True)]
        return np.concatenate(parts)

    def per_head(self, name: str, x: Array, heads: int, slab: Slab) -> Array:
        """As `Ops` says."""
        weight = self.weights[f"{self.scope}{name}"].reshape(heads, slab.width, slab.rank)[:, slab.start : slab.stop]
        pattern = "thd,hdr->thr" if slab.turned else "thr,hdr->thd"
        out: Array = np.einsum(pattern, x.reshape(len(x), heads, -1), weight, optimize=True).reshape(len(x), -1)
        return out

    def norm(self, name: str, x: Array, width: int = 0) -> Array:
        """As `Ops` says."""
        parts = x.reshape(len(x), -1, width or x.shape[-1])
        mean = np.mean(parts * parts, axis=-1, keepdims=True)
        scaled = parts / np.sqrt(mean + np.asarray(self.dims.eps, x.dtype))
        out: Array = (scaled * self.weights[f"{self.scope}{name}"]).reshape(x.shape)
        return out

    def rope(self, name: str, x: Array, width: int, rotated: int) -> Array:
        """As `Ops` says."""
        heads = x.reshape(len(x), -1, width)
        still, turning = heads[..., : width - rotated], heads[..., width - rotated :]
        turned = rotary.turn(turning, self.positions, self.dims.rope)
        return np.concatenate([still, turned], axis=-1).reshape(x.shape)

    @property
    def positions(self) -> NDArray[np.int64]:
        """Position of each new token in its sequence: [token]."""
        one = np.arange(self.tokens.past, self.tokens.past + self.tokens.length)
        return np.tile(one, self.tokens.sequences)

    def split(self, x: Array, sizes: tuple[int, ...], heads: int = 1) -> tuple[Array, ...]:
        """As `Ops` says."""
        ends = np.cumsum(sizes)[:-1]
        parts = np.split(x.reshape(len(x), heads, -1), ends, axis=-1)
        return tuple(part.reshape(len(x), -1) for part in parts)

    def join(self, name: str, content: Array, shared: Array, heads: int) -> Array:
        """As `Ops` says."""
        each = np.broadcast_to(shared[:, None, :], (len(shared), heads, shared.shape[-1]))
        return self.beside(name, content, each.reshape(len(shared), -1), heads)

    def beside(self, name: str, x: Array, y: Array, heads: int = 1) -> Array:
        """As `Ops` says."""
        both = [x.reshape(len(x), heads, -1), y.reshape(len(y), heads, -1)]
        return np.concatenate(both, axis=-1).reshape(len(x), -1)

    def remember(self, name: str, *xs: Array) -> tuple[Array, tuple[Array, ...]]:
        """As `Ops` says. What is cached is written in the cache's format, and read from there by the new tokens too."""
        full = f"{self.scope}{name}"
        rounded = [self.formats[self.dims.cache].rounded(x) for x in xs]
        new = np.concatenate(rounded, axis=-1).reshape(self.tokens.sequences, self.tokens.length, -1)
        whole = np.concatenate([self.cache[full], new], axis=1) if full in self.cache else new
        self.grown[full] = whole
        rows = whole.reshape(-1, whole.shape[-1])
        return rows, self.split(rows, tuple(x.shape[-1] for x in xs))

    def attend(self, name: str, q: Array, k: Array, v: Array, heads: Heads) -> Array:
        """As `Ops` says."""
        q, k, v = (x.reshape(self.tokens.sequences, -1, x.shape[-1]) for x in (q, k, v))
        return core.attention(q, k, v, heads).reshape(-1, heads.heads * heads.value_dim)

    def choose(self, name: str, scores: Array, gate: Gate) -> Choice:
        """As `Ops` says."""
        return core.choose(scores, gate, self.weights[f"{self.scope}{name}.bias"] if gate.bias else None)

    def permute(self, name: str, x: Operand, choice: Choice) -> Operand:
        """As `Ops` says."""
        return x.take(choice.order // choice.experts.shape[1])

    def unpermute(self, name: str, x: Array, choice: Choice) -> Array:
        """As `Ops` says."""
        rows = np.empty_like(x)
        rows[choice.order] = x
        tokens, chosen = choice.experts.shape
        out: Array = (rows.reshape(tokens, chosen, -1) * choice.weights[..., None]).sum(axis=1)
        return out

    def swiglu(self, name: str, x: Array, precision: Precision) -> Operand:
        """As `Ops` says."""
        gate, up = np.split(x, 2, axis=-1)
        return self.formats[precision].operand(gate / (1 + np.exp(-gate)) * up)

    def add(self, name: str, *xs: Array) -> Array:
        """As `Ops` says."""
        total = xs[0]
        for x in xs[1:]:
            total = total + x
        return total

    def gather(self, name: str, x: Operand) -> Operand:
        """As `Ops` says."""
        return x

    def gather_plain(self, name: str, x: Array) -> Array:
        """As `Ops` says."""
        return x

    def scatter(self, name: str, x: Array) -> Array:
        """As `Ops` says."""
        return x

    def loss(self, name: str, logits: Array, targets: Array) -> Array:
        """As `Ops` says."""
        return core.cross_entropy(logits, targets)
