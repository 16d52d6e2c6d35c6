"""A published day of a service: what was asked and delivered, and the figures that follow from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from topologies.catalogue import FromCatalogue
from topologies.spec import Spec, load
from topologies.units import Count, Positive
from workloads.demand import Demand
from workloads.observed import FOLDER, Observation
from workloads.price import Price
from workloads.scenario import catalogue
from workloads.token_price import TokenPrices

SERVING = FOLDER / "serving"


class PublishedDay(Spec):
    """What one node delivers, whose day it was, and figures by metric (`fleet.NAME`, see `simulator.serving.fleet`).

    prefill_tokens_per_s   of prompts, cached ones among them;  decode_tokens_per_s   of answers; of a node, mean
    prefill_nodes, decode_nodes   of one unit
    nodes, peak_nodes      that were occupied, mean and most
    """

    demand: Annotated[Demand, FromCatalogue("demands")]
    token_prices: Annotated[TokenPrices, FromCatalogue("token-prices")]
    price: Annotated[Price, FromCatalogue("prices")]
    gpus_per_node: Count
    prefill_tokens_per_s: Positive
    decode_tokens_per_s: Positive
    prefill_nodes: Count
    decode_nodes: Count
    nodes: Positive
    peak_nodes: Positive
    source: Annotated[str, Field(min_length=1)]
    figures: Annotated[tuple[Observation, ...], Field(min_length=1)]


def published_days() -> tuple[str, ...]:
    """Names of all published days, sorted."""
    return tuple(sorted(path.stem for path in SERVING.glob("*-day.yaml")))


def published_day(name: str, folder: Path = SERVING) -> PublishedDay:
    """Read one published day; raises InvalidInput."""
    path = folder / f"{name}.yaml"
    return load(path, PublishedDay, catalogue())
