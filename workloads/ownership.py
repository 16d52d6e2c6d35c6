"""What it takes to own a cluster: what is bought, for how long, at which interest, and who keeps it running."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from topologies.hardware import Entry
from topologies.units import Seconds, Share, Usd, UsdOrZero, UsdPerSOrZero

CURRENCY: Literal["USD"] = "USD"


class Ownership(Entry):
    """Prices and terms of owning, as of a day; electricity and space are the site's, see `Site`."""

    group: ClassVar[str] = "ownerships"
    date: Annotated[str, Field(pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}")]
    """Day of the prices."""
    currency: Literal["USD"] = CURRENCY
    """Every amount is in it."""
    gpu: str
    """Name of the GPU that is bought."""
    gpu_usd: Usd
    """One GPU."""
    server_usd: UsdOrZero
    """One server without its GPUs: boards, processors, memory, NVLink switches, network adapters."""
    network_usd_per_gpu: UsdOrZero | None = None
    """A GPU's part of the network; left out: the bill of the cluster's own topology."""
    storage_usd_per_gpu: UsdOrZero
    """A GPU's part of the storage."""
    lifetime_s: Seconds
    """How long all this is used."""
    interest_ratio: Annotated[float, Field(ge=0, le=1)]
    """Interest of a year on what is tied up."""
    residual_ratio: Annotated[Share, Field(lt=1)]
    """What it can be sold for in the end, over its price."""
    maintenance_ratio: Annotated[float, Field(ge=0, le=1)]
    """Support and spare parts of a year over the price."""
    gpu_staff_usd_per_s: UsdPerSOrZero
    """A GPU's part of the people who run the cluster."""
    utilisation_ratio: Annotated[Share, Field(gt=0)]
    """Share of the GPU-hours that somebody uses."""

    @field_validator("currency", mode="before")
    @classmethod
    def _in_dollars(cls, currency: object) -> object:
        """Say what to do with another currency."""
        if currency != CURRENCY:
            raise ValueError(
                f"read `{currency}`; amounts are in {CURRENCY}: convert them, write `currency: {CURRENCY}`, and say "
                "under `sources` at which rate and on which day"
            )
        return currency
