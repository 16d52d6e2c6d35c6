"""A service's requests, played: at their own rate, and at others for the curve of load against what users see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from simulator.result import Figure
from simulator.serving import played_tables
from simulator.serving.as_world import world_of
from simulator.serving.asked import first
from simulator.serving.planning import ServicePlan
from simulator.serving.world import summarise
from simulator.serving.world.played import Played
from simulator.serving.world.playing import play
from simulator.serving.world.spec import World
from topologies.units import pretty
from workloads.requests import Requests

LOADS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Rates of the curve, over the traffic's own."""
CURVE_REQUESTS = 120_000
"""Requests of a point of the curve at most."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Served:
    """What playing a service's requests says."""

    figures: Mapping[str, Figure]
    tables: Mapping[str, pd.DataFrame]
    answer: tuple[str, ...]


def played_service(plan: ServicePlan, requests: Requests, say: Say) -> Served:
    """Play requests as they come, then some of them closer together and further apart.

    Raises Refused for requests that the units cannot serve.
    """
    seed = plan.service.seed
    say("Tabulating steps")
    world = world_of(plan, requests)

    def tell(what: str, done: int, total: int) -> None:
        say(f"Playing {what}: {done:,} of {total:,}")

    played = play(requests, world, seed, tell)
    found = played_tables.tables(plan, played)
    figures = played_tables.figures(plan, played)
    found["throughput"] = throughput(plan, (requests, world), say)
    return Served(figures, found, tuple(_answer(plan, figures, found, requests)))


def throughput(plan: ServicePlan, asked: tuple[Requests, World], say: Say) -> pd.DataFrame:
    """What users see over how much is asked: the same requests, closer together or further apart.

    returns  [load]  load_ratio (over the traffic's own rate), rate_per_s, ttft_s and tpot_s (90 % are no longer),
             tokens_per_s_per_gpu (output), kept_share (of the requests; without promises: that finished)
    """
    requests, world = asked
    some = first(requests, CURVE_REQUESTS)
    rows = []
    for load in LOADS if some.count > 1 else ():
        say(f"Playing {load:g} times the rate")
        played = play(
            replace(some, arrival_s=some.arrival_s / load),
            replace(world, sample_s=max(world.sample_s / load, 1e-3)),
            plan.service.seed,
        )
        rows.append((load, *_point(plan, played)))
    columns = ["load_ratio", "rate_per_s", "ttft_s", "tpot_s", "tokens_per_s_per_gpu", "kept_share"]
    return pd.DataFrame(rows, columns=columns)


def _point(plan: ServicePlan, played: Played) -> tuple[float, ...]:
    """One point of the curve."""
    times, rate = summarise.latencies(played), summarise.throughput(played)
    kept = float(played.finished.mean())
    if (promises := plan.service.promises) is not None:
        kept = float(summarise.attainment(played, [played_tables.as_promise(promises)])["kept_share"].iloc[0])
    per_gpu = float(rate["output_tokens_per_s"]) / plan.service.gpus
    marks = (float(times["p90"]["ttft_s"]), float(times["p90"]["tpot_s"]))
    return (float(rate["arrived_requests_per_s"]), *marks, per_gpu, kept)


def _answer(
    plan: ServicePlan, figures: Mapping[str, Figure], tables: Mapping[str, pd.DataFrame], requests: Requests
) -> list[str]:
    """What users see, whether promises hold, what binds, how far the load may grow."""
    ttft, tpot = figures.get("ttft_p90_s"), figures.get("tpot_p90_s")
    told = f"Of {requests.count:,} requests none that comes once units have filled up gets an answer"
    if ttft is not None:
        told = f"Of {requests.count:,} requests nine in ten get their first token within {ttft.value:.2f} s"
    if tpot is not None:
        told += f" and the others every {tpot.value * MILLI:.1f} ms or faster"
    said = ["; ".join([told, *filter(None, (_used(name, figures) for name in plan.units))]) + "."]
    said += _filling_up(figures, requests)
    promises = plan.service.promises
    if promises is not None:
        kept, wanted = figures["kept_share"].value, promises.share
        state = "kept" if kept >= wanted else "not kept"
        binds = "" if kept >= wanted else _late(figures)
        said.append(f"The promise to {wanted:.0%} of requests is {state}: {kept:.1%} get it{binds}.")
        said += _room(tables["throughput"], wanted)
    lost = int(figures["turned_away"].value)
    if lost:
        said.append(f"{lost:,} requests never got their last token: turned away, given up, or without a unit.")
    return said


def _late(figures: Mapping[str, Figure]) -> str:
    """Which of the two promises is broken more often, where requests were answered at all."""
    first, others = figures.get("ttft_kept_share"), figures.get("tpot_kept_share")
    if first is None or others is None:
        return ""
    return f"; {'first' if first.value < others.value else 'later'} tokens are late more often"


def _used(name: str, figures: Mapping[str, Figure]) -> str:
    """How full units of a kind are, where anything was seen of it."""
    if (filled := figures.get(f"{name}_filled_share")) is not None:
        return f"{name} units run {filled.value:.0%} of the sequences they may"
    busy = figures.get(f"{name}_busy_share")
    return "" if busy is None else f"{name} units step {busy.value:.0%} of the time"


def _filling_up(figures: Mapping[str, Figure], requests: Requests) -> list[str]:
    """Says so where requests take so long that units hardly fill up while they come."""
    took, span_s = figures.get("e2e_p50_s"), float(requests.arrival_s[-1] - requests.arrival_s[0])
    if took is None or not span_s or took.value < LONG_SHARE * span_s:
        return []
    return [
        f"Half of the requests take {pretty(took.value, 's', 3)} or longer, but they come within "
        f"{pretty(span_s, 's', 3)}: units are still filling up, so that rates and times are not those of a service "
        "that runs on; let traffic last longer."
    ]


LONG_SHARE = 0.25
"""Of the time in which requests come; where half of them take longer, the first of them have hardly left by its end."""
MILLI = 1_000
"""Thousandths in one."""


def _room(curve: pd.DataFrame, wanted: float) -> list[str]:
    """How far the load may grow."""
    good = curve[curve["kept_share"] >= wanted]
    if not len(good):
        return [f"Not even {curve['load_ratio'].min():g} times the rate keeps it."]
    most = float(good["load_ratio"].max())
    further = "" if most == curve["load_ratio"].max() else f"; at {_next(curve, most):g} times it is broken"
    return [f"It holds up to {most:g} times the rate among those tried{further}."]


def _next(curve: pd.DataFrame, load: float) -> float:
    """The next higher load that was tried."""
    return float(curve[curve["load_ratio"] > load]["load_ratio"].min())
