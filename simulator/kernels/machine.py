"""The part of a GPU that a kernel runs on, and how long a kernel takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Bound = Literal["compute", "memory"]
ROUNDNESS = 3
"""Of 2, 3, 4, 8 and a sharp corner, the one that leaves the least error over all tables of matrix products."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a kernel finds.

    sms                  all multiprocessors of the GPU;  used   those that the kernel may run on
    flop_per_s           of all multiprocessors at the clock that matrix work sustains, in the kernel's precision
    hbm_bytes_per_s      nominal
    sm_load_bytes_per_s  most that one multiprocessor takes from the L2 cache
    """

    sms: int
    used: int
    flop_per_s: float
    hbm_bytes_per_s: float
    sm_load_bytes_per_s: float

    @property
    def sm_flop_per_s(self) -> float:
        """Sustained rate of one multiprocessor."""
        return self.flop_per_s / self.sms


@dataclass(frozen=True, slots=True)
class Busy:
    """Seconds that a kernel occupies its multiprocessors, and what sets them."""

    seconds: float
    bound: Bound


def slower(computed_s: float, moved_s: float) -> Busy:
    """Work that computes and moves at once takes little longer than the slower of both (Williams et al. 2009).

    Where both take about as long, neither runs at its full rate, for each waits for the other now and then: the corner
    of the roofline is rounded, seconds = (computed^p + moved^p)^(1/p). One p for all kernels and devices.
    """
    longer, shorter = max(computed_s, moved_s), min(computed_s, moved_s)
    together_s = longer * (1 + (shorter / longer) ** ROUNDNESS) ** (1 / ROUNDNESS) if longer > 0 else 0.0
    return Busy(together_s, "compute" if computed_s >= moved_s else "memory")
