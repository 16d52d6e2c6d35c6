"""Figures of a published day, worked out from what was asked and what a node delivers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from simulator.serving.fleet.margin import Margin, Nodes, Rates, cost, day_usd, margin, nodes_for
from workloads.published_day import PublishedDay


def figures(day: PublishedDay) -> Mapping[str, float]:
    """Value by metric, as files of published days name them."""
    mean = nodes_for(day.demand, _rates(day))
    business = margin_of(day)
    return {
        "fleet.mean_nodes": mean.total,
        "fleet.peak_nodes": peak(day).total,
        "fleet.cost_usd": business.cost_usd.total,
        "fleet.revenue_usd": business.revenue_usd.total,
        "fleet.cost_profit_ratio": business.cost_profit_ratio,
    }


def margin_of(day: PublishedDay, cached_work_ratio: float = 1.0) -> Margin:
    """The day's business; the nodes that were occupied are shared out to prefill and decode as the rates ask for.

    cached_work_ratio   as in `margin.cost`; 1: all input alike, as in the rate of a prefill node
    """
    asked = nodes_for(day.demand, _rates(day))
    whole_usd = day_usd(day.nodes, day.gpus_per_node, day.price.gpu_usd_per_s)
    prefill_usd = whole_usd * asked.prefill / asked.total
    by_class = cost(day.demand, prefill_usd, whole_usd - prefill_usd, cached_work_ratio)
    return margin(day.demand, day.token_prices, by_class)


def peak(day: PublishedDay) -> Nodes:
    """Nodes of whole units at the peak: each kind's mean times the peak's height, rounded up to units."""
    asked, height = nodes_for(day.demand, _rates(day)), day.peak_nodes / day.nodes
    return Nodes(
        day.prefill_nodes * math.ceil(asked.prefill * height / day.prefill_nodes),
        day.decode_nodes * math.ceil(asked.decode * height / day.decode_nodes),
    )


def _rates(day: PublishedDay) -> Rates:
    """What a node delivers."""
    return Rates(day.prefill_tokens_per_s, day.decode_tokens_per_s)
