"""Published sizes and costs of networks, beside what their counts and unit prices give here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from topologies.bill import Bill, bill
from topologies.catalogue import Catalogue, FromCatalogue, built_in
from topologies.discovery import Discovered
from topologies.kinds.base import Counts, TopologySpec
from topologies.network_price import NetworkPrice
from topologies.spec import Spec, load
from topologies.units import Count, Share, Usd

FILE = Path(__file__).parent / "published" / "networks" / "isca25-table-3.yaml"
Text = Annotated[str, Field(min_length=1)]
Role = Literal["target", "input"]


class PublishedNetwork(Spec):
    """One network of a published comparison."""

    name: Text
    title: Text
    topology: Annotated[TopologySpec, Discovered("topologies.kinds")]
    endpoints: Count
    switches: Count
    links: Annotated[int, Field(ge=0)]
    cost_usd: Usd
    cost_usd_per_endpoint: Usd

    @property
    def counts(self) -> Counts:
        """The published counts."""
        return Counts(self.endpoints, self.switches, self.links)


class PublishedNetworks(Spec):
    """A published comparison of networks, and the unit prices that go with it.

    A role says what is evidence (target) and what was used to set the prices (input).
    """

    source: Text
    prices: Annotated[NetworkPrice, FromCatalogue("network-prices")]
    counts_role: Role
    cost_role: Role
    order_role: Role
    """Of the order of costs an endpoint."""
    cost_tolerance_ratio: Share
    rows: Annotated[tuple[PublishedNetwork, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Priced:
    """A published network, counted and priced here."""

    published: PublishedNetwork
    counts: Counts
    bill: Bill

    @property
    def cost_error_ratio(self) -> float:
        """How much more it costs here, relative to what was published."""
        return self.bill.total_usd / self.published.cost_usd - 1


def published_networks(path: Path = FILE) -> PublishedNetworks:
    """The published comparison; raises InvalidInput."""
    return load(path, PublishedNetworks, Catalogue(built_in()))


def priced(published: PublishedNetworks, prices: NetworkPrice | None = None) -> tuple[Priced, ...]:
    """Count and price every network of a comparison, at its own unit prices or at others."""
    unit = prices if prices is not None else published.prices
    return tuple(Priced(row, row.topology.count(), bill(row.topology, unit)) for row in published.rows)


def saving_ratio(cheap: Bill, dear: Bill) -> float:
    """How much less an endpoint costs in one network than in another."""
    return 1 - cheap.usd_per_endpoint / dear.usd_per_endpoint


def by_cost(networks: tuple[Priced, ...]) -> tuple[Priced, ...]:
    """Networks by cost an endpoint, the cheapest first; those that cost the same stay in their order."""
    return tuple(sorted(networks, key=lambda one: one.bill.usd_per_endpoint))
