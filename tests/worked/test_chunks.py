"""The inside of a chunk by hand: what hides behind what."""

from __future__ import annotations

import pytest

from simulator import chunks
from simulator.chunks import Labelled
from simulator.collectives import Transfer
from simulator.lockstep import on_one_rank
from simulator.phases import Block, Compute, Exchange, Seconds


def moved(seconds: float) -> Transfer:
    """A transfer of which only the time matters."""
    return Transfer(seconds, 0.0, seconds, "network")


def compute(*seconds: float) -> Compute:
    """Phases in the order attention F, MLP F, attention B, MLP B, attention W, MLP W."""
    return Compute(*(Seconds(value) for value in seconds))


ALONE = compute(3, 4, 8, 5, 2, 6)
SHARED = compute(4, 5, 10, 6, 3, 7)
EXCHANGE = Exchange(dispatch=moved(1), combine=moved(2), dispatch_back=moved(2), combine_back=moved(1))
MOE = Labelled(Block("moe", ALONE, SHARED, EXCHANGE, EXCHANGE), 5)
DENSE = Labelled(Block("dense", ALONE, SHARED, Exchange(), Exchange()), 0)


def test_a_forward_alone_hides_nothing() -> None:
    """3 + 1 + 4 + 2 for each of two layers."""
    assert on_one_rank(chunks.forward([MOE, MOE])).makespan_s == pytest.approx(20)


def test_a_backward_alone_hides_transfers_behind_weight_gradients() -> None:
    """Combine's gradient 1, MLP 5, weights 7 over the dispatch's 2, attention 8, its weights 3."""
    assert on_one_rank(chunks.backward([MOE], with_weights=True)).makespan_s == pytest.approx(1 + 5 + 7 + 8 + 3)


def test_an_input_gradient_alone_waits_for_its_transfers() -> None:
    """1 + 5 + 2 + 8: no weight gradient to hide the dispatch behind."""
    assert on_one_rank(chunks.backward([MOE], with_weights=False)).makespan_s == pytest.approx(16)


def test_postponed_weight_gradients_need_no_transfer() -> None:
    """6 + 2."""
    assert on_one_rank(chunks.weight_gradient([MOE])).makespan_s == pytest.approx(8)


def test_a_pair_hides_all_but_the_last_combine() -> None:
    """Computation 4 + 6 + 7 + 5 + 10 + 3 = 35 covers every transfer of both directions."""
    trace = on_one_rank(chunks.pair([MOE], [MOE]))
    assert trace.makespan_s == pytest.approx(35)


def test_a_pair_runs_in_the_published_order() -> None:
    """Ten phases on two streams."""
    tasks = chunks.pair([MOE], [MOE])
    by_stream = {stream: [t.name.split(" ")[0] for t in tasks if t.stream == stream] for stream in ("compute", "comm")}
    assert by_stream["compute"] == ["attn(F)", "mlp(B)", "mlp(W)", "mlp(F)", "attn(B)", "attn(W)"]
    assert by_stream["comm"] == ["combine(B)", "dispatch(F)", "dispatch(B)", "combine(F)"]


def test_layers_without_a_partner_run_alone() -> None:
    """A pair of one layer, then a forward of one alone: 35 + 10 (the second forward waits for the first's combine)."""
    assert on_one_rank(chunks.pair([MOE, MOE], [MOE])).makespan_s == pytest.approx(35 + 10)


def test_dense_layers_have_nothing_to_hide() -> None:
    """Two dense layers compute with all multiprocessors, one after the other."""
    assert on_one_rank(chunks.pair([DENSE], [DENSE])).makespan_s == pytest.approx(3 + 5 + 6 + 4 + 8 + 2)
