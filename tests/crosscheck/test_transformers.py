"""Logits of small random models are those of transformers, all at once and token by token."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.crosscheck.twins import CONFIGS, FIRST, LENGTH, STRETCHED, token_ids, twin
from workloads.huggingface.config import parse_config
from workloads.huggingface.model import model_of
from workloads.reference import rotary
from workloads.reference.dims import Latent
from workloads.reference.running import Model

FIXTURES = Path(__file__).parent / "fixtures"
LIMIT = 1e-5


def error(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest difference, relative to the largest logit."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def token_by_token(model: Model) -> np.ndarray:
    """Logits of a short prefill and of each token after it: [sequence, token, vocab]."""
    ids = token_ids()
    step = model.forward(ids[:, :FIRST])
    pieces = [step.logits]
    for at in range(FIRST, LENGTH):
        step = model.forward(ids[:, at : at + 1], step.cache)
        pieces.append(step.logits)
    return np.concatenate(pieces, axis=1)


@pytest.mark.parametrize("name", CONFIGS)
def test_prefill_gives_the_logits_of_transformers(name: str) -> None:
    with np.load(FIXTURES / f"{name}.npz") as theirs:
        assert error(twin(name).forward(token_ids()).logits, theirs["whole"]) < LIMIT


@pytest.mark.parametrize("name", CONFIGS)
def test_decode_gives_the_logits_of_transformers(name: str) -> None:
    with np.load(FIXTURES / f"{name}.npz") as theirs:
        assert error(token_by_token(twin(name)), theirs["steps"]) < LIMIT


@pytest.mark.parametrize("name", [name for name in CONFIGS if name.startswith("deepseek")])
def test_absorbed_decode_gives_the_logits_of_transformers(name: str) -> None:
    with np.load(FIXTURES / f"{name}.npz") as theirs:
        assert error(token_by_token(replace(twin(name), folded=True)), theirs["steps"]) < LIMIT


@pytest.mark.parametrize("name", STRETCHED)
def test_rotary_frequencies_of_long_contexts_are_those_of_transformers(name: str) -> None:
    """32K and 128K; transformers computes them in float32."""
    dims = model_of(parse_config(json.dumps(STRETCHED[name]).encode(), name), name).dims()
    rotated = dims.attention.rope_dim if isinstance(dims.attention, Latent) else dims.attention.head_dim
    with np.load(FIXTURES / f"{name}.npz") as theirs:
        assert rotary.frequencies(rotated, dims.rope) == pytest.approx(theirs["whole"], rel=1e-6)
        assert rotary.gain(dims.rope) == pytest.approx(theirs["steps"][0], rel=1e-12)


def test_every_fixture_was_made_with_the_pinned_torch() -> None:
    assert (FIXTURES / "made-with.txt").read_text().startswith("torch 2.13.0")
    assert {path.stem for path in FIXTURES.glob("*.npz")} == {*CONFIGS, *STRETCHED}
