"""Ranks that share experts by hand: who waits for whom, and what uneven loads cost."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import chunks
from simulator.chunks import COMM, COMPUTE, Part
from simulator.lockstep import lockstep, on_one_rank, trace
from simulator.phases import Seconds
from tests.sharing import varied
from tests.worked.test_chunks import MOE
from workloads.expert_loads import draw
from workloads.loads import Loads, speeds

MLP = Part(COMPUTE, "mlp(F) l0", Seconds(1.0, 4.0), (), 0, together=False)
COMBINE = Part(COMM, "combine(F) l0", Seconds(0.0, 2.0), (0,), 0, together=True)
TWO = Loads(rank=np.array([[[0.5, 1.5]]]), node=np.array([[[1.0, 1.0]]]))


def test_the_lighter_rank_waits_for_the_heavier() -> None:
    """1 + 4 x 0.5 = 3 against 1 + 4 x 1.5 = 7; both combine from 7 to 9."""
    played = lockstep([MLP, COMBINE], TWO)
    assert played.end[0, 0].tolist() == [3, 7]
    assert played.start[1, 0].tolist() == [7, 7]
    assert played.seconds == 9
    assert played.wait_s.tolist() == [0, 2]


def test_a_combine_takes_as_long_as_on_the_fullest_node() -> None:
    """Two nodes of one rank each: the second sends half as much again, and all wait for it."""
    apart = Loads(rank=TWO.rank, node=TWO.rank)
    assert lockstep([MLP, COMBINE], apart).end[1, 0].tolist() == [7 + 2 * 1.5] * 2


def test_a_slow_gpu_takes_longer_for_what_it_computes_not_for_what_it_sends() -> None:
    """The lighter rank at a third of the speed: 3 x 3 = 9 against 7; both combine from 9 to 11."""
    slow = Loads(rank=TWO.rank, node=TWO.node, slowness=np.array([[3.0, 1.0]]))
    played = lockstep([MLP, COMBINE], slow)
    assert played.end[0, 0].tolist() == [9, 7]
    assert played.seconds == 11


def test_speeds_have_the_mean_and_the_spread_that_were_asked_for() -> None:
    drawn = speeds(0.1, (100, 100), seed=0)
    assert drawn.mean() == pytest.approx(1, rel=0.01)
    assert drawn.std() == pytest.approx(0.1, rel=0.05)
    assert (speeds(0.0, (2,), seed=0) == 1).all()


def test_a_rank_shows_its_waits() -> None:
    """The lighter rank's trace: 3 s of work, 4 s of waiting, 2 s of transfer."""
    frame = trace([MLP, COMBINE], lockstep([MLP, COMBINE], TWO), rank=0).to_frame()
    assert frame["name"].tolist() == ["mlp(F) l0", "wait for combine(F) l0", "combine(F) l0"]
    assert frame["end_s"].tolist() == [3, 7, 9]


@pytest.mark.parametrize("parts", [chunks.forward([MOE, MOE]), chunks.backward([MOE], True), chunks.pair([MOE], [MOE])])
def test_balanced_loads_give_what_the_engine_gives(parts: tuple[Part, ...]) -> None:
    """Two ways to play the same chunk, one answer, task by task."""
    even = draw(varied(8, 4, 2, 0.0), draws=1, layers=4, seed=0)
    played, alone = lockstep(parts, even), on_one_rank(parts)
    assert played.start[:, 0, 0] == pytest.approx(alone.start_s)
    assert played.end[:, 0, 0] == pytest.approx(alone.end_s)


def test_loads_move_tokens_and_make_none() -> None:
    """Mean 1 over ranks in every draw, spread as asked: 0.4 an expert is 0.2 over the four experts of a rank."""
    loads = draw(varied(256, 64, 8, 0.4), draws=200, layers=3, seed=1)
    assert loads.rank.mean(axis=-1) == pytest.approx(np.ones((200, 3)))
    assert loads.rank.std() == pytest.approx(0.2, rel=0.02)
    assert loads.node[:, :, 0] == pytest.approx(loads.rank[:, :, :8].mean(axis=-1))


def test_more_uneven_loads_are_slower() -> None:
    """The same draws, stretched."""
    parts = (MLP, COMBINE)
    times = []
    for variation in (0.0, 0.1, 0.2, 0.4):
        loads = draw(varied(256, 64, 8, variation), 64, 1, seed=0)
        times.append(lockstep(parts, loads).seconds)
    assert times == sorted(times)
    assert times[-1] > times[0] * 1.2
