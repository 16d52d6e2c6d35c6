"""Transfers under unequal loads: a GPU's own links grow with its load, a node's ports with the node's."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.chunks import COMM, Part
from simulator.lockstep import lockstep
from simulator.phases import Seconds
from workloads.loads import Loads

RANK = np.array([[[3.0, 1.0, 0.0, 0.0]]])
LOADS = Loads(RANK, np.array([[[2.0, 2.0, 0.0, 0.0]]]))


@pytest.mark.parametrize(
    ("name", "own", "ends"),
    [
        ("dispatch(F) l1", False, [2, 2, 0, 0]),
        ("dispatch(F) l1", True, [3, 1, 0, 0]),
        ("combine(F) l1", False, [2, 2, 2, 2]),
        ("combine(F) l1", True, [3, 3, 3, 3]),
    ],
)
def test_a_transfer_grows_with_what_sets_it(name: str, own: bool, ends: list[float]) -> None:
    """Two nodes of two GPUs; a second at the mean load."""
    part = Part(COMM, name, Seconds(0.0, 1.0), (), 0, together=True, own=own)
    assert lockstep([part], LOADS).end[0, 0].tolist() == ends
