"""What the choice would be with other promises, another traffic, other prices: closed forms over all timed units."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from simulator.headline import HOUR_S
from simulator.planner.fleets.weighed import Aim, Ranked, Timed, Twist, best, fleets_of
from topologies.units import pretty
from workloads.service import Promises

STEPS = (0.1, 0.2)
"""By so much promised times are shorter and longer; traffic and prices by the last."""

Built = tuple[str, ...]


def sensitivity(timed: list[Timed], aim: Aim, promises: Promises, now: Built) -> pd.DataFrame:
    """The choice by closed forms, one input lower and higher at a time.

    now      how the choice is built: where other units are as good, it stays
    returns  [input]  input, low, high (in words), figure_low, figure_high (first objective; NaN: nothing keeps the
             promises), choice_low, choice_high, changes_choice (other units or another place, not only other numbers),
             changes_low, changes_high (which of the two does)
    """
    rows = []
    for what, low, high, twists in _inputs(timed, aim, promises):
        found = [chosen(timed, aim, twist, now) for twist in twists]
        figures = [figure(one, aim) for one in found]
        labels = [one.label if one is not None else "none keeps the promises" for one in found]
        changes = [built(one) != now for one in found]
        rows.append((what, low, high, *figures, *labels, any(changes), *changes))
    columns = ["input", "low", "high", "figure_low", "figure_high", "choice_low", "choice_high", "changes_choice"]
    return pd.DataFrame(rows, columns=[*columns, "changes_low", "changes_high"])


def chosen(timed: list[Timed], aim: Aim, twist: Twist, now: Built = ()) -> Ranked | None:
    """The best fleet of all variants under a twist; of equally good ones the one that is built like the choice."""
    every = best((one for each in timed for one in fleets_of(each, aim, twist)), aim)
    alike = (one for one in every if built(one) == now and one.values == every[0].values)
    return next(alike, every[0]) if every else None


def figure(one: Ranked | None, aim: Aim) -> float:
    """Value of the first objective: USD an hour, GPUs, or seconds."""
    if one is None:
        return float("nan")
    return one.values[0] * HOUR_S if aim.objective[0] == "cost" else one.values[0]


def built(one: Ranked | None) -> Built:
    """Which units, and where, however many."""
    if one is None:
        return ()
    return (one.timed.variant.place, *(need.option.name for need in one.fleet.needs))


def _inputs(timed: list[Timed], aim: Aim, promises: Promises) -> Iterator[tuple[str, str, str, tuple[Twist, Twist]]]:
    """Each input with its low and high value in words, and the twists that stand for them."""
    for step in STEPS:
        around = (1 - step, 1 + step)
        for name, words in (("tpot", "promised time a token"), ("ttft", "promised time to the first token")):
            own = promises.tpot_s if name == "tpot" else promises.ttft_s
            low, high = (pretty(own * ratio, "s", 3) for ratio in around)
            first, last = (Twist(tpot_ratio=one) if name == "tpot" else Twist(ttft_ratio=one) for one in around)
            yield f"{words}, ±{step:.0%}", low, high, (first, last)
    step = STEPS[-1]
    rate = timed[0].variant.asked.offered.requests_per_s if timed else 0.0
    low, high = (f"{rate * (1 + sign * step):,.4g} requests/s" for sign in (-1, 1))
    yield f"traffic, ±{step:.0%}", low, high, (Twist(traffic_ratio=1 - step), Twist(traffic_ratio=1 + step))
    if "cost" not in aim.objective:
        return
    prices = {one.variant.service.cluster.node.gpu.name: one.variant.service.price for one in timed}
    for gpu, price in prices.items():
        hour_usd = price.gpu_usd_per_s * HOUR_S
        low, high = (f"{hour_usd * (1 + sign * step):,.3g} USD/h" for sign in (-1, 1))
        twists = (Twist(prices_ratio={gpu: 1 - step}), Twist(prices_ratio={gpu: 1 + step}))
        yield f"price of a {gpu}, ±{step:.0%}", low, high, twists
