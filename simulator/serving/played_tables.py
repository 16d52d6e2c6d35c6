"""Tables and figures of requests that were played: what they waited for, what was kept, what units did meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from simulator.result import Figure
from simulator.serving.planning import ServicePlan
from simulator.serving.world import summarise
from simulator.serving.world.played import Played
from simulator.serving.world.state import Floats
from workloads.service import Promises

BINS = 40
METRICS: Mapping[str, str] = {"ttft_s": "ttft", "tpot_s": "tpot", "itl_s": "itl", "end_to_end_s": "e2e"}
"""Name of a time in a summary -> in tables and figures."""
WORDS: Mapping[str, str] = {
    "ttft": "From a request's arrival to its first token",
    "tpot": "From its first token to its last, over the tokens after the first",
    "itl": "From a token to the next of the same request, all of them",
    "e2e": "From a request's arrival to its last token",
}
SHOWN = ("p50", "p90", "p99")


def tables(plan: ServicePlan, played: Played) -> dict[str, pd.DataFrame]:
    """All tables of one play."""
    found = {
        "percentiles": percentiles(played),
        "histograms": histograms(played),
        "timeline": timeline(played),
        "engines": engines(plan, played),
    }
    promises = plan.service.promises
    if promises is not None:
        found["promises"] = summarise.attainment(played, [as_promise(promises)])
    return {name: table for name, table in found.items() if len(table)}


def as_promise(promises: Promises) -> summarise.Promise:
    """What a service promises, as summaries read it."""
    return summarise.Promise(promises.ttft_s, promises.tpot_s)


def percentiles(played: Played) -> pd.DataFrame:
    """Times that users see.

    returns  [metric]  metric (ttft, tpot, itl, e2e), requests (itl: gaps), mean_s, p50_s, p90_s, p95_s, p99_s,
             longest_s
    """
    frame = summarise.latencies(played).rename(columns={"count": "requests", "max": "longest"})
    frame = frame.rename(columns={name: f"{name}_s" for name in frame.columns if name != "requests"})
    frame.insert(0, "metric", [METRICS[str(name)] for name in frame.index])
    return frame.reset_index(drop=True)


def histograms(played: Played) -> pd.DataFrame:
    """How times are spread, in bins of equal ratio between the thousandth shortest and the longest.

    returns  [metric x bin]  metric, low_s, high_s, share (of the requests; itl: of the gaps)
    """
    from_s, until_s = summarise.Steady().of(played)
    seen = played.finished & (played.arrival_s >= from_s) & (played.arrival_s <= until_s)
    gaps = played.gap_slices.between(from_s, until_s)
    found = [
        _binned("ttft", summarise.ttft_s(played)[seen], None),
        _binned("tpot", summarise.tpot_s(played)[seen], None),
        _binned("itl", gaps.from_s, gaps.tokens.astype(np.float64)),
        _binned("e2e", summarise.end_to_end_s(played)[seen], None),
    ]
    return (
        pd.concat([frame for frame in found if len(frame)], ignore_index=True)
        if any(map(len, found))
        else pd.DataFrame()
    )


def _binned(metric: str, values_s: Floats, weights: Floats | None) -> pd.DataFrame:
    """One metric's bins."""
    counted = np.ones(len(values_s)) if weights is None else weights
    there = np.isfinite(values_s) & (values_s > 0) & (counted > 0)
    values_s, counted = values_s[there], counted[there]
    if not len(values_s):
        return pd.DataFrame()
    order = np.argsort(values_s)
    upto = np.cumsum(counted[order]) / counted.sum()
    low = values_s[order][int(np.searchsorted(upto, 1e-3))]
    edges = np.geomspace(low, max(float(values_s.max()), low * 1.0001), BINS + 1)
    edges[0], edges[-1] = min(edges[0], float(values_s.min())), max(edges[-1], float(values_s.max()))
    held, _ = np.histogram(values_s, edges, weights=counted)
    return pd.DataFrame({"metric": metric, "low_s": edges[:-1], "high_s": edges[1:], "share": held / counted.sum()})


def timeline(played: Played) -> pd.DataFrame:
    """What went on at each look.

    returns  [look x unit]  time_s, unit, waiting, running, kv_share, busy_share, present (units that are there)
    """
    frame = summarise.queues(played).rename(columns={"at_s": "time_s", "kind": "unit"})
    return frame[["time_s", "unit", "waiting", "running", "kv_share", "busy_share", "present"]]


def engines(plan: ServicePlan, played: Played) -> pd.DataFrame:
    """What each unit did.

    returns  [unit]  unit (kind and number), busy_s, present_s, utilisation_share
    """
    frame = summarise.engines(played)
    names = [
        f"{name} {number + 1}" for name, one in plan.units.items() for number in range(one.engine.setting.unit.units)
    ]
    frame.insert(0, "unit", names[: len(frame)])
    return frame.reset_index(drop=True)


def figures(plan: ServicePlan, played: Played) -> dict[str, Figure]:
    """Headline figures of one play."""
    found: dict[str, Figure] = {}
    times = percentiles(played).set_index("metric")
    for metric, words in WORDS.items():
        found |= {
            f"{metric}_{mark}_s": Figure(
                float(times[f"{mark}_s"][metric]), "s", f"{words}, {mark[1:]} % are no longer."
            )
            for mark in SHOWN
        }
    rate, gpus = summarise.throughput(played), plan.service.gpus
    text = "In the steady part of the play, of the requests that end there"
    found["requests_per_s"] = Figure(float(rate["requests_per_s"]), "requests/s", f"{text}.")
    found["served_output_tokens_per_s"] = Figure(
        float(rate["output_tokens_per_s"]), "tokens/s", f"{text}: output tokens."
    )
    per_gpu = float(rate["output_tokens_per_s"]) / gpus
    found["served_output_tokens_per_s_per_gpu"] = Figure(per_gpu, "tokens/s", f"{text}, over the GPUs of all units.")
    if (promises := plan.service.promises) is not None:
        row = summarise.attainment(played, [as_promise(promises)]).iloc[0]
        text = "Requests of the steady part that got both promises; those that were turned away did not."
        found["kept_share"] = Figure(float(row["kept_share"]), "ratio", text)
        found["ttft_kept_share"] = Figure(
            float(row["ttft_share"]), "ratio", "Of those that finished: the first token in time."
        )
        found["tpot_kept_share"] = Figure(
            float(row["tpot_share"]), "ratio", "Of those that finished: the others in time."
        )
        text = "Requests a second that got both promises."
        found["goodput_requests_per_s"] = Figure(float(row["good_requests_per_s"]), "requests/s", text)
    for name in plan.units:
        busy, text = _steady_mean(played, name, played.queues[name].busy_share), f"Time in which {name} units step"
        found[f"{name}_busy_share"] = Figure(busy, "ratio", f"{text}, of the time they are there; in the steady part.")
    found |= _filled(plan, played)
    found["preemptions"] = Figure(float(played.preemptions.sum()), "count", "Times that a sequence had to make room.")
    found["turned_away"] = Figure(float((~played.finished).sum()), "count", "Requests that never got their last token.")
    return {name: figure for name, figure in found.items() if np.isfinite(figure.value)}


def _filled(plan: ServicePlan, played: Played) -> dict[str, Figure]:
    """How full units that answer are: sequences that run over those that may, mean of the looks."""
    found = {}
    for name, one in plan.units.items():
        if one.most_sequences and name in played.queues:
            own = played.queues[name]
            most = one.rows * one.engine.setting.unit.groups
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = _steady_mean(played, name, own.running / (most * own.present))
            text = f"Sequences that {name} units run over those they may, in the steady part."
            found[f"{name}_filled_share"] = Figure(mean, "ratio", text)
    return found


def _steady_mean(played: Played, name: str, values: Floats) -> float:
    """Mean of what was seen at the looks of the steady part at which there are units; NaN where there are none."""
    from_s, until_s = summarise.Steady().of(played)
    seen = (played.sample_at_s >= from_s) & (played.sample_at_s <= until_s) & (played.queues[name].present > 0)
    return float(np.nanmean(values[seen])) if seen.any() else float("nan")
