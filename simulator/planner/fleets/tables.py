"""Tables of an answer about serving: candidates, what was left out, what events say, what binds, why others lost."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from simulator.headline import HOUR_S
from simulator.planner.fleets.confirmed import Confirmed
from simulator.planner.fleets.variants import Variants
from simulator.planner.fleets.weighed import REASONS, Aim, Weighed, beats
from simulator.serving.fleet.option import Kind
from workloads.service import Promises

PROMPTS_AND_ANSWERS: dict[Kind, str] = {"prefill": "prompts", "decode": "answers", "whole": "both"}


def candidates(ranked: Sequence[Confirmed], aim: Aim) -> pd.DataFrame:
    """Fleets, best first.

    returns  [candidate]  see PlanResult; beside what varies: units of each kind, gpus, nodes, hour_usd (rent an hour),
             tpot_s and ttft_s (promised), kept_share (of the requests, by events where played)
    """
    varied = list(dict.fromkeys(name for one in ranked for name in one.ranked.timed.variant.told))
    rows = []
    for place, one in enumerate(ranked, start=1):
        variant, promises = one.ranked.timed.variant, one.ranked.promises
        row: dict[str, object] = {"place": place, "label": one.name}
        row |= {name: variant.told.get(name) for name in varied}
        row |= _units(one)
        row |= {"gpus": one.gpus, "nodes": one.gpus / variant.service.cluster.node.gpus}
        row |= {"hour_usd": one.usd_per_s * HOUR_S, "tpot_s": promises.tpot_s, "ttft_s": promises.ttft_s}
        row |= {"kept_share": kept_share(one), "pareto": _ahead(one, ranked, aim)}
        row["lost"] = "" if place == 1 else lost(one, ranked[0], aim)
        rows.append(row)
    order = [name for row in rows for name in row]
    frame = pd.DataFrame(rows, dtype=object)[_columns(order)]
    return pd.DataFrame({name: _typed(frame[name]) for name in frame})


def _typed(column: pd.Series) -> pd.Series:
    """A column with its own type where every fleet has a value; else as it is, so that whole numbers stay whole."""
    return column.infer_objects() if column.notna().all() else column.where(column.notna(), None)


def _columns(names: Sequence[str]) -> list[str]:
    """Columns once each; those of every candidate after those that some have."""
    last = ["gpus", "nodes", "hour_usd", "tpot_s", "ttft_s", "kept_share", "pareto", "lost"]
    return [*(name for name in dict.fromkeys(names) if name not in last), *last]


def _units(one: Confirmed) -> dict[str, object]:
    """What was tried of each kind of unit, and how many there are."""
    found: dict[str, object] = {}
    for kind, option in one.options.items():
        changes = one.ranked.timed.options.changes[option.name]
        found |= {path.replace(".", "_"): value for path, value in changes.items() if not _implied(path, changes)}
        found[f"{kind}_units"] = one.units.get(kind, 0)
    return found


def _implied(path: str, changes: object) -> bool:
    """Whether a unit's GPUs only follow from the experts that they share."""
    return path.endswith(".gpus") and isinstance(changes, dict) and path.replace(".gpus", ".ep") in changes


def kept_share(one: Confirmed) -> float:
    """Share of the requests that get both promises with the units that it has."""
    if one.held is None:
        return min(one.ranked.fleet.share, 1.0)
    shares = [each.achieved.share for each in one.held.tries if dict(each.units) == dict(one.units)]
    return shares[-1] if shares else one.held.tries[-1].achieved.share


def _ahead(one: Confirmed, ranked: Sequence[Confirmed], aim: Aim) -> bool:
    """Whether no other is better in something and no worse in anything."""
    mine = one.values(aim.objective)
    return not any(beats(other.values(aim.objective), mine) for other in ranked)


def lost(one: Confirmed, best: Confirmed, aim: Aim) -> str:
    """Why a fleet is not the choice, in words."""
    if not one.units:
        return "by events no number of units that was tried keeps the promises"
    told = []
    price, own = gpu_usd_per_s_of(best), gpu_usd_per_s_of(one)
    if own > price:
        told.append(f"a GPU-hour costs {own * HOUR_S:.2f} instead of {price * HOUR_S:.2f} USD")
    for kind, gpus in one.gpus_by_kind.items():
        theirs = best.gpus_by_kind.get(kind, 0)
        if gpus > theirs:
            told.append(f"{PROMPTS_AND_ANSWERS[kind]} take {gpus} GPUs instead of {theirs}{_bound(one, kind)}")
    if len(aim.objective) > 1 and one.ranked.promises.tpot_s > best.ranked.promises.tpot_s:
        told.append("a token may take longer")
    return "; ".join(told) or "as good by closed forms, serves no more requests in time"


def _bound(one: Confirmed, kind: Kind) -> str:
    """What keeps units of a kind from being fewer."""
    binds = next((need.binds for need in one.ranked.fleet.needs if need.option.kind == kind), None)
    return f", bound by {binds}" if binds else ", already one unit"


def gpu_usd_per_s_of(one: Confirmed) -> float:
    """USD a second of one of its GPUs."""
    return next(iter(one.options.values())).gpu_usd_per_s


def pruned(variants: Variants, weighed: Weighed) -> pd.DataFrame:
    """Ways to build units by what became of them. returns  [reason]  reason, choices, why (some examples)"""
    rows = [(reason, many, variants.why.get(reason, "")) for reason, many in variants.left_out.items()]
    known = weighed.left_out
    rows += [(reason, known[reason], "; ".join(weighed.why.get(reason, ()))) for reason in REASONS if known[reason]]
    return pd.DataFrame(rows, columns=["reason", "choices", "why"])


def confirmed(ranked: Sequence[Confirmed]) -> pd.DataFrame:
    """What closed forms expected of the fleets that were played, and what events say.

    returns  [candidate x figure]  place, label, figure, estimate, events, difference_ratio
    """
    rows = []
    for place, one in enumerate(ranked, start=1):
        if one.held is None:
            continue
        fleet, first = one.ranked.fleet, one.held.tries[0].achieved.share
        rows.append((place, one.ranked.label, "kept_share, units of the closed form", fleet.share, first))
        if one.units:
            rows.append((place, one.ranked.label, "gpus", float(fleet.gpus), float(one.gpus)))
            rows.append((place, one.ranked.label, "hour_usd", fleet.usd_per_s * HOUR_S, one.usd_per_s * HOUR_S))
    told = [(*row, row[-1] / row[-2] - 1) for row in rows]
    return pd.DataFrame(told, columns=["place", "label", "figure", "estimate", "events", "difference_ratio"])


def binds(best: Confirmed, aim: Aim) -> pd.DataFrame:
    """How near the choice is to what it may be. returns  [limit]  see PlanResult"""
    variant, promises = best.ranked.timed.variant, best.ranked.promises
    rows = [_promise(best, promises)]
    rows.append(_row("GPUs of the fleet", float(best.gpus), float(variant.wanted.most_gpus), "count", ""))
    if aim.budget_usd_per_s is not None:
        rows.append(_row("rent", best.usd_per_s * HOUR_S, aim.budget_usd_per_s * HOUR_S, "USD/h", ""))
    for need in best.ranked.fleet.needs:
        kind, outcome, offered = need.option.kind, need.outcome, variant.asked.offered
        most, _ = need.option.most_per_unit_per_s(offered)
        why = f"one {kind} unit fewer fails by {need.binds}" if need.binds else f"{kind} units are no more than one"
        capacity = need.units * most
        rows.append(_row(f"requests that {kind} units can do", offered.requests_per_s, capacity, "requests/s", why))
        if kind != "prefill":
            places = getattr(need.option, "places")(offered)[0]  # noqa: B009
            rows.append(_row(f"sequences of a group of {kind} units, mean", outcome.batch, float(places), "count", ""))
    return pd.DataFrame(rows, columns=["limit", "used", "allowed", "unit", "used_share", "binding", "why"])


BINDING_SHARE = 0.95
"""Of what is allowed; a limit that is used so far binds."""


def _row(limit: str, used: float, allowed: float, unit: str, why: str) -> tuple[object, ...]:
    """One limit."""
    share = used / allowed if allowed else float("nan")
    return limit, used, allowed, unit, share, bool(share >= BINDING_SHARE), why


def _promise(best: Confirmed, promises: Promises) -> tuple[object, ...]:
    """Requests that are late, of those that may be; it binds where a unit fewer breaks it."""
    late, allowed = 1 - kept_share(best), 1 - promises.share
    bound = sorted({need.binds for need in best.ranked.fleet.needs if need.binds in ("TTFT", "TPOT", "rate")})
    why = f"with one unit fewer too many are late, by {' and '.join(bound)}" if bound else ""
    return "requests that come late", late, allowed, "ratio", late / allowed, bool(bound), why


def attribution(best: Confirmed, second: Confirmed) -> pd.DataFrame:
    """Rent of an hour of the choice and of the next one, term by term.

    GPUs count at the choice's price; the last term is what another price makes of the next one's.
    returns  [term]  term, chosen, runner_up, difference (USD)
    """
    price = gpu_usd_per_s_of(best)
    mine, theirs = best.gpus_by_kind, second.gpus_by_kind
    rows = []
    for kind in dict.fromkeys([*mine, *theirs]):
        both = [gpus.get(kind, 0) * price * HOUR_S for gpus in (mine, theirs)]
        rows.append((f"GPUs for {PROMPTS_AND_ANSWERS[kind]}", *both, both[1] - both[0]))
    dearer = second.gpus * (gpu_usd_per_s_of(second) - price) * HOUR_S
    rows.append(("price of a GPU", 0.0, dearer, dearer))
    return pd.DataFrame(rows, columns=["term", "chosen", "runner_up", "difference"])
