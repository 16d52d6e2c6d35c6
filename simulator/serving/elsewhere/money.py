"""What a second of a rig costs, rented or bought, and a million tokens at a rate."""

from __future__ import annotations

from simulator.economics.annuity import YEAR_S, yearly_usd
from simulator.refusal import Refused
from simulator.serving.elsewhere.rig import Rig
from topologies.units import parse
from workloads.ownership import Ownership
from workloads.price import Price
from workloads.site import Site

MILLION_TOKENS = parse("1 M tokens", "tokens")


def rented_usd_per_s(rig: Rig, price: Price) -> float:
    """All GPUs at a rental price, their server with them. Raises Refused for the price of another GPU."""
    _require(price.gpu, rig, f"price of {price.name}")
    return rig.gpus * price.gpu_usd_per_s


def owned_usd_per_s(rig: Rig, terms: Ownership, site: Site) -> float:
    """A bought node, of which this rig uses some GPUs: paid off and kept up over the hours used, and electricity.

    Power is that of the datasheets, times the site's PUE. Raises Refused for the price of another GPU.
    """
    _require(terms.gpu, rig, f"price of {terms.name}")
    share = rig.gpus / rig.node.gpus
    bought_usd = rig.gpus * (terms.gpu_usd + terms.storage_usd_per_gpu) + terms.server_usd * share
    years = terms.lifetime_s / YEAR_S
    yearly = yearly_usd(bought_usd, terms.residual_ratio, years, terms.interest_ratio)
    kept_usd_per_s = (yearly + bought_usd * terms.maintenance_ratio) / YEAR_S + rig.gpus * terms.gpu_staff_usd_per_s
    host_w = rig.node.host.power_w if rig.node.host is not None else 0.0
    drawn_w = (rig.gpus * rig.gpu.power_w + host_w * share) * site.pue_ratio
    return kept_usd_per_s / terms.utilisation_ratio + drawn_w * site.electricity_usd_per_j


def usd_per_million_tokens(usd_per_s: float, tokens_per_s: float) -> float:
    """A million tokens."""
    return usd_per_s / tokens_per_s * MILLION_TOKENS


def _require(gpu: str, rig: Rig, what: str) -> None:
    """Refuse the price of another GPU."""
    if gpu != rig.gpu.name:
        raise Refused(f"{what} is of {gpu}, the unit has {rig.gpu.name}: write one of that GPU")
