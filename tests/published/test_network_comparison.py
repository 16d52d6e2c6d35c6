"""The published comparison of networks (arXiv 2505.09343, Table 3): counts, costs, and their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topologies.kinds.base import TopologyError
from topologies.spec import dump, loads
from workloads.published_networks import (
    Priced,
    PublishedNetworks,
    by_cost,
    priced,
    published_networks,
    saving_ratio,
)

TABLE = published_networks()
NETWORKS = {one.published.name: one for one in priced(TABLE)}
ORDER = ["FT2", "MPFT", "SF", "DF", "FT3"]
"""By the published cost an endpoint: 4.39, 4.39, 4.4, 5.8 and 7.5 thousand USD."""


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_endpoints_switches_and_links_are_exactly_the_published_ones(network: Priced) -> None:
    assert network.counts == network.published.counts


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_costs_are_within_two_percent(network: Priced) -> None:
    """Input, no evidence: the unit prices are fitted to these figures."""
    assert (TABLE.cost_role, TABLE.cost_tolerance_ratio) == ("input", 0.02)
    assert abs(network.cost_error_ratio) <= TABLE.cost_tolerance_ratio
    per_endpoint = network.bill.usd_per_endpoint / network.published.cost_usd_per_endpoint
    assert per_endpoint == pytest.approx(1, abs=TABLE.cost_tolerance_ratio)


def test_the_order_of_cost_an_endpoint_is_the_published_one() -> None:
    published = sorted(TABLE.rows, key=lambda row: row.cost_usd_per_endpoint)
    assert [row.name for row in published] == ORDER
    assert [one.published.name for one in by_cost(tuple(NETWORKS.values()))] == ORDER


price = st.floats(1, 1e6)


@given(price, price, price)
def test_that_order_follows_from_the_counts_whatever_the_prices(switch: float, link: float, endpoint: float) -> None:
    """An endpoint of SF needs more of a switch than one of FT2, and each later network more of everything."""
    dearer = TABLE.prices.model_copy(
        update={"switch_usd": switch, "link_usd": {"optical": link}, "endpoint_usd": {"copper": endpoint}}
    )
    costs = {one.published.name: one.bill.usd_per_endpoint for one in priced(TABLE, dearer)}
    assert costs["FT2"] == pytest.approx(costs["MPFT"], rel=1e-12)
    assert costs["MPFT"] < costs["SF"] < costs["DF"] < costs["FT3"]


def test_eight_planes_cost_over_40_percent_less_an_endpoint_than_three_layers() -> None:
    assert saving_ratio(NETWORKS["MPFT"].bill, NETWORKS["FT3"].bill) > 0.40


def test_the_published_slim_fly_counts_and_is_refused_as_a_graph() -> None:
    with pytest.raises(TopologyError, match=r"28 is no power of a prime; the nearest are 27 and 29"):
        NETWORKS["SF"].published.topology.build()


def test_every_other_published_network_is_built_as_counted() -> None:
    for name in ("FT2", "MPFT", "FT3", "DF"):
        fabric = NETWORKS[name].published.topology.build()
        assert (fabric.endpoints, fabric.switches, fabric.switch_links) == NETWORKS[name].published.counts


def test_the_comparison_survives_its_own_yaml() -> None:
    assert loads(dump(TABLE), PublishedNetworks) == TABLE
