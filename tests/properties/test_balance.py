"""What holds for every placement of experts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from workloads.balance import balanced, eplb, replicate
from workloads.placement import Placement, Slots, busiest_over_mean, unreplicated_tokens

Case = tuple[NDArray[np.float64], Slots]
ROUNDING = 1e-8


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One to three layers; groups that divide among nodes and such that do not; tokens equal, zero, skewed."""
    nodes, gpus_of_node = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    groups, size = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    gpus, experts = nodes * gpus_of_node, groups * size
    per_gpu = -(-experts // gpus) + draw(st.integers(0, 3))
    row = st.lists(st.sampled_from([0, 1, 1, 2, 3, 5, 9, 100, 10_000]), min_size=experts, max_size=experts)
    tokens = draw(st.lists(row, min_size=1, max_size=3))
    return np.array(tokens, dtype=float), Slots(per_gpu * gpus, gpus, groups, nodes)


def busiest(placed: Placement, tokens: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tokens of the busiest GPU over the mean: [layer]."""
    return busiest_over_mean(placed.gpu_tokens(tokens))


@given(cases(), st.sampled_from(["balanced", "published", "apart"]))
def test_every_expert_is_placed_replicas_add_up_and_no_token_is_lost(case: Case, how: str) -> None:
    tokens, slots = case
    placed = balanced(tokens, slots) if how == "balanced" else eplb(tokens, slots, apart=how == "apart")
    copies = placed.copies(tokens.shape[1])
    assert copies.min() >= 1
    assert copies.sum(axis=1).tolist() == [slots.replicas] * len(tokens)
    assert np.allclose(placed.gpu_tokens(tokens).sum(axis=1), tokens.sum(axis=1))
    assert all(np.bincount(row).tolist() == [slots.per_gpu] * slots.gpus for row in placed.gpu)


@given(cases())
def test_it_is_never_worse_than_no_replication_nor_than_eplb_as_published(case: Case) -> None:
    tokens, slots = case
    found = busiest(balanced(tokens, slots), tokens)
    assert (found <= busiest_over_mean(unreplicated_tokens(tokens, slots.gpus)) + ROUNDING).all()
    assert (found <= busiest(eplb(tokens, slots), tokens) + ROUNDING).all()


@given(cases())
def test_a_group_stays_on_one_node_where_groups_divide_among_nodes(case: Case) -> None:
    tokens, slots = case
    if slots.hierarchical:
        placed = balanced(tokens, slots)
        group = placed.expert // (tokens.shape[1] // slots.groups)
        node = placed.gpu // (slots.gpus // slots.nodes)
        for layer in range(len(tokens)):
            pairs = set(zip(group[layer].tolist(), node[layer].tolist(), strict=True))
            assert len(pairs) == slots.groups


@given(cases())
def test_an_expert_is_on_a_gpu_twice_only_if_every_other_has_it_or_is_full_of_busier_replicas(case: Case) -> None:
    """Of the packing that keeps replicas apart; `balanced` takes another one only where that is less busy."""
    tokens, slots = case
    placed = eplb(tokens, slots, apart=True)
    share = np.take_along_axis(tokens / placed.copies(tokens.shape[1]), placed.expert, axis=1)
    together = slots.gpus // slots.nodes if slots.hierarchical else slots.gpus
    shape = (-1, together, slots.per_gpu)
    for experts, shares in zip(placed.expert.reshape(shape), share.reshape(shape), strict=True):
        for held in experts:
            for twice in {expert for expert in held.tolist() if (held == expert).sum() > 1}:
                lacking = ~(experts == twice).any(axis=1)
                assert (shares[lacking] >= shares[experts == twice][0]).all()


@given(cases())
def test_balanced_puts_an_expert_on_a_gpu_twice_more_often_only_to_be_less_busy(case: Case) -> None:
    tokens, slots = case
    found, apart = balanced(tokens, slots), eplb(tokens, slots, apart=True)
    other = (found.expert != apart.expert).any(axis=1)
    assert (busiest(found, tokens)[other] < busiest(apart, tokens)[other]).all()


@given(cases())
def test_no_other_numbers_of_replicas_make_the_busiest_replica_lighter(case: Case) -> None:
    """Greedy replication is optimal: a replica is above a lighter bound only if too many replicas would be needed."""
    tokens, slots = case
    chosen = replicate(tokens, slots.replicas)
    for row, experts in zip(tokens, chosen, strict=True):
        copies = np.bincount(experts, minlength=len(row))
        lighter = (row / copies).max() * (1 - ROUNDING)
        if lighter > 0:
            assert np.maximum(np.ceil(row / lighter), 1).sum() > slots.replicas
