"""Balance by a selection bias: what one step does, how fast the violation falls, and what a drift undoes."""

from __future__ import annotations

import numpy as np
import pytest

from workloads.bias_balancing import TOKENS, BiasBalancing, SequenceLoss, SuddenDrift, balance_by_bias, settled_bias
from workloads.gating import tokens_by_domain
from workloads.load_statistics import max_violation
from workloads.preferences import Preferences
from workloads.reference.dims import Gate
from workloads.router import Batch

GATE = Gate(32, 4, 4, 2, score="sigmoid", group_score="best_two", bias=True)
TASTE = Preferences(domains=4, strength=0.8, correlation=1.0).first(2, 32, seed=0)
"""All domains prefer the same experts: nothing is uneven but what a bias can mend."""


def batch(steps: int) -> Batch:
    """Two layers; an expert's mean is 1,024 tokens."""
    return Batch(GATE, layers=2, steps=steps, tokens=8192, sequence_tokens=64)


def test_after_a_step_busy_experts_have_lost_the_speed_and_idle_ones_gained_it() -> None:
    done = balance_by_bias(TASTE, batch(1), BiasBalancing(speed_per_step=0.25), seed=0)
    assert done.bias.tolist() == (0.25 * np.sign(1024 - done.tokens[0])).tolist()
    assert done.tokens.shape == (1, 2, 32)
    assert done.tokens.sum(axis=-1).tolist() == [[8192 * 4] * 2]


def test_the_first_step_routes_without_a_bias() -> None:
    done = balance_by_bias(TASTE, batch(1), BiasBalancing(), seed=0)
    alone = tokens_by_domain(batch(1), TASTE.weights, None, (0, TOKENS, 0)).sum(axis=1)
    assert done.tokens[0].tolist() == alone.tolist()


def test_at_speed_0_001_the_violation_falls_to_chance_within_300_steps_and_a_drift_brings_it_back_for_a_while() -> None:
    """A mean of 1,024 tokens leaves some 3 sigma = 9 % by chance."""
    done = balance_by_bias(TASTE, batch(600), BiasBalancing(), seed=0, drift=SuddenDrift(at=300, drift_share=0.6))
    seen = done.violation.mean(axis=1)
    assert seen[0] > 1
    assert seen[290:300].mean() < 0.15
    assert seen[300] > 5 * seen[290:300].mean()
    assert seen[590:].mean() < 0.15


def test_a_fast_bias_overshoots() -> None:
    slow, fast = (
        balance_by_bias(TASTE, batch(400), BiasBalancing(speed_per_step=speed), seed=0).violation[-50:].mean()
        for speed in (0.001, 0.01)
    )
    assert fast > 2 * slow


def test_once_the_speed_is_0_the_bias_stays() -> None:
    early = balance_by_bias(TASTE, batch(20), BiasBalancing(steps=20), seed=0)
    later = balance_by_bias(TASTE, batch(40), BiasBalancing(steps=20), seed=0)
    assert later.bias.tolist() == early.bias.tolist()
    assert np.abs(later.bias).max() == pytest.approx(0.02)


def test_without_bias_or_loss_nothing_becomes_even() -> None:
    done = balance_by_bias(TASTE, batch(30), BiasBalancing(speed_per_step=0), seed=0)
    assert done.violation[-5:].mean() == pytest.approx(done.violation[:5].mean(), rel=0.1)


def test_the_sequence_loss_evens_out_what_a_domain_prefers() -> None:
    """Large alpha, so that few steps show it; a bias for all domains together cannot do this."""
    apart = Preferences(domains=4, strength=0.8, correlation=0.0).first(2, 32, seed=0)
    one_domain = batch(1)
    how = BiasBalancing(speed_per_step=0, sequence_loss=SequenceLoss(alpha=0.1))
    done = balance_by_bias(apart, batch(60), how, seed=0)
    before, after = (
        max_violation(tokens_by_domain(one_domain, taste.weights, None, 9)).mean() for taste in (apart, done.taste)
    )
    assert after < 0.6 * before
    assert (done.bias == 0).all()


def test_a_drift_after_the_last_step_is_refused() -> None:
    with pytest.raises(ValueError, match="a drift at step 30 comes after the last of 30 steps, 29"):
        balance_by_bias(TASTE, batch(30), BiasBalancing(), seed=0, drift=SuddenDrift(at=30))


def test_the_settled_bias_is_where_slow_balancing_ends() -> None:
    slow = balance_by_bias(TASTE, batch(400), BiasBalancing(), seed=0).bias
    quick = settled_bias(TASTE, GATE, seed=1)
    apart = (quick - quick.mean(axis=1, keepdims=True)) - (slow - slow.mean(axis=1, keepdims=True))
    assert np.abs(apart).max() < 0.03
    assert np.corrcoef(quick.ravel(), slow.ravel())[0, 1] > 0.99
