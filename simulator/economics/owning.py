"""What a GPU-hour of one's own costs: what is bought paid off, upkeep, people, space, electricity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from simulator.economics.annuity import YEAR_S, yearly_usd
from simulator.economics.drawing import Doing, drawn, require_gpu
from simulator.headline import HOUR_S, TRILLION
from simulator.network_bill import network_bill
from simulator.refusal import Refused
from topologies.network_price import NetworkPrice
from workloads.ownership import Ownership
from workloads.power import Power
from workloads.scenario import Cluster
from workloads.site import Site


class Terms(NamedTuple):
    """All that owning a cluster depends on beside the cluster."""

    ownership: Ownership
    site: Site
    power: Power
    prices: NetworkPrice


class Line(NamedTuple):
    """One line of the cost of owning.

    purchase_usd   what is paid at the start;  usd_per_s   what it costs while it is owned, used or not
    """

    what: str
    purchase_usd: float
    usd_per_s: float
    how: str


@dataclass(frozen=True, slots=True)
class Owned:
    """What a cluster costs its owner.

    lines                what is paid whether the GPUs work or not, electricity of idle ones included
    busy_usd_per_s       electricity beyond that while all GPUs work
    utilisation_ratio    share of the time in which they do
    """

    gpus: int
    lines: tuple[Line, ...]
    busy_usd_per_s: float
    utilisation_ratio: float

    @property
    def purchase_usd(self) -> float:
        """Everything that is bought."""
        return sum(line.purchase_usd for line in self.lines)

    @property
    def fixed_usd_per_s(self) -> float:
        """Paid whether the GPUs work or not."""
        return sum(line.usd_per_s for line in self.lines)

    @property
    def usd_per_gpu_hour(self) -> float:
        """What a GPU-hour that is used costs: the idle hours are paid by the others."""
        return self.at(self.utilisation_ratio)

    def at(self, utilisation_ratio: float) -> float:
        """USD of a used GPU-hour at another utilisation; infinite where nothing is used."""
        if utilisation_ratio <= 0:
            return float("inf")
        return (self.fixed_usd_per_s / utilisation_ratio + self.busy_usd_per_s) * HOUR_S / self.gpus

    def run_usd(self, gpu_hours: float) -> float:
        """A run of so many GPU-hours."""
        return gpu_hours * self.usd_per_gpu_hour

    def usd_per_trillion_tokens(self, tokens_per_s_per_gpu: float) -> float:
        """A trillion tokens at a rate of training."""
        return self.run_usd(TRILLION / tokens_per_s_per_gpu / HOUR_S)

    def table(self) -> pd.DataFrame:
        """One row a line and what the work adds: what, purchase_usd, usd_per_gpu_hour (used), how."""
        per_hour = HOUR_S / self.gpus
        rows = [
            (one.what, one.purchase_usd, one.usd_per_s * per_hour / self.utilisation_ratio, one.how)
            for one in self.lines
        ]
        rows.append(("Electricity of work", 0.0, self.busy_usd_per_s * per_hour, "beyond that of idle GPUs"))
        return pd.DataFrame(rows, columns=["what", "purchase_usd", "usd_per_gpu_hour", "how"])


def owning(cluster: Cluster, terms: Terms, work: Doing) -> Owned:
    """Price a cluster of one's own; work   what its GPUs do while they are used.

    Raises Refused where prices or power are of another GPU or nobody can say what the network costs.
    """
    ownership, site = terms.ownership, terms.site
    require_gpu(ownership.gpu, cluster, f"price of {ownership.name}")
    bought = (
        ("GPUs", cluster.gpus * ownership.gpu_usd),
        ("Servers", cluster.nodes * ownership.server_usd),
        ("Network", _network_usd(cluster, terms)),
        ("Storage", cluster.gpus * ownership.storage_usd_per_gpu),
    )
    idle = drawn(cluster, terms.power, site, None)
    busy = drawn(cluster, terms.power, site, work)
    price = site.electricity_usd_per_j
    total_usd = sum(usd for _, usd in bought)
    upkeep = (
        ("Maintenance", total_usd * ownership.maintenance_ratio / YEAR_S, "share of the purchase a year"),
        ("Staff", cluster.gpus * ownership.gpu_staff_usd_per_s, "a part for each GPU"),
        ("Space", cluster.nodes * site.server_space_usd_per_s, "a place for each server"),
        ("Electricity of idle GPUs", idle.site_w * price, "computers and network times PUE"),
    )
    return Owned(
        gpus=cluster.gpus,
        lines=(
            *(Line(what, usd, _paid_off_usd_per_s(usd, ownership), "annuity") for what, usd in bought),
            *(Line(what, 0.0, usd_per_s, how) for what, usd_per_s, how in upkeep),
        ),
        busy_usd_per_s=(busy.site_w - idle.site_w) * price,
        utilisation_ratio=ownership.utilisation_ratio,
    )


def _paid_off_usd_per_s(purchase_usd: float, ownership: Ownership) -> float:
    """A purchase paid off over its life, spread over each second of a year."""
    years = ownership.lifetime_s / YEAR_S
    return yearly_usd(purchase_usd, ownership.residual_ratio, years, ownership.interest_ratio) / YEAR_S


def _network_usd(cluster: Cluster, terms: Terms) -> float:
    """The network's price as told, else its bill."""
    told = terms.ownership.network_usd_per_gpu
    if told is not None:
        return told * cluster.gpus
    if not cluster.topology.bought_apart:
        return 0.0
    found = network_bill(cluster, terms.prices)
    if found.bill is None:
        raise Refused(
            f"what the network costs is not known: {found.why}; write network_usd_per_gpu in {terms.ownership.name}"
        )
    return found.total_usd
