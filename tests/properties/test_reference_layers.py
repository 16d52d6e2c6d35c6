"""What must hold for the layers on arrays, whatever the weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_models import EXPERTS, SMALL_V3
from workloads.reference import rotary
from workloads.reference.dims import Rope, Tokens, Yarn
from workloads.reference.mlp import mixture
from workloads.reference.numeric import Numeric
from workloads.reference.running import random_model, weights_of

VOCAB = SMALL_V3.vocab


def tokens(seed: int, sequences: int = 2, length: int = 9) -> np.ndarray:
    """Random token ids."""
    return np.random.default_rng(seed).integers(0, VOCAB, (sequences, length))


@settings(max_examples=10)
@given(seed=st.integers(0, 2**16))
def test_absorbed_latent_attention_is_the_expanded_one(seed: int) -> None:
    model = random_model(SMALL_V3, seed)
    expanded, absorbed = (replace(model, folded=f).forward(tokens(seed)).logits for f in (False, True))
    assert np.abs(expanded - absorbed).max() < 1e-10


@settings(max_examples=10)
@given(seed=st.integers(0, 2**16), changed=st.integers(1, 8))
def test_no_token_sees_a_later_one(seed: int, changed: int) -> None:
    model, ids = random_model(SMALL_V3, seed), tokens(seed)
    other = ids.copy()
    other[:, changed:] = (other[:, changed:] + 1) % VOCAB
    before, after = model.forward(ids).logits, model.forward(other).logits
    assert np.abs(before - after)[:, :changed].max() < 1e-10
    assert np.abs(before - after)[:, changed:].max() > 1e-6


@pytest.mark.parametrize("folded", [False, True])
def test_token_by_token_with_a_cache_gives_what_all_at_once_gives(folded: bool) -> None:
    model, ids = replace(random_model(SMALL_V3, 5), folded=folded), tokens(6)
    whole = model.forward(ids).logits
    first = model.forward(ids[:, :4])
    cache, logits = first.cache, [first.logits]
    for at in range(4, ids.shape[1]):
        step = model.forward(ids[:, at : at + 1], cache)
        cache = step.cache
        logits.append(step.logits)
    assert np.abs(np.concatenate(logits, axis=1) - whole).max() < 1e-10


def test_the_cache_holds_as_many_elements_as_the_record_counts() -> None:
    cache = random_model(SMALL_V3, 0).forward(tokens(0)).cache
    a_token = sum(array.shape[-1] for array in cache.values())
    assert a_token == SMALL_V3.layers * SMALL_V3.attention.cache_width


def test_no_token_is_dropped_however_many_choose_one_expert() -> None:
    """Each token alone gives what all tokens together give."""
    dims = SMALL_V3
    weights = dict(random_model(dims, 7).weights)
    weights["layers.1.gate.bias"] = np.where(np.arange(16) < 4, 100.0, 0.0)
    x = np.random.default_rng(8).standard_normal((12, dims.hidden))

    def mixed(rows: np.ndarray) -> np.ndarray:
        ops = Numeric(weights, dims, Tokens(1, len(rows))).inside("layers.1")
        return ops.add("sum", *mixture(ops, dims, EXPERTS, rows))

    together = mixed(x)
    alone = np.concatenate([mixed(row[None]) for row in x])
    assert np.abs(together - alone).max() < 1e-12


def test_experts_are_weighed_sums_of_their_own_swiglu() -> None:
    dims, weights = SMALL_V3, random_model(SMALL_V3, 9).weights
    ops = Numeric(weights, dims, Tokens(1, 5)).inside("layers.2")
    x = np.random.default_rng(1).standard_normal((5, dims.hidden))
    routed, shared = mixture(ops, dims, EXPERTS, x)
    choice = ops.choose("gate", x @ weights["layers.2.router"].T, EXPERTS.gate)

    def swiglu(x: np.ndarray, up: np.ndarray, down: np.ndarray) -> np.ndarray:
        gate, linear = np.split(x @ up.T, 2, axis=-1)
        return np.asarray((gate / (1 + np.exp(-gate)) * linear) @ down.T)

    ups, downs = weights["layers.2.experts.gate_up"], weights["layers.2.experts.down"]
    for token, (experts, gains) in enumerate(zip(choice.experts, choice.weights, strict=True)):
        expected = sum(g * swiglu(x[token], ups[e], downs[e]) for e, g in zip(experts, gains, strict=True))
        assert routed[token] == pytest.approx(expected, rel=1e-12)
    own = swiglu(x, weights["layers.2.shared.gate_up"], weights["layers.2.shared.down"])
    assert shared == pytest.approx(own, rel=1e-12)


@settings(max_examples=20)
@given(shift=st.integers(0, 5000), interleaved=st.booleans(), stretched=st.booleans())
def test_rotary_scores_depend_on_distance_only(shift: int, interleaved: bool, stretched: bool) -> None:
    rope = Rope(10000.0, interleaved, Yarn(4.0, 64) if stretched else None)
    q, k = np.random.default_rng(2).standard_normal((2, 1, 1, 16))

    def score(at: int, other: int) -> float:
        turned = rotary.turn(q, np.array([at]), rope), rotary.turn(k, np.array([other]), rope)
        return float((turned[0] * turned[1]).sum())

    assert score(shift + 7, shift + 3) == pytest.approx(score(7, 3), rel=1e-9)


def test_interleaved_rotation_turns_neighbours() -> None:
    """Position 1, first pair: one radian."""
    turned = rotary.turn(np.array([[[1.0, 0.0, 0.0, 0.0]]]), np.array([1]), Rope(10000.0, interleaved=True))
    assert turned[0, 0] == pytest.approx([np.cos(1.0), np.sin(1.0), 0.0, 0.0])
    halves = rotary.turn(np.array([[[1.0, 0.0, 0.0, 0.0]]]), np.array([1]), Rope(10000.0))
    assert halves[0, 0] == pytest.approx([np.cos(1.0), 0.0, np.sin(1.0), 0.0])


def test_both_readings_name_and_shape_the_same_weights() -> None:
    """The numeric reading finds every array that the shape reading counted, and uses each."""
    used: set[str] = set()

    class Watched(dict[str, np.ndarray]):
        def __getitem__(self, name: str) -> np.ndarray:
            used.add(name)
            return super().__getitem__(name)

    model = random_model(SMALL_V3, 0)
    replace(model, weights=Watched(model.weights)).losses(tokens(0))
    assert used == {weight.name for weight in weights_of(SMALL_V3)}
