"""Memory of a rank by hand."""

from __future__ import annotations

import pytest

from simulator.collectives import Group
from simulator.finish import Formats, Parameters, Replicas, update_bytes
from simulator.memory import DoesNotFit, RankMemory, activations_bytes, require_fit, states
from simulator.stages import Stage, held_parameters
from workloads.schedule import Work

GROUPS = Replicas(dense=Group(nodes=2, per_node=4), routed=Group(nodes=2, per_node=1), zero_stage=1)
FORMATS = Formats(gradient_bytes=4, moment_bytes=2, weight_bytes=2)


def stage(kept: float, for_weights: float = 0.0, shared: dict[str, int] | None = None) -> Stage:
    """A stage of which only what it keeps matters."""
    return Stage("", (), Parameters(100.0, 10.0), shared or {}, kept, for_weights, 0.0, 0.0)


def test_states_are_sharded_over_those_who_hold_the_same_parameters() -> None:
    """800 dense over 8 replicas, 40 routed over 2: 120 owned, of 4 + 2 + 2 bytes each."""
    assert states(Parameters(800, 40), GROUPS, FORMATS) == (1680, 3360, 960)


def test_without_sharding_every_rank_keeps_all_states() -> None:
    """840 parameters of 8 bytes."""
    whole = Replicas(GROUPS.dense, GROUPS.routed, zero_stage=0)
    assert states(Parameters(800, 40), whole, FORMATS)[2] == 840 * 8


def test_the_optimizer_moves_what_adam_needs() -> None:
    """120 owned: norm 4, gradient 4, master and moments 16, weight 2 bytes each; 840 gradients of 4 set to zero."""
    assert update_bytes(Parameters(800, 40), GROUPS, FORMATS) == 120 * 26 + 840 * 4


def test_activations_are_held_from_forward_to_the_end_of_backward() -> None:
    """Two forwards held at once; a postponed weight gradient keeps its part until it is done."""
    order = [(Work("F", 0, 0),), (Work("F", 1, 0),), (Work("I", 0, 0),), (Work("F", 2, 0),), (Work("W", 0, 0),),
             (Work("B", 1, 0),), (Work("B", 2, 0),)]  # fmt: skip
    assert activations_bytes(order, [stage(10, for_weights=4)]) == 24


def test_embedding_shared_by_two_stages_counts_once() -> None:
    """The stage with MTP uses the embedding that the first stage holds."""
    held = held_parameters([stage(0, shared={"embedding": 7}), stage(0, shared={"embedding": 7, "head": 5})])
    assert (held.dense, held.routed) == (212, 20)


def test_a_plan_that_does_not_fit_names_its_largest_terms() -> None:
    """The fullest rank, what it needs, what there is, the three largest parts."""
    small = RankMemory(1e9, 1e9, 1e9, 1e9, 0, 0)
    large = RankMemory(parameters=1e9, gradients=2e9, optimizer=3e9, activations=80e9, buffers=0, workspace=0)
    require_fit([small], 4e9)
    with pytest.raises(DoesNotFit, match=r"rank 1 needs 86 GB.*80 GB are usable.*activations 80 GB, optimizer 3 GB"):
        require_fit([small, large], 80e9)
