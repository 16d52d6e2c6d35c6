"""What a network costs: switches, cables between them and endpoints, counted and priced."""

from dataclasses import dataclass

from topologies.kinds.base import TopologyError, TopologySpec
from topologies.network_price import NetworkPrice
from topologies.problems import listed, meant


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one thing at one price."""

    what: str
    count: int
    each_usd: float

    @property
    def total_usd(self) -> float:
        """All of them."""
        return self.count * self.each_usd


@dataclass(frozen=True, slots=True)
class Bill:
    """Every line of a network's cost."""

    endpoints: int
    lines: tuple[Line, ...]

    @property
    def total_usd(self) -> float:
        """The whole network."""
        return sum(line.total_usd for line in self.lines)

    @property
    def usd_per_endpoint(self) -> float:
        """The network's cost shared among its endpoints."""
        return self.total_usd / self.endpoints


def bill(topology: TopologySpec, prices: NetworkPrice, endpoints: int | None = None) -> Bill:
    """Price a network from its counts; no graph is needed.

    Raises TopologyError when the endpoints do not fit, or a class of cable has no price.
    """
    counts, cabling = topology.count(endpoints), topology.cabling(endpoints)
    groups = ((cabling.links, prices.link_usd, "links"), (cabling.endpoints, prices.endpoint_usd, "endpoints"))
    cables = [
        Line(f"{cable} {what}", number, _price_usd(cable, known, prices.name))
        for by_class, known, what in groups
        for cable, number in by_class.items()
        if number
    ]
    return Bill(counts.endpoints, (Line("switches", counts.switches, prices.switch_usd), *cables))


def _price_usd(cable: str, known: dict[str, float], name: str) -> float:
    """Price of a class of cable. Raises TopologyError for one without a price."""
    if cable not in known:
        priced = listed(sorted(known))
        raise TopologyError(f"no price for cables of class `{cable}`{meant(cable, known)}; {name} prices: {priced}")
    return known[cable]
