"""Figures of a published day, worked out from what was asked and what a node delivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from simulator.serving.fleet.margin import Margin, Rates, cost, day_usd, margin, nodes_for
from workloads.published_day import PublishedDay

Floats = NDArray[np.float64]
Whole = Callable[[Floats], Floats]


def figures(day: PublishedDay) -> Mapping[str, float]:
    """Value by metric, as files of published days name them."""
    mean = nodes_for(day.demand, _rates(day))
    business = margin_of(day)
    return {
        "fleet.mean_nodes": mean.total,
        "fleet.peak_nodes": float(hourly_nodes(day).max()),
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


def hourly_nodes(day: PublishedDay, whole: Whole = np.rint) -> Floats:
    """Nodes of each hour in whole units, if nodes follow the demand's profile: [hour].

    whole   how units are made whole: np.ceil for as many as the hour asks for at a node's mean rates; np.rint for the
            nearest, as that mean is over hours in which units have less to do and hours in which they have more
    """
    asked, shape = nodes_for(day.demand, _rates(day)), day.demand.profile.hourly()
    prefill = day.prefill_nodes * whole(shape * asked.prefill / day.prefill_nodes)
    decode = day.decode_nodes * whole(shape * asked.decode / day.decode_nodes)
    found: Floats = prefill + decode
    return found


def _rates(day: PublishedDay) -> Rates:
    """What a node delivers."""
    return Rates(day.prefill_tokens_per_s, day.decode_tokens_per_s)
