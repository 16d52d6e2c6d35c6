"""A model on arrays from end to end: random weights, forward with caches, and the training loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workloads.reference import blocks
from workloads.reference.dims import Dims, Precision, Tokens
from workloads.reference.formats import Array, Format
from workloads.reference.graph import Graph
from workloads.reference.numeric import EXACT, Numeric
from workloads.reference.record import Weight
from workloads.reference.shapes import Shapes

Cache = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Output:
    """What a forward pass gives.

    hidden  [sequence, token, hidden]  before the final norm
    logits  [sequence, token, vocab]
    cache   what later tokens need of these
    """

    hidden: Array
    logits: Array
    cache: Cache


@dataclass(frozen=True, slots=True)
class Model:
    """A model with its weights; folded: latent attention on the latents themselves."""

    dims: Dims
    weights: Mapping[str, Array]
    formats: Mapping[Precision, Format] = field(default_factory=lambda: EXACT)
    folded: bool = False

    def forward(self, ids: NDArray[np.int64], cache: Cache | None = None) -> Output:
        """Run the tokens ids [sequence, token], which stand behind those in the cache."""
        ops = self._ops(ids, cache or {})
        hidden, logits = blocks.model(ops, self.dims, ids.ravel(), self.folded)
        return Output(hidden.reshape(*ids.shape, -1), logits.reshape(*ids.shape, -1), ops.grown)

    def losses(self, ids: NDArray[np.int64]) -> tuple[float, ...]:
        """Mean cross-entropy of the main model and of each multi-token prediction module.

        Module d sees the hidden states of the one before and the embedding of the token d + 1 ahead, and predicts
        the one after (arXiv 2412.19437, equations 21 to 24); every loss is over the tokens all of them can predict.

        ids  [sequence, token + 1 + mtp_depth]
        """
        length = ids.shape[1] - 1 - self.dims.mtp_depth
        windows = [ids[:, shift : shift + length].ravel() for shift in range(self.dims.mtp_depth + 2)]
        ops = self._ops(ids[:, :length], {})
        hidden, logits = blocks.model(ops, self.dims, windows[0])
        losses = [ops.loss("loss", logits, windows[1])]
        for depth in range(self.dims.mtp_depth):
            hidden, logits = blocks.mtp(ops, self.dims, hidden, windows[depth + 1], depth)
            losses.append(ops.loss("loss", logits, windows[depth + 2]))
        return tuple(float(loss) for loss in losses)

    def _ops(self, ids: NDArray[np.int64], cache: Cache) -> Numeric:
        """The operations for a batch of new tokens behind the cached ones."""
        past = next(iter(cache.values())).shape[1] if cache else 0
        return Numeric(self.weights, self.dims, Tokens(ids.shape[0], ids.shape[1], past), cache, {}, self.formats)


def weights_of(dims: Dims) -> tuple[Weight, ...]:
    """Every parameter array of the model and its prediction modules, as the shape reading names it."""
    graph = Graph()
    ops = Shapes(graph, dims, Tokens(1, 1))
    hidden, _ = blocks.model(ops, dims, ops.ids())
    for depth in range(dims.mtp_depth):
        hidden, _ = blocks.mtp(ops, dims, hidden, ops.ids(), depth)
    return tuple(graph.weights.values())


def random_model(dims: Dims, seed: int, dtype: type[np.floating] = np.float64) -> Model:
    """A model with random weights: matrices keep the size of what they multiply, norms are near 1."""
    draw = np.random.default_rng(seed)

    def array(weight: Weight) -> Array:
        values = draw.standard_normal(weight.shape)
        if len(weight.shape) == 1:
            offset = 0.0 if weight.name.endswith("bias") else 1.0
            return (offset + 0.1 * values).astype(dtype)
        scaled: Array = (values / np.sqrt(weight.shape[-1])).astype(dtype)
        return scaled

    return Model(dims, {weight.name: array(weight) for weight in weights_of(dims)})


def training_loss(losses: tuple[float, ...], weight: float) -> float:
    """Main loss plus the modules' mean times their weight (arXiv 2412.19437, equation 25)."""
    main, *others = losses
    return main + weight * sum(others) / len(others) if others else main
