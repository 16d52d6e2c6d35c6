"""Routers by hand: draws without replacement, today's gamma loads, domains, a balanced bias."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workloads.expert_loads import Sharing, draw
from workloads.gating import routed
from workloads.load_statistics import global_max_violation, tokens_of_experts, variation
from workloads.reference.dims import Gate
from workloads.router import Batch
from workloads.routers.affinity import Affinity
from workloads.routers.dirichlet import Dirichlet
from workloads.routers.gamma import Gamma
from workloads.routers.uniform import Uniform
from workloads.routers.zipf import Zipf

DEEPSEEK_V3 = Gate(256, 8, 8, 4, "sigmoid", "best_two", bias=True)
ONE_DOMAIN = np.zeros(200_000, dtype=np.int64)


@pytest.mark.parametrize("score", ["sigmoid", "softmax"])
def test_first_choices_are_in_proportion_to_the_weight_and_second_ones_among_those_left(score: str) -> None:
    """Weights 1/2, 1/3, 1/6: a, then b, has the chance w_a w_b / (1 - w_a), and leaves out the third."""
    weights = np.array([[0.5, 1 / 3, 1 / 6]])
    gate = Gate(3, 2, score=score)  # type: ignore[arg-type]
    choices = routed(gate, weights, ONE_DOMAIN, None, seed=0)
    first = tokens_of_experts(choices[:, :1], 3) / len(choices)
    assert first == pytest.approx(weights[0], abs=0.005)
    w = weights[0]
    left_out = [
        sum(w[a] * w[b] / (1 - w[a]) for a in range(3) for b in range(3) if len({a, b, last}) == 3) for last in range(3)
    ]
    chosen = tokens_of_experts(choices, 3) / len(choices)
    assert chosen == pytest.approx(1 - np.array(left_out), abs=0.005)


def test_uniform_loads_vary_as_draws_without_replacement() -> None:
    """Each token chooses an expert with k / n: standard deviation over mean root((1 - k/n) / (tokens k/n))."""
    batch = Batch(Gate(64, 4), 4, 8, 5000, 5000)
    seen = variation(Uniform().expert_tokens(batch, 0)).mean()
    assert seen == pytest.approx(math.sqrt((1 - 1 / 16) / (5000 / 16)), rel=0.05)


def test_gamma_loads_are_those_that_steps_were_drawn_with() -> None:
    """Four sequences halve the variation; a step's ranks add up the same numbers."""
    sharing = Sharing(DEEPSEEK_V3, 58, 64, 8, tokens=4 * 4096, sequence_tokens=4096, router=Gamma(variation=1.0))
    drawn = draw(sharing, 5, 3, (3, 1))
    loads = np.random.default_rng((3, 1)).gamma(4, 1 / 4, (5, 3, 256))
    rank = loads.reshape(5, 3, 64, 4).mean(axis=-1)
    assert drawn.rank == pytest.approx(rank / rank.mean(axis=-1, keepdims=True), rel=1e-12)
    assert drawn.node[:, :, 0] == pytest.approx(drawn.rank[:, :, :8].mean(axis=-1), rel=1e-12)


def test_gamma_without_variation_is_even() -> None:
    batch = Batch(Gate(16, 2), 1, 1, 80, 80)
    assert Gamma(variation=0).expert_tokens(batch, 0).tolist() == [[[10.0] * 16]]


def test_zipf_popularity_falls_with_the_rank_in_an_order_of_each_layer() -> None:
    popularity = Zipf(exponent=1).popularity(2, 4, seed=0)
    harmonic = 1 + 1 / 2 + 1 / 3 + 1 / 4
    for layer in popularity:
        assert sorted(layer, reverse=True) == pytest.approx([4 / harmonic / rank for rank in (1, 2, 3, 4)])
    orders = {tuple(np.argsort(layer)) for layer in Zipf().popularity(20, 6, seed=0)}
    assert len(orders) > 10


def test_dirichlet_popularity_varies_by_one_over_the_root_of_the_concentration() -> None:
    """Exactly root((n - 1) / (n c + 1)) over the mean."""
    seen = Dirichlet(concentration=4).popularity(400, 64, seed=0)
    assert variation(seen).mean() == pytest.approx(math.sqrt(63 / (64 * 4 + 1)), rel=0.02)


def test_one_sequence_loads_experts_as_unevenly_as_its_domain_says() -> None:
    """Without groups and for few of many experts: root(exp(s^2) - 1), a little less for the best, which saturate."""
    batch = Batch(Gate(512, 1), 8, 1, 60_000, 60_000)
    seen = variation(Affinity(domain_strength=0.5).expert_tokens(batch, 0)).mean()
    by_chance = math.sqrt(512 / 60_000)
    assert seen == pytest.approx(math.hypot(math.sqrt(math.exp(0.25) - 1), by_chance), rel=0.05)


def test_many_sequences_are_more_even_than_one_where_domains_prefer_different_experts() -> None:
    one, many = (
        variation(Affinity(domains=64).expert_tokens(Batch(DEEPSEEK_V3, 2, 4, tokens, 1024), 0)).mean()
        for tokens in (1024, 64 * 1024)
    )
    assert one == pytest.approx(0.8, abs=0.1)
    assert many < one / 5


def test_a_drift_leaves_the_spread_and_changes_the_experts_in_demand() -> None:
    batch = Batch(DEEPSEEK_V3, 1, 12, 16_384, 16_384)
    for drift_share, alike in ((0.0, 1.0), (0.5, 0.75**5.5), (1.0, 0.0)):
        router = Affinity(domains=1, domain_strength=0.5, drift_share=drift_share)
        tokens = router.expert_tokens(batch, 0)[:, 0]
        assert np.corrcoef(tokens[0], tokens[11])[0, 1] == pytest.approx(alike, abs=0.15)
        assert variation(tokens[11]) == pytest.approx(variation(tokens[0]), rel=0.25)


def test_a_balanced_bias_leaves_a_steps_own_unevenness_only() -> None:
    """Over many steps loads are even, in each step the domains of its few sequences are not."""
    batch = Batch(DEEPSEEK_V3, 2, 40, 8 * 512, 512)
    bare, balanced = (
        Affinity(domains=4, correlation=0.5, selection_bias=bias).expert_tokens(batch, 0)
        for bias in ("none", "balanced")
    )
    assert global_max_violation(balanced).mean() < 0.25 * global_max_violation(bare).mean()
    assert 0.1 < variation(balanced).mean() < variation(bare).mean()


def test_where_only_some_tokens_pass_the_gate_they_stand_for_all() -> None:
    few, all_of_them = (
        Zipf().expert_tokens(Batch(Gate(16, 2), 1, 1, 64_000, 64_000, gated), 0) for gated in (16_000, 64_000)
    )
    assert few == pytest.approx(all_of_them, rel=0.06)
    assert (few % 4 == 0).all()
