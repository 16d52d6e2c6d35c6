"""What holds for every router: nothing is lost, nothing is chosen twice, the same seed draws the same."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topologies.discovery import Discovered
from topologies.spec import InvalidInput, Spec, dump, loads
from workloads.gating import domains_of_tokens, routed
from workloads.load_statistics import distinct, max_violation
from workloads.reference.dims import Gate
from workloads.router import Batch, RouterSpec
from workloads.routers.affinity import Affinity
from workloads.routers.balanced import Balanced
from workloads.routers.dirichlet import Dirichlet
from workloads.routers.gamma import Gamma
from workloads.routers.uniform import Uniform
from workloads.routers.zipf import Zipf

ROUTERS: list[RouterSpec] = [
    Balanced(), Uniform(), Gamma(variation=0.5), Zipf(exponent=1.2), Dirichlet(concentration=0.3), Affinity(domains=3),
    Affinity(domains=2, correlation=0.7, drift_share=0.3, selection_bias="balanced"),
]  # fmt: skip
KINDS = {"affinity", "balanced", "dirichlet", "file", "gamma", "uniform", "zipf"}
DRAWN = ROUTERS[1:]


class Holder(Spec):
    """As a job will hold a router."""

    routing: Annotated[RouterSpec, Discovered("workloads.routers")]


@st.composite
def gates(draw: st.DrawFn) -> Gate:
    """Gates of every score with and without groups; odd numbers of experts too."""
    groups, size = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    top_groups = draw(st.integers(1, groups))
    top_k = draw(st.integers(1, min(6, top_groups * size)))
    score, group_score = draw(st.sampled_from(["sigmoid", "softmax"])), draw(st.sampled_from(["best", "best_two"]))
    return Gate(groups * size, top_k, groups, top_groups, score, group_score)  # type: ignore[arg-type]


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Small ones, some of which send only part of their tokens through the gate."""
    tokens = draw(st.integers(1, 200))
    return Batch(
        gate=draw(gates()),
        layers=draw(st.integers(1, 3)),
        steps=draw(st.integers(1, 3)),
        tokens=tokens,
        sequence_tokens=draw(st.integers(1, 250)),
        gated_tokens=draw(st.sampled_from([1, 7, 1000])),
    )


@pytest.mark.parametrize("router", ROUTERS, ids=lambda router: router.kind)
@settings(max_examples=25)
@given(batch=batches(), seed=st.integers(0, 2**32))
def test_every_choice_of_every_token_is_counted_once(router: RouterSpec, batch: Batch, seed: int) -> None:
    tokens = router.expert_tokens(batch, seed)
    assert tokens.shape == (batch.steps, batch.layers, batch.gate.experts)
    assert tokens.dtype == np.float64
    assert tokens.sum(axis=-1) == pytest.approx(np.full(tokens.shape[:2], batch.tokens * batch.gate.top_k))
    assert (tokens >= 0).all()
    if router.kind != "gamma":
        assert (tokens <= batch.tokens * (1 + 1e-12)).all()
    if router.kind not in ("gamma", "balanced") and batch.gated_tokens >= batch.tokens:
        assert (tokens == np.round(tokens)).all()


@pytest.mark.parametrize("router", ROUTERS, ids=lambda router: router.kind)
def test_the_same_seed_draws_the_same_and_another_seed_does_not(router: RouterSpec) -> None:
    batch = Batch(Gate(16, 2), 2, 2, 300, 100)
    first, again, other = (router.expert_tokens(batch, seed) for seed in (4, 4, (4, 1)))
    assert (first == again).all()
    assert (first != other).any() == (router.kind != "balanced")


@pytest.mark.parametrize("router", DRAWN, ids=lambda router: router.kind)
def test_steps_and_layers_differ(router: RouterSpec) -> None:
    tokens = router.expert_tokens(Batch(Gate(16, 2), 2, 2, 300, 100), 0)
    assert (tokens[0] != tokens[1]).any()
    assert (tokens[:, 0] != tokens[:, 1]).any()


@given(batches(), st.integers(0, 1000))
def test_a_token_never_chooses_an_expert_twice_nor_leaves_its_groups(batch: Batch, seed: int) -> None:
    gate = batch.gate
    domains = domains_of_tokens(batch, 2, seed)
    weights = np.exp(3 * np.random.default_rng(seed).standard_normal((2, gate.experts)))
    experts = routed(gate, weights, domains, None, seed)
    assert experts.min() >= 0
    assert experts.max() < gate.experts
    assert (distinct(experts, gate.experts) == gate.top_k).all()
    assert distinct(experts // (gate.experts // gate.groups), gate.groups).max() <= gate.top_groups


@given(batches(), st.floats(0.1, 3), st.integers(0, 1000))
def test_a_cap_never_adds_tokens_and_leaves_nobody_above_it(batch: Batch, factor: float, seed: int) -> None:
    free, kept = Zipf().expert_tokens(batch, seed), Zipf(capacity_factor=factor).expert_tokens(batch, seed)
    assert (kept <= free).all()
    assert (kept <= np.ceil(factor * batch.tokens * batch.gate.top_k / batch.gate.experts)).all()


@given(batches(), st.integers(1, 9))
def test_all_tokens_of_a_sequence_have_one_domain(batch: Batch, domains: int) -> None:
    of_tokens = domains_of_tokens(batch, domains, 0)
    gated = len(of_tokens)
    assert gated == min(batch.tokens, batch.gated_tokens)
    sequence = (np.arange(gated) * batch.tokens // gated) // batch.sequence_tokens
    assert all(len(set(of_tokens[sequence == one])) == 1 for one in set(sequence))


def test_every_kind_is_found_read_and_written() -> None:
    found = Discovered("workloads.routers").classes(RouterSpec)
    assert set(found) == KINDS
    for router in ROUTERS:
        holder = Holder(routing=router)
        assert loads(dump(holder), Holder) == holder
    assert loads("routing: {kind: zipf, exponent: 0.5, capacity_factor: 1.25}", Holder).routing == Zipf(
        exponent=0.5, capacity_factor=1.25
    )


def test_an_unknown_kind_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidInput, match="did you mean `zipf`"):
        loads("routing: {kind: zip}", Holder)


def test_more_skew_is_a_larger_violation() -> None:
    batch = Batch(Gate(64, 4, 8, 4, "sigmoid", "best_two"), 4, 4, 2048, 2048)
    zipf = [max_violation(Zipf(exponent=e).expert_tokens(batch, 0)).mean() for e in (0.0, 0.5, 1.0)]
    dirichlet = [max_violation(Dirichlet(concentration=c).expert_tokens(batch, 0)).mean() for c in (100.0, 3.0, 0.3)]
    domains = [max_violation(Affinity(domain_strength=s).expert_tokens(batch, 0)).mean() for s in (0.0, 0.5, 1.0)]
    for seen in (zipf, dirichlet, domains):
        assert seen == sorted(seen)
