"""What a GPU-hour costs, and who says so."""

from __future__ import annotations

from topologies.hardware import Catalogued
from topologies.units import UsdPerS


class Price(Catalogued):
    """A rental price.

    gpu_usd_per_s   one GPU with its share of node and network, per second of wall time
    """

    gpu_usd_per_s: UsdPerS
