"""One chunk on several GPUs by hand: who waits for whom, how each GPU's time adds up, who is to blame."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import chunks
from simulator.chunks import COMM, COMPUTE, Part, loads_of
from simulator.gpus.inside import Stay, play
from simulator.gpus.script import script
from simulator.lockstep import lockstep
from simulator.phases import Seconds
from tests.sharing import varied
from tests.worked.test_chunks import MOE
from workloads.expert_loads import draw
from workloads.layout import Layout
from workloads.loads import Loads

MLP = Part(COMPUTE, "mlp(F) l0", Seconds(1.0, 4.0), (), 0, together=False)
COMBINE = Part(COMM, "combine(F) l0", Seconds(0.0, 2.0), (0,), 0, together=True)
BESIDE = Part(COMPUTE, "attn(W) l0", Seconds(3.0), (0,), 0, together=False)
UNEVEN = Loads(rank=np.array([[[0.5, 1.5]]]), node=np.array([[[1.0, 1.0]]]))
ALIKE = np.ones(2)


def layout(**sizes: int) -> Layout:
    """A layout of these sizes."""
    return Layout.model_validate({**sizes, "schedule": {"kind": "1f1b"}})


def played(parts: list[Part], loads: Loads = UNEVEN, entry_s: tuple[float, float] = (0.0, 0.0)) -> Stay:
    """A chunk on two GPUs that share experts."""
    return play(script(parts, layout(dp=2, ep=2)), np.array(entry_s), loads, ALIKE)


def test_the_lighter_gpu_waits_for_the_heavier() -> None:
    """1 + 4 x 0.5 = 3 s against 1 + 4 x 1.5 = 7 s, then both combine for 2 s: 4 s of waiting are the second's doing."""
    stay = played([MLP, COMBINE])
    assert stay.end_s.tolist() == [9, 9]
    assert stay.compute_s.tolist() == [3, 7]
    assert stay.exposed_transfer_s.tolist() == stay.transfer_s.tolist() == [2, 2]
    assert stay.wait_for_slowest_s.tolist() == [4, 0]
    assert stay.kept_waiting_s.tolist() == [0, 4]


def test_waiting_and_sending_beside_computation_costs_nothing_by_itself() -> None:
    """3 s of other work: the first GPU stands still only from 6 to 7, the second hides its whole combine."""
    stay = played([MLP, COMBINE, BESIDE])
    assert stay.end_s.tolist() == [9, 10]
    assert stay.compute_s.tolist() == [6, 10]
    assert stay.wait_for_slowest_s.tolist() == [1, 0]
    assert stay.exposed_transfer_s.tolist() == [2, 0]
    assert stay.kept_waiting_s.tolist() == [0, 4]


def test_a_gpu_that_comes_late_delays_those_it_works_with() -> None:
    """The lighter GPU comes 5 s later: ready at 8 instead of 3, now the other waits 1 s."""
    stay = played([MLP, COMBINE], entry_s=(5.0, 0.0))
    assert stay.end_s.tolist() == [10, 10]
    assert stay.wait_for_slowest_s.tolist() == [0, 1]
    assert stay.kept_waiting_s.tolist() == [1, 0]


def test_a_slow_gpu_computes_longer_and_sends_as_fast() -> None:
    """Half as fast: 2 x 3 = 6 s for the first, still less than 7."""
    stay = play(script([MLP, COMBINE], layout(dp=2, ep=2)), np.zeros(2), UNEVEN, np.array([2.0, 1.0]))
    assert stay.compute_s.tolist() == [6, 7]
    assert stay.transfer_s.tolist() == [2, 2]
    assert stay.end_s.tolist() == [9, 9]


def test_groups_that_share_other_experts_do_not_wait_for_each_other() -> None:
    """Two groups of two: the second group's loads are even, and it leaves at 1 + 4 + 2 = 7."""
    loads = Loads(rank=np.array([[[0.5, 1.5]], [[1.0, 1.0]]]), node=np.ones((2, 1, 2)))
    stay = play(script([MLP, COMBINE], layout(dp=4, ep=2)), np.zeros(4), loads, np.ones(4))
    assert stay.end_s.tolist() == [9, 9, 7, 7]


def test_ranks_that_split_a_sequence_meet_at_its_exchange_and_leave_together() -> None:
    """Two pairs of cp: each goes as its slower GPU, 10 s a product there, the exchange of 1 s hidden."""
    split = Part(COMM, "split(F) l0", Seconds(0.0, 1.0), (0,), 0, together=False)
    even = Loads(np.ones((1, 1, 4)), np.ones((1, 1, 4)))
    stay = play(script([MLP, split, MLP], layout(cp=2, dp=2)), np.zeros(4), even, np.array([1.0, 2.0, 1.0, 1.0]))
    assert stay.end_s.tolist() == [20, 20, 10, 10]
    assert stay.exposed_transfer_s.tolist() == [1, 0, 0, 0]
    assert stay.wait_for_slowest_s.tolist() == [9, 0, 0, 0]


def test_gathers_of_sharded_parameters_wait_for_the_whole_stage() -> None:
    """The second of two GPUs of no other connection is half as fast: 10 s, then both gather."""
    gather = Part(COMM, "gather(F) l1", Seconds(1.0), (0,), 0, together=False)
    even = Loads(np.ones((1, 1, 2)), np.ones((1, 1, 2)))
    stay = play(script([MLP, gather], layout(dp=2)), np.zeros(2), even, np.array([1.0, 2.0]))
    assert stay.end_s.tolist() == [11, 11]


@pytest.mark.parametrize("parts", [chunks.forward([MOE, MOE]), chunks.backward([MOE], True), chunks.pair([MOE], [MOE])])
def test_gpus_that_enter_together_do_what_lockstep_says(parts: tuple[Part, ...]) -> None:
    """The same loads, drawn once: one group a draw, GPU by GPU."""
    loads = draw(varied(8, 4, 2, 0.3), draws=3, layers=loads_of(parts), seed=7)
    stay = play(script(parts, layout(dp=12, ep=4)), np.zeros(12), loads, np.ones(12))
    assert stay.end_s == pytest.approx(lockstep(parts, loads).end.max(axis=0).ravel(), rel=1e-12)
    spent_s = stay.compute_s + stay.exposed_transfer_s + stay.wait_for_slowest_s
    assert spent_s == pytest.approx(stay.end_s, rel=1e-12)
