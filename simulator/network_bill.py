"""What a cluster's network costs to buy: counted from its topology, at the unit prices of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from topologies.bill import Bill, bill
from topologies.kinds.base import TopologyError
from topologies.network_price import NetworkPrice
from topologies.spec import load_entry
from workloads.scenario import Cluster, catalogue

PRICES = "isca25-table-3"
"""Entry of the catalogue whose unit prices are taken."""


@dataclass(frozen=True, slots=True)
class NetworkBill:
    """What a network costs, or why nobody can say.

    prices   name of the list of unit prices;  why   empty where there is a bill
    """

    prices: str
    bill: Bill | None
    why: str = ""

    @property
    def total_usd(self) -> float:
        """The whole network; not a number where there is no bill."""
        return self.bill.total_usd if self.bill is not None else float("nan")

    @property
    def usd_per_endpoint(self) -> float:
        """The network's cost shared among its endpoints; not a number where there is no bill."""
        return self.bill.usd_per_endpoint if self.bill is not None else float("nan")


@lru_cache(maxsize=8)
def unit_prices(name: str = PRICES) -> NetworkPrice:
    """Unit prices of the catalogue; raises InvalidInput for an unknown name."""
    return load_entry(NetworkPrice.group, name, NetworkPrice, catalogue())


def network_bill(cluster: Cluster, prices: NetworkPrice) -> NetworkBill:
    """Price the endpoints, switches and cables that the cluster's nodes need."""
    if not cluster.topology.bought_apart:
        return NetworkBill(prices.name, None, "no network beside NVLink, which is part of the nodes")
    try:
        endpoints = cluster.topology.endpoints_of(cluster.node, cluster.nodes)
        return NetworkBill(prices.name, bill(cluster.topology, prices, endpoints))
    except TopologyError as error:
        return NetworkBill(prices.name, None, str(error))


def table(cluster: Cluster) -> pd.DataFrame:
    """The bill of a cluster's network line by line; empty where nobody can say.

    returns  [line]  what, count, each_usd, total_usd
    """
    found = network_bill(cluster, unit_prices())
    lines = found.bill.lines if found.bill is not None else ()
    rows = [(line.what, line.count, line.each_usd, line.total_usd) for line in lines]
    return pd.DataFrame(rows, columns=["what", "count", "each_usd", "total_usd"])
