"""Where a cluster stands: electricity, cooling, space, and the carbon of its grid."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from topologies.hardware import Entry
from topologies.units import KgPerJ, UsdPerJ, UsdPerSOrZero


class Site(Entry):
    """A data centre and its grid."""

    group: ClassVar[str] = "sites"
    pue_ratio: Annotated[float, Field(ge=1, allow_inf_nan=False)]
    """Power of the whole site over that of its computers (power usage effectiveness)."""
    electricity_usd_per_j: UsdPerJ
    """Price at the meter."""
    grid_kg_per_j: KgPerJ
    """CO2 equivalent of electricity at the meter."""
    server_space_usd_per_s: UsdPerSOrZero
    """Rent of the place of one server, its power and cooling plant included, electricity not."""
