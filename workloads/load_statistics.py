"""Statistics of expert loads: tokens by expert, GPU and node, and how far the fullest is above the mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def tokens_of_experts(choices: Indices, experts: int) -> Indices:
    """Tokens that chose each expert: choices [token, k] -> [expert]."""
    return np.bincount(choices.ravel(), minlength=experts)


def tokens_of_places(tokens: Floats, places: int) -> Floats:
    """Tokens that the experts of each GPU or node compute, experts lying in order, equally many in each place.

    tokens   [..., expert];  returns [..., place].  Raises ValueError if experts do not divide among places.
    """
    if tokens.shape[-1] % places:
        raise ValueError(f"{tokens.shape[-1]} experts do not divide among {places} places")
    summed: Floats = tokens.reshape(*tokens.shape[:-1], places, -1).sum(axis=-1)
    return summed


def max_violation(tokens: Floats) -> Floats:
    """Largest load over the mean, less 1 (MaxVio, arXiv 2408.15664, section 4.1): 0 is even; 0 where nothing is.

    tokens   [..., expert]  of a batch, or of GPUs or nodes;  returns [...]
    """
    mean = tokens.mean(axis=-1)
    over: Floats = np.divide(tokens.max(axis=-1), mean, out=np.ones_like(mean), where=mean > 0) - 1
    return over


def global_max_violation(tokens: Floats) -> Floats:
    """MaxVio of all steps' tokens together, which no batch's own chance is in: [step, layer, expert] -> [layer]."""
    return max_violation(tokens.sum(axis=0))


def variation(tokens: Floats) -> Floats:
    """Standard deviation of the experts' loads over their mean: [..., expert] -> [...]."""
    spread: Floats = tokens.std(axis=-1) / tokens.mean(axis=-1)
    return spread


def distinct(places: Indices, count: int) -> Indices:
    """Count the distinct GPUs or nodes that each token reaches.

    places   [token, k]  index below `count`;  returns [token]
    """
    seen = np.zeros((len(places), count), dtype=bool)
    np.put_along_axis(seen, places, True, axis=-1)
    counted: Indices = seen.sum(axis=-1)
    return counted
