"""Multi-token prediction, module by module from its formula (arXiv 2412.19437, equations 21 to 25)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.small_models import SMALL_V3, shipped
from workloads.counts import count
from workloads.reference import blocks
from workloads.reference.dims import Tokens
from workloads.reference.numeric import Numeric
from workloads.reference.running import random_model, training_loss

LENGTH = 6


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_each_module_projects_hidden_state_and_next_embedding_and_shares_embedding_and_head(depth: int) -> None:
    dims = replace(SMALL_V3, mtp_depth=depth)
    model = random_model(dims, 3)
    ids = np.random.default_rng(4).integers(0, dims.vocab, (2, LENGTH + 1 + depth))
    weights = model.weights

    def normed(x: np.ndarray, name: str) -> np.ndarray:
        return np.asarray(x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + dims.eps) * weights[name])

    def loss(hidden: np.ndarray, norm: str, targets: np.ndarray) -> float:
        logits = normed(hidden, norm) @ weights["head"].T
        powers = np.exp(logits)
        shares = powers / powers.sum(axis=-1, keepdims=True)
        return float(-np.log(shares[np.arange(len(targets)), targets]).mean())

    hidden = model.forward(ids[:, :LENGTH]).hidden.reshape(-1, dims.hidden)
    expected = [loss(hidden, "final_norm", ids[:, 1 : LENGTH + 1].ravel())]
    for k in range(depth):
        scope = f"mtp.{k}"
        embedded = weights["embedding"][ids[:, k + 1 : LENGTH + k + 1].ravel()]
        parts = [normed(hidden, f"{scope}.hidden_norm"), normed(embedded, f"{scope}.embedding_norm")]
        projected = np.concatenate(parts, axis=-1) @ weights[f"{scope}.projection"].T
        ops = Numeric(weights, dims, Tokens(2, LENGTH)).inside(scope)
        hidden = blocks.layer(ops, dims, projected, routed=True)
        expected.append(loss(hidden, f"{scope}.final_norm", ids[:, k + 2 : LENGTH + k + 2].ravel()))
    assert model.losses(ids) == pytest.approx(tuple(expected), rel=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_each_module_costs_a_layer_a_projection_and_an_output_head(depth: int) -> None:
    """DeepSeek-V3's numbers, forward FLOP a token at 4,096 tokens; parameters without the shared ones."""
    model = shipped("deepseek-v3").with_changes({"mtp_depth": depth})
    parts = {part.part: part for part in count(model)}
    projection, head = 2 * (2 * 7168) * 7168, 2 * 7168 * 129280
    attention = 2 * (7168 * 1536 + 1536 * 24576 + 7168 * 576 + 512 * 32768 + 16384 * 7168) + 2 * 4096 // 2 * 128 * 320
    experts = 2 * (7168 * 256 + 9 * 3 * 7168 * 2048)
    assert parts["MTP"].flop_per_token == depth * (projection + head + attention + experts)
    assert parts["MTP"].cache_bytes_per_token == depth * 1152
    matrices = projection // 2 + 256 * 3 * 7168 * 2048 + 3 * 7168 * 2048 + 7168 * 256 + 256
    latent = 7168 * 1536 + 1536 * 24576 + 7168 * 576 + 512 * 32768 + 16384 * 7168
    norms = 1536 + 512 + (2 + 3) * 7168
    assert parts["MTP"].parameters == depth * (matrices + latent + norms)


def test_the_modules_mean_is_weighed_against_the_main_loss() -> None:
    assert training_loss((2.0, 3.0, 5.0), 0.3) == pytest.approx(2.0 + 0.3 * 4.0)
    assert training_loss((2.0,), 0.3) == 2.0
