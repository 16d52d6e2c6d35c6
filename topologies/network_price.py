"""What the parts of a network cost: a switch, a cable between switches, an endpoint's connection."""

from typing import ClassVar

from topologies.entry import Entry
from topologies.fields import Named
from topologies.units import Usd, UsdOrZero


class NetworkPrice(Entry):
    """Unit prices of a network of one generation."""

    group: ClassVar[str] = "network-prices"
    switch_usd: UsdOrZero
    link_usd: Named[Usd]
    """One cable between switches with what is plugged in at its ends, by class of cable."""
    endpoint_usd: Named[Usd]
    """One endpoint's part of the network, its cable included, by class of that cable."""
