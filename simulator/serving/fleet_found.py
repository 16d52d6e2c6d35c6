"""The cheapest fleet that keeps a service's promises: ranked by closed forms, the best one checked by events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import pandas as pd

from simulator.headline import HOUR_S
from simulator.result import Figure
from simulator.serving import played_tables
from simulator.serving.as_world import world_of
from simulator.serving.asked import Asked
from simulator.serving.fleet.checked import Achieved, Checked, Units, checked
from simulator.serving.fleet.engines import maker
from simulator.serving.fleet.grid import Made, made
from simulator.serving.fleet.option import Kind, Option
from simulator.serving.fleet.search import Fleet, Found, Question, search
from simulator.serving.planning import plan_service
from simulator.serving.requests_played import Say, Served
from simulator.serving.world import summarise
from simulator.serving.world.playing import play
from workloads.fleet_search import FleetSearch, Value
from workloads.service import Promises, Service, changed_service

SHOWN = 10
Changes = Mapping[str, Value]


@dataclass(frozen=True)
class Options:
    """Units that are tried, and what was changed of the service for each, by its name."""

    made: Made
    changes: Mapping[str, Changes]


def options_of(service: Service, wanted: FleetSearch, asked: Asked) -> Options:
    """Make every unit that is to be tried. Raises Refused for values of a kind that the service lacks."""
    make, changes = maker(service, wanted, asked.offered), dict[str, Changes]()

    def told(kind: Kind, wants: Changes) -> Option:
        option = make(kind, wants)
        changes[option.name] = {f"{kind}.{path}": value for path, value in wants.items()}
        return option

    kinds = [cast(Kind, kind) for kind in service.units]
    return Options(made(wanted, kinds, told), changes)


def found_fleet(service: Service, asked: Asked, say: Say) -> tuple[Served, Fleet | None]:
    """Search, check, and say what came out; the best fleet, if there is one. Raises Refused."""
    wanted, promises = service.search, service.promises
    if wanted is None or promises is None:
        return Served({}, {}, ()), None
    say("Timing units to choose from")
    options = options_of(service, wanted, asked)
    say("Searching fleets")
    found = search(options.made.options, Question(asked.offered, promises, wanted.most_gpus, SHOWN))
    tables = {"candidates": candidates(service, found), "left_out": left_out(options.made, found)}
    tables = {name: table for name, table in tables.items() if len(table)}
    if not found.answers:
        most = f"{wanted.most_gpus:,} GPUs"
        return Served({}, tables, (f"No fleet of up to {most} keeps the promises; `left_out` says why.",)), None
    best = found.answers[0].fleet
    say("Checking the best fleet by events")
    held = checked_by_events(service, (best, options), asked, say)
    tables["checks"] = checks(held)
    return Served(dict(_figures(service, best, held)), tables, tuple(_answer(service, found, held, options))), best


def checked_by_events(service: Service, asked_of: tuple[Fleet, Options], asked: Asked, say: Say) -> Checked:
    """Play the fleet, one unit more or fewer at a time, until it just keeps the promises."""
    fleet, options = asked_of
    wanted, promises = service.search, service.promises
    if wanted is None or promises is None:
        raise TypeError("a service without a search has no fleet to check")
    changes: dict[str, object] = {}
    for need in fleet.needs:
        changes |= options.changes[need.option.name]
    requests = asked.some(promises.ttft_s + promises.tpot_s * float(asked.offered.output_tokens.max()))

    def played(units: Units) -> Achieved:
        say(f"Playing {', '.join(f'{count} {kind}' for kind, count in units.items())} units")
        counts: dict[str, object] = {f"{kind}.units": count for kind, count in units.items()}
        sizes: dict[str, object] = {"cluster.nodes": _nodes(service, wanted.most_gpus)}
        plan = plan_service(changed_service(service, {**sizes, **changes, **counts}))
        got = summarise.attainment(play(requests, world_of(plan, requests), service.seed), [_promise(promises)]).iloc[0]
        return Achieved(float(got["ttft_share"]), float(got["tpot_share"]), float(got["kept_share"]))

    return checked(fleet, promises.share, played, wanted.most_gpus)


def _promise(promises: Promises) -> summarise.Promise:
    """As a summary reads it."""
    return played_tables.as_promise(promises)


def _nodes(service: Service, gpus: int) -> int:
    """Servers for so many GPUs, no fewer than there are."""
    return max(service.cluster.nodes, -(-gpus // service.cluster.node.gpus))


def candidates(service: Service, found: Found) -> pd.DataFrame:
    """The best fleets.

    returns  [fleet]  rank, fleet, gpus, nodes, usd_per_h, kept_share (by closed forms), dearer_ratio (over the best),
             binds (of each kind of unit: why one fewer is too few), lost (why it is not the best)
    """
    rows = []
    for rank, one in enumerate(found.answers, start=1):
        fleet = one.fleet
        binds = ", ".join(f"{need.option.kind}: {need.binds or 'one is the fewest'}" for need in fleet.needs)
        nodes = fleet.gpus / service.cluster.node.gpus
        rows.append(
            (
                rank,
                fleet.name,
                fleet.gpus,
                nodes,
                fleet.usd_per_s * HOUR_S,
                fleet.share,
                one.dearer_ratio,
                binds,
                one.lost,
            )
        )
    columns = ["rank", "fleet", "gpus", "nodes", "usd_per_h", "kept_share", "dearer_ratio", "binds", "lost"]
    return pd.DataFrame(rows, columns=columns)


def left_out(options: Made, found: Found) -> pd.DataFrame:
    """Units that cannot be, and that cannot keep the promises. returns  [unit]  unit, why"""
    rows = [*options.impossible, *((one.option.name, one.why) for one in found.unfit), *found.refused]
    return pd.DataFrame(rows, columns=["unit", "why"])


def checks(held: Checked) -> pd.DataFrame:
    """What events say. returns  [try]  units, kept_share, ttft_share, tpot_share"""
    rows = [
        (", ".join(f"{count} {kind}" for kind, count in one.units.items()), *_shares(one.achieved))
        for one in held.tries
    ]
    return pd.DataFrame(rows, columns=["units", "kept_share", "ttft_share", "tpot_share"])


def _shares(achieved: Achieved) -> tuple[float, float, float]:
    """Both promises, then each."""
    return achieved.share, achieved.ttft_share, achieved.tpot_share


def _figures(service: Service, best: Fleet, held: Checked) -> Iterator[tuple[str, Figure]]:
    """Size and price of the best fleet."""
    per_node = service.cluster.node.gpus
    yield (
        "fleet_gpus",
        Figure(float(best.gpus), "count", "GPUs of the cheapest fleet that keeps the promises, by closed forms."),
    )
    yield "fleet_nodes", Figure(best.gpus / per_node, "count", "Its servers.")
    yield "fleet_usd_per_h", Figure(best.usd_per_s * HOUR_S, "USD", "Its rent of an hour.")
    if held.units is not None:
        gpus = {need.option.kind: need.option.gpus for need in best.needs}
        total = sum(count * gpus[kind] for kind, count in held.units.items())
        text = "The same after events: the fewest units of these kinds that keep the promises there."
        yield "fleet_gpus_by_events", Figure(float(total), "count", text)


def _answer(service: Service, found: Found, held: Checked, options: Options) -> Iterator[str]:
    """The fleet, what binds, the runner-up, what events say."""
    best = found.answers[0].fleet
    nodes = best.gpus / service.cluster.node.gpus
    tried = len(options.made.options)
    yield (
        f"The cheapest of all fleets of {tried} ways to build units is {best.name}: {best.gpus:,} GPUs, {nodes:g} "
        f"servers, {best.usd_per_s * HOUR_S:,.0f} USD an hour; by closed forms {best.share:.1%} of requests get both "
        "promises."
    )
    if len(found.answers) > 1:
        second = found.answers[1]
        yield f"Next comes {second.fleet.name}, {second.dearer_ratio:+.1%}: {second.lost}."
    achieved = held.tries[0].achieved.share
    said = f"Played by events it keeps them for {achieved:.1%} ({held.difference_share:+.1%} against closed forms)"
    if held.units is None:
        yield f"{said}; no number of units tried keeps the promise."
    elif any(held.extra.values()):
        more = ", ".join(f"{count:+d} {kind}" for kind, count in held.extra.items() if count)
        yield f"{said}; {more} units are the fewest that keep it there."
    else:
        yield f"{said}; no unit fewer does."
