"""The published comparison of networks, counted and priced here, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.columns import aligned

if TYPE_CHECKING:
    from topologies.kinds.base import TopologySpec
    from workloads.published_networks import Priced, PublishedNetworks

HEAD = (
    "network",
    "endpoints",
    "switches",
    "links",
    "cost",
    "an endpoint",
    "published",
    "off by",
    "bisection",
    "what it is",
)
CHEAP, DEAR = "MPFT", "FT3"


def as_text() -> str:
    """Counts and costs of each network, the order of cost an endpoint, and what planes save against three layers."""
    from workloads.published_networks import priced, published_networks

    table = published_networks()
    found = priced(table)
    lines = (aligned([row(one) for one in found], HEAD), notes(table, found))
    return "\n\n".join(lines)


def row(one: Priced) -> list[str]:
    """One network."""
    from topologies.units import pretty

    published, per_endpoint_usd = one.published, one.bill.usd_per_endpoint
    return [
        published.name,
        *(f"{number:,}" for number in one.counts),
        pretty(one.bill.total_usd, "USD"),
        pretty(per_endpoint_usd, "USD", 3),
        f"{pretty(published.cost_usd, 'USD')}, {pretty(published.cost_usd_per_endpoint, 'USD', 3)}",
        f"{one.cost_error_ratio:+.2%}",
        bisection_text(published.topology),
        published.title,
    ]


def bisection_text(topology: TopologySpec) -> str:
    """Share of half of all ports; `-` for a network that counts and does not exist."""
    from topologies.kinds.base import TopologyError

    try:
        passing_bytes_per_s = topology.bisection_bytes_per_s()
    except TopologyError:
        return "-"
    return f"{2 * passing_bytes_per_s / (topology.full_size * topology.port_bytes_per_s):.0%}"


def notes(table: PublishedNetworks, found: tuple[Priced, ...]) -> str:
    """What is evidence, in which order networks cost, and the saving."""
    from workloads.published_networks import by_cost, saving_ratio

    same = all(one.counts == one.published.counts for one in found)
    by_name = {one.published.name: one for one in found}
    order = " < ".join(one.published.name for one in by_cost(found))
    saved = saving_ratio(by_name[CHEAP].bill, by_name[DEAR].bill)
    told = 1 - by_name[CHEAP].published.cost_usd_per_endpoint / by_name[DEAR].published.cost_usd_per_endpoint
    return "\n".join(
        (
            f"Endpoints, switches and links {'are' if same else 'ARE NOT'} those of {table.source}; links are cables"
            " between switches.",
            f"Unit prices ({table.prices.name}) are fitted to the costs there, which are therefore no evidence.",
            f"The order of cost an endpoint is evidence, being the same for any prices: {order}, FT2 and MPFT alike.",
            f"{CHEAP} costs {saved:.1%} less an endpoint than three layers ({DEAR}); published costs give {told:.1%}.",
            "Bisection: what can pass between halves of the nodes, over what the ports of one half could send; at most"
            " so much for DF.",
        )
    )
