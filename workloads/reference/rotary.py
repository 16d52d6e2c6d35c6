"""Rotary position embedding: angles, YaRN's stretch of them, and the softmax scale that goes with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from workloads.reference.dims import Llama3, Rope, Yarn

if TYPE_CHECKING:
    from numpy.typing import NDArray


def frequencies(rotated: int, rope: Rope) -> NDArray[np.float64]:
    """Radians a position for each pair of features (arXiv 2104.09864, section 3.2; YaRN: arXiv 2309.00071).

    returns  [rotated / 2]
    """
    pairs = np.arange(0, rotated, 2, dtype=np.float64) / rotated
    plain = rope.theta**-pairs
    if rope.yarn is not None:
        return _blend(plain, rope.yarn.factor, _left_by_yarn(rotated, rope.theta, rope.yarn))
    if rope.llama3 is not None:
        return _blend(plain, rope.llama3.factor, _left_by_llama3(plain, rope.llama3))
    return plain


def _blend(plain: NDArray[np.float64], factor: float, left: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frequencies of which the share `left` stays and the rest is divided by factor: [rotated / 2]."""
    return plain * left + plain / factor * (1.0 - left)


def _left_by_llama3(plain: NDArray[np.float64], llama3: Llama3) -> NDArray[np.float64]:
    """Share of each pair that is left alone, by its turns within the original context: [rotated / 2]."""
    turns = llama3.original * plain / (2 * math.pi)
    return np.clip((turns - llama3.low_turns) / (llama3.high_turns - llama3.low_turns), 0.0, 1.0)


def _left_by_yarn(rotated: int, theta: float, yarn: Yarn) -> NDArray[np.float64]:
    """1 where a pair turns often enough to be left alone, 0 where it is stretched, linear between.

    returns  [rotated / 2]
    """
    low = max(math.floor(_pair_that_turns(yarn.beta_fast, rotated, theta, yarn.original)), 0)
    high = min(math.ceil(_pair_that_turns(yarn.beta_slow, rotated, theta, yarn.original)), rotated - 1)
    ramp = (np.arange(rotated // 2, dtype=np.float64) - low) / max(high - low, 1e-3)
    return 1.0 - np.clip(ramp, 0.0, 1.0)


def _pair_that_turns(turns: float, rotated: int, theta: float, original: int) -> float:
    """Index of the pair that turns so many times within the original context."""
    return rotated * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(theta))


def _temperature(slope: float, factor: float) -> float:
    """YaRN's attention temperature, 0.1 slope ln(factor) + 1 (arXiv 2309.00071, equation 22)."""
    return 0.1 * slope * math.log(factor) + 1.0 if factor > 1 else 1.0


def softmax_scale(query_dim: int, rope: Rope) -> float:
    """1 / sqrt(query_dim), times YaRN's temperature squared as far as it acts on all features."""
    scale = 1.0 / math.sqrt(query_dim)
    if rope.yarn is None:
        return scale
    return scale * _temperature(rope.yarn.mscale_all_dim, rope.yarn.factor) ** 2


def gain(rope: Rope) -> float:
    """YaRN's factor on sines and cosines: the part of its temperature that acts on rotated features only."""
    if rope.yarn is None:
        return 1.0
    return _temperature(rope.yarn.mscale, rope.yarn.factor) / _temperature(rope.yarn.mscale_all_dim, rope.yarn.factor)


def turn(x: NDArray[np.floating], positions: NDArray[np.int64], rope: Rope) -> NDArray[np.floating]:
    """Rotate pairs of features by their positions' angles.

    x          [token, head, rotated]
    positions  [token]
    returns    [token, head, rotated]
    """
    angles = positions[:, None] * frequencies(x.shape[-1], rope)
    cos = (gain(rope) * np.cos(angles))[:, None, :].astype(x.dtype)
    sin = (gain(rope) * np.sin(angles))[:, None, :].astype(x.dtype)
    out = np.empty_like(x)
    if rope.interleaved:
        first, second = x[..., 0::2], x[..., 1::2]
        out[..., 0::2] = first * cos - second * sin
        out[..., 1::2] = second * cos + first * sin
        return out
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    out[..., :half] = first * cos - second * sin
    out[..., half:] = second * cos + first * sin
    return out
