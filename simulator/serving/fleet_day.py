"""A fleet's day: units hour by hour, GPUs lent, rates of a node as they come out, income and margin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite

import pandas as pd

from simulator.headline import DAY_S, HOUR_S
from simulator.refusal import Refused
from simulator.result import Figure
from simulator.serving.asked import Asked
from simulator.serving.fleet.classes import ByClass
from simulator.serving.fleet.day import Day, Rule, Staffed, day
from simulator.serving.fleet.margin import Margin, cached_work, cost, margin
from simulator.serving.fleet.option import Option
from simulator.serving.fleet.prefill import PrefillOption
from simulator.serving.fleet.search import Fleet
from simulator.serving.fleet_found import options_of
from simulator.serving.requests_played import Say, Served
from workloads.autoscaling import Autoscaling
from workloads.fleet_search import FleetSearch
from workloads.service import Service

STILL = Autoscaling(lead_s=0.0, drain_s=0.0)
"""A fleet that follows the day at once, where the service says nothing of how it does."""
CLASSES = ("cached input", "input", "output")


@dataclass(frozen=True)
class Business:
    """A day with what it earns; None where the service has no prices of tokens."""

    day: Day
    margin: Margin | None


def fleet_day(service: Service, asked: Asked, best: Fleet | None, say: Say) -> Served:
    """Follow the demand through a day with the best fleet's units, or the service's own.

    Raises Refused where an hour needs more GPUs than there may be.
    """
    demand, promises = service.demand, service.promises
    if demand is None or promises is None:
        return Served({}, {}, ())
    say("Following the day")
    most = service.search.most_gpus if service.search else service.cluster.gpus
    rule = Rule(promises, service.autoscaling or STILL, most, {})
    followed = day(_units(service, asked, best), asked.offered, demand.profile, rule)
    business = Business(followed, _margin(service, followed))
    tables = {"day": hours(service, followed)}
    if business.margin is not None:
        tables["classes"] = classes(business.margin)
    return Served(dict(_figures(service, business)), tables, tuple(_answer(service, business)))


def _units(service: Service, asked: Asked, best: Fleet | None) -> tuple[Option, ...]:
    """One option of each kind."""
    if best is not None:
        return tuple(need.option for need in best.needs)
    options = options_of(service, FleetSearch(most_gpus=service.cluster.gpus), asked).made
    if options.impossible:
        raise Refused("; ".join(why for _, why in options.impossible))
    return options.options


def _margin(service: Service, followed: Day) -> Margin | None:
    """Rent of each kind of unit shared out to the classes of tokens, against what these bring."""
    demand, prices = service.demand, service.token_prices
    if demand is None or prices is None:
        return None
    usd = {one.option.kind: _rent_usd(one) for one in followed.staffed}
    if "whole" in usd:
        raise Refused(
            "token_prices: units that do both cannot be shared out to classes of tokens; describe prefill and decode"
        )
    prompts = next(one.option for one in followed.staffed if one.option.kind == "prefill")
    work = 0.0
    if isinstance(prompts, PrefillOption):
        work = cached_work(prompts.table, prompts.most_tokens, demand, service.typical.input_tokens)
    return margin(demand, prices, cost(demand, usd["prefill"], usd["decode"], work))


def _rent_usd(one: Staffed) -> float:
    """Rent of a day."""
    return float(one.held_gpus.sum()) * one.option.gpu_usd_per_s * HOUR_S


def hours(service: Service, followed: Day) -> pd.DataFrame:
    """The day hour by hour.

    returns  [hour]  hour, demand_ratio (over the mean), units of each kind, load of each kind, nodes (held), lent_nodes
    """
    per_node = service.cluster.node.gpus
    frame = pd.DataFrame({"hour": range(len(followed.demand)), "demand_ratio": followed.demand})
    for one in followed.staffed:
        frame[f"{one.option.kind}_units"] = one.units
        frame[f"{one.option.kind}_load_share"] = one.load
    frame["nodes"] = followed.held_gpus / per_node
    frame["lent_nodes"] = (followed.peak_gpus - followed.held_gpus) / per_node
    return frame


def classes(business: Margin) -> pd.DataFrame:
    """Money by class of tokens.

    returns  [class]  class, tokens (of a day), revenue_usd, cost_usd, cost_usd_per_million_tokens,
             profit_over_cost_ratio
    """
    columns: Mapping[str, ByClass] = {
        "tokens": business.tokens,
        "revenue_usd": business.revenue_usd,
        "cost_usd": business.cost_usd,
        "cost_usd_per_million_tokens": business.cost_usd_per_million_tokens,
        "profit_over_cost_ratio": business.cost_profit_ratios,
    }
    return pd.DataFrame({"class": CLASSES, **{name: list(values) for name, values in columns.items()}})


def _figures(service: Service, business: Business) -> Iterator[tuple[str, Figure]]:
    """Nodes, rates as they come out, money."""
    followed, per_node = business.day, service.cluster.node.gpus
    yield "mean_nodes", Figure(followed.mean_gpus / per_node, "count", "Servers held, mean of the day.")
    yield "peak_nodes", Figure(followed.peak_gpus / per_node, "count", "Servers of the busiest hour.")
    yield (
        "lent_gpu_hours",
        Figure(followed.lent_gpu_hours, "GPU h", "Of a day, of the largest fleet's GPUs, free for other work."),
    )
    yield "rent_usd_per_day", Figure(followed.rent_usd, "USD", "Of the GPU-hours held in a day.")
    yield from _rates(service, followed, per_node)
    if (money := business.margin) is not None:
        yield "revenue_usd_per_day", Figure(money.revenue_usd.total, "USD", "If every token of the day is paid for.")
        yield "profit_usd_per_day", Figure(money.profit_usd, "USD", "Revenue less rent.")
        text = "Profit over rent, as DeepSeek's overview defines its cost profit margin."
        yield "cost_profit_ratio", Figure(money.cost_profit_ratio, "ratio", text)


def _rates(service: Service, followed: Day, per_node: int) -> Iterator[tuple[str, Figure]]:
    """Tokens of the day over the node-seconds held."""
    demand = service.demand
    if demand is None:
        return
    tokens = {"prefill": demand.input_tokens, "decode": demand.output_tokens}
    text = {"prefill": "Prompt tokens, cached ones among them", "decode": "Output tokens"}
    for one in followed.staffed:
        kind = one.option.kind
        nodes = float(one.held_gpus.mean()) / per_node
        yield f"{kind}_mean_nodes", Figure(nodes, "count", f"Servers of {kind} units held, mean of the day.")
        if kind in tokens and nodes:
            rate = tokens[kind] / (nodes * DAY_S)
            words = f"{text[kind]} of the day over the seconds that servers of {kind} units are held."
            yield f"{kind}_outcome_tokens_per_s_per_node", Figure(rate, "tokens/s", words)


def _answer(service: Service, business: Business) -> Iterator[str]:
    """Nodes and money."""
    followed, per_node = business.day, service.cluster.node.gpus
    kinds = " and ".join(
        f"{float(one.held_gpus.mean()) / per_node:.1f} for {one.option.kind}" for one in followed.staffed
    )
    yield (
        f"The day takes {followed.mean_gpus / per_node:.1f} servers on average ({kinds}) and "
        f"{followed.peak_gpus / per_node:.0f} at its peak: {followed.rent_usd:,.0f} USD of rent."
    )
    if (money := business.margin) is not None and isfinite(money.cost_profit_ratio):
        dear = money.cost_usd_per_million_tokens
        yield (
            f"Its tokens bring {money.revenue_usd.total:,.0f} USD, {money.cost_profit_ratio:.0%} over the rent; a "
            f"million output tokens cost {dear.output:.3f} USD, a million of new input {dear.new:.3f}."
        )
