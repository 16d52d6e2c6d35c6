"""Dimensions of a model, as the numeric core reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Precision = Literal["fp8", "bf16", "fp32"]


@dataclass(frozen=True, slots=True)
class Latent:
    """Multi-head latent attention (arXiv 2405.04434, section 2.1).

    query_rank 0 means that queries are projected without compression (DeepSeek-V2-Lite).
    """

    heads: int
    query_rank: int
    kv_rank: int
    nope_dim: int
    rope_dim: int
    value_dim: int

    @property
    def query_dim(self) -> int:
        """Width of one head's query and key."""
        return self.nope_dim + self.rope_dim

    @property
    def cache_width(self) -> int:
        """Elements that one layer caches for a token: the latent and the rotated shared key."""
        return self.kv_rank + self.rope_dim

    @property
    def full_width(self) -> int:
        """Elements that full multi-head attention of the same shape would cache: keys and values of all heads."""
        return self.heads * (self.query_dim + self.value_dim)


@dataclass(frozen=True, slots=True)
class Grouped:
    """Grouped-query attention (arXiv 2305.13245); as many key-value heads as heads is plain multi-head.

    window  keys that a query sees, itself included; None: all before it
    """

    heads: int
    kv_heads: int
    head_dim: int
    qk_norm: bool = False
    qkv_bias: bool = False
    window: int | None = None

    @property
    def cache_width(self) -> int:
        """Elements that one layer caches for a token: keys and values of the key-value heads."""
        return 2 * self.kv_heads * self.head_dim

    @property
    def full_width(self) -> int:
        """Elements that full multi-head attention of the same shape would cache."""
        return 2 * self.heads * self.head_dim


@dataclass(frozen=True, slots=True)
class Gate:
    """How a token chooses its routed experts.

    score        affinity of a token to an expert
    group_score  what ranks a group: the sum of its best two, or its best one
    bias         a selection bias an expert, used only to choose (arXiv 2408.15664)
    normalise    the chosen weights are divided by their sum
    """

    experts: int
    top_k: int
    groups: int = 1
    top_groups: int = 1
    score: Literal["sigmoid", "softmax"] = "softmax"
    group_score: Literal["best_two", "best"] = "best"
    bias: bool = False
    normalise: bool = True
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Experts:
    """A mixture of SwiGLU experts: its gate, one routed expert's width, the shared experts' width together."""

    gate: Gate
    inter: int
    shared_inter: int = 0


@dataclass(frozen=True, slots=True)
class Yarn:
    """YaRN's context extension (arXiv 2309.00071): the wavelengths it leaves, blends and stretches.

    factor          how many times the context grows
    original        tokens of the context before
    beta_fast/slow  rotations within the original context above (below) which a pair is left (stretched)
    mscale          slope of the attention temperature; mscale_all_dim the part taken into the softmax scale
    """

    factor: float
    original: int
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    mscale: float = 1.0
    mscale_all_dim: float = 0.0


@dataclass(frozen=True, slots=True)
class Llama3:
    """Llama 3.1's context extension: slow pairs are stretched by `factor`, fast ones left, those between blended.

    original             tokens of the context before
    low_turns/high_turns rotations within it below (above) which a pair is stretched (left)
    """

    factor: float
    original: int
    low_turns: float = 1.0
    high_turns: float = 4.0


@dataclass(frozen=True, slots=True)
class Rope:
    """Rotary position embedding (arXiv 2104.09864): neighbours as pairs (interleaved) or halves."""

    theta: float = 10000.0
    interleaved: bool = False
    yarn: Yarn | None = None
    llama3: Llama3 | None = None


@dataclass(frozen=True, slots=True)
class Dims:
    """A decoder-only transformer.

    dense_layers  layers at the front with a dense MLP; the others route to experts, if there are any
    linear        precision of the linear layers; attention core, router, embedding and head run in BF16
    scale         what an FP8 scale is for: a tile, or a whole tensor, whose largest value must be found first
    cache         precision of the cached keys and values
    """

    layers: int
    hidden: int
    vocab: int
    attention: Latent | Grouped
    dense_inter: int = 0
    dense_layers: int = 0
    experts: Experts | None = None
    mtp_depth: int = 0
    rope: Rope = Rope()
    eps: float = 1e-6
    tied: bool = False
    linear: Precision = "bf16"
    scale: Literal["tile", "tensor"] = "tile"
    cache: Precision = "bf16"

    def routed(self, layer: int) -> bool:
        """Whether this layer (from 0) routes to experts."""
        return self.experts is not None and layer >= self.dense_layers


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that one forward pass of one rank (before tensor and context splitting) works on.

    sequences  sequences side by side (micro-batch size)
    length     new tokens a sequence
    past       tokens a sequence that are already cached
    """

    sequences: int = 1
    length: int = 4096
    past: int = 0

    @property
    def count(self) -> int:
        """New tokens in all."""
        return self.sequences * self.length


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a layer that one rank holds.

    tensor         ranks that split heads, dense width and vocabulary (sequence parallel between)
    expert         ranks that split the routed experts among themselves
    context        ranks that split each sequence
    expert_tensor  ranks that split each routed expert's width
    rows           (token, expert) pairs this rank computes; None: balanced
    received       distinct tokens among them; None: expected for uniform choice within the chosen groups
    slots          experts that this rank holds, replicas counted; None: an equal share of all
    whole_rows     tensor ranks keep every token between products and add up results, instead of a share each
    """

    tensor: int = 1
    expert: int = 1
    context: int = 1
    expert_tensor: int = 1
    rows: int | None = None
    received: int | None = None
    slots: int | None = None
    whole_rows: bool = False

    @property
    def spread(self) -> int:
        """Tensor ranks that share out the tokens between products."""
        return 1 if self.whole_rows else self.tensor


WHOLE = Share()
