"""What an answer about serving says: its headline, sentences, warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from simulator.headline import HOUR_S
from simulator.planner.fleets.confirmed import Confirmed
from simulator.planner.fleets.tables import PROMPTS_AND_ANSWERS, kept_share
from simulator.planner.fleets.variants import REFUSED, Variants, promises_told
from simulator.planner.fleets.weighed import Aim
from simulator.result import Figure
from topologies.units import parse

MILLION = parse("1 M tokens", "tokens")
Carried = tuple[float, float] | None


def headline(first: Confirmed, ratio: float) -> dict[str, Figure]:
    """Figures of the choice. ratio   of the question's traffic that it carries"""
    variant = first.ranked.timed.variant
    offered = variant.asked.offered
    per_s, written = offered.requests_per_s, float(offered.output_tokens.mean())
    by = "by events" if first.held is not None else "by closed forms"
    found = {
        "gpus": Figure(float(first.gpus), "count", f"GPUs of the choice, {by}."),
        "nodes": Figure(first.gpus / variant.service.cluster.node.gpus, "count", "Its servers."),
        "hour_usd": Figure(first.usd_per_s * HOUR_S, "USD", "Its rent of an hour."),
        "kept_share": Figure(kept_share(first), "ratio", f"Requests that get both promises, {by}."),
        "requests_per_s": Figure(per_s, "requests/s", "Requests that it is sized for."),
        "traffic_ratio": Figure(ratio, "ratio", "Of the question's traffic that it carries."),
    }
    usd = first.usd_per_s / (per_s * written) * MILLION
    text = "Rent over the output tokens at the traffic that it is sized for; prompts are in it."
    found["usd_per_million_output_tokens"] = Figure(usd, "USD", text)
    for kind, gpus in first.gpus_by_kind.items():
        text = f"GPUs of units for {PROMPTS_AND_ANSWERS[kind]}."
        found[f"{kind}_gpus"] = Figure(float(gpus), "count", text)
    return found


def answer(
    ranked: Sequence[Confirmed], aim: Aim, frames: Mapping[str, pd.DataFrame], carried: Carried
) -> Iterator[str]:
    """The choice first, then what stands behind it."""
    first = ranked[0]
    if carried is not None:
        most = first.ranked.timed.variant.wanted.most_gpus
        yield f"{most:,} GPUs carry {carried[0]:,.4g} requests a second; closed forms alone say {carried[1]:,.4g}."
    yield _choice(first)
    yield from _ratio(first)
    yield from _events(first)
    yield from _next(ranked, aim, frames)
    yield from _compromises(ranked, aim, frames["candidates"])
    yield from _binds(frames["binds"])
    yield from _changes(frames["sensitivity"])


def _choice(first: Confirmed) -> str:
    """Units, size, money, promise."""
    variant, nodes = first.ranked.timed.variant, first.gpus / first.ranked.timed.variant.service.cluster.node.gpus
    share = first.ranked.promises.share
    return (
        f"For {variant.asked.offered.requests_per_s:,.4g} requests a second take {first.name}: {first.gpus:,} GPUs, "
        f"{nodes:g} servers, {first.usd_per_s * HOUR_S:,.2f} USD an hour. {kept_share(first):.1%} of requests get what "
        f"{share:.0%} are promised: {promises_told(first.ranked.promises)}."
    )


def _ratio(first: Confirmed) -> Iterator[str]:
    """GPUs of both kinds."""
    gpus = first.gpus_by_kind
    if "prefill" in gpus and "decode" in gpus:
        ratio = gpus["prefill"] / gpus["decode"]
        yield f"{gpus['prefill']} GPUs read prompts, {gpus['decode']} write answers: {ratio:.2f} to one."


def _events(first: Confirmed) -> Iterator[str]:
    """What events say against closed forms."""
    if first.held is None:
        yield "It was not played by events; raise search.confirm to have it played."
        return
    closed, played = first.ranked.fleet, first.held.tries[0].achieved.share
    told = f"Closed forms asked for {closed.gpus:,} GPUs and expected {closed.share:.1%} in time; events give"
    if first.gpus == closed.gpus:
        yield f"{told} {played:.1%}, with not a unit fewer."
    else:
        yield f"{told} {played:.1%}, so that {first.gpus:,} GPUs are the fewest."


def _next(ranked: Sequence[Confirmed], aim: Aim, frames: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """The runner-up, and why it lost."""
    if len(ranked) < 2 or len(aim.objective) > 1 or not ranked[1].units:
        return
    second, first = ranked[1], ranked[0]
    dearer = second.values(aim.objective)[0] / first.values(aim.objective)[0] - 1
    unit = "GPUs" if aim.objective[0] == "gpus" else "USD"
    yield f"Next comes {second.name}, {dearer:+.1%} {unit}: {frames['candidates']['lost'].iloc[1]}."


def _compromises(ranked: Sequence[Confirmed], aim: Aim, candidates: pd.DataFrame) -> Iterator[str]:
    """Best compromises between several objectives."""
    if len(aim.objective) < 2:
        return
    ahead = candidates[candidates["pareto"]]
    told = "; ".join(
        f"{row['tpot_s'] * MILLI:.3g} ms a token for {row['hour_usd']:,.0f} USD an hour ({row['gpus']} GPUs)"
        for _, row in ahead.iterrows()
    )
    yield f"{len(ahead)} fleets are best compromises between {' and '.join(aim.objective)}: {told}."


TOLD = 4
"""Changes of the choice that a sentence holds."""
MILLI = 1_000
"""Thousandths in one."""


def _binds(frame: pd.DataFrame) -> Iterator[str]:
    """What keeps it from being smaller."""
    reasons = [why for why in frame["why"] if why and "fewer" in why]
    if reasons:
        yield f"It is no smaller because {'; '.join(dict.fromkeys(reasons))}."


def _changes(frame: pd.DataFrame) -> Iterator[str]:
    """Which inputs would change the choice, by closed forms."""
    changing = frame[frame["changes_choice"]]
    if not len(changing):
        yield "No promise, traffic or price a fifth lower or higher makes other units or another place the choice."
        return
    told = [
        f"{row['input'].partition(',')[0]} {row[side]}: {row[f'choice_{side}']}"
        for _, row in changing.iterrows()
        for side in ("low", "high")
        if row[f"changes_{side}"]
    ]
    more = f"; and {len(told) - TOLD} more, see `sensitivity`" if len(told) > TOLD else ""
    yield f"Other units or another place would be the choice with {'; with '.join(told[:TOLD])}{more}."


def warnings(ranked: Sequence[Confirmed], aim: Aim, variants: Variants) -> Iterator[str]:
    """What a reader should know before using the numbers."""
    first = ranked[0]
    service = first.ranked.timed.variant.service
    gpu, priced = service.cluster.node.gpu.name, service.price.gpu
    if gpu != priced:
        yield f"The price {service.price.name} is for {priced}, but the choice has {gpu}: only a stand-in."
    if variants.left_out[REFUSED]:
        yield f"{variants.left_out[REFUSED]} of the services asked about cannot be. {variants.why[REFUSED]}"
    better = [one for one in ranked if one.held is None and one.values(aim.objective) < first.values(aim.objective)]
    if better:
        yield f"{len(better)} fleets that look better by closed forms were not played; raise search.confirm."
