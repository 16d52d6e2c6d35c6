"""What a GPU-hour costs, and who says so."""

from __future__ import annotations

from typing import ClassVar

from topologies.hardware import Entry
from topologies.units import UsdPerS


class Price(Entry):
    """A rental price.

    gpu             name of the GPU that the price is for
    gpu_usd_per_s   one GPU with its share of node and network, per second of wall time
    """

    group: ClassVar[str] = "prices"
    gpu: str
    gpu_usd_per_s: UsdPerS
