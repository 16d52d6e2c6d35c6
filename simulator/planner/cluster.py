"""One cluster that a question allows: its scenario without a layout, what is varied, what its objectives are worth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from simulator.economics.drawing import network_w
from simulator.planner.worth import Draws, Worth
from topologies.catalogue import Catalogue
from topologies.problems import InvalidInput
from topologies.spec import load_entry
from workloads.plan_question import TrainingQuestion
from workloads.price import Price
from workloads.scenario import Setting, catalogue
from workloads.short_paths import full_path


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of the question.

    varied    short path -> value as a reader is told;  changes   full path -> value
    why_not   why it cannot be the answer, empty if it can;  price   of its GPU, None where none is known
    """

    number: int
    setting: Setting
    varied: Mapping[str, str]
    changes: Mapping[str, object]
    price: Price | None
    worth: Worth
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """Values of `vary` that do not go together."""

    varied: Mapping[str, str]
    why: str


def clusters(question: TrainingQuestion, names: Catalogue | None) -> Iterator[Cluster | Unbuilt]:
    """Every combination of `vary`, in its order; those that are not valid or break a limit with the reason."""
    known = names if names is not None else catalogue()
    paths = list(question.vary)
    for number, values in enumerate(product(*question.vary.values())):
        told = {path: _told(value) for path, value in zip(paths, values, strict=True)}
        changes = {full_path(path): value for path, value in zip(paths, values, strict=True)}
        yield built(question, known, (number, told, changes))


def built(
    question: TrainingQuestion, names: Catalogue, of: tuple[int, Mapping[str, str], Mapping[str, object]]
) -> Cluster | Unbuilt:
    """One combination: its number, what it is called, its changes."""
    number, told, changes = of
    try:
        setting = question.scenario.with_changes(changes, names) if changes else question.scenario
    except InvalidInput as refused:
        why = "; ".join(": ".join(filter(None, (one.field, one.message))) for one in refused.problems)
        return Unbuilt(told, why)
    price = price_of(question, setting, names)
    if price is not None:
        setting = setting.model_copy(update={"price": price})
    why_not = broken_limit(question, setting, price)
    return Cluster(number, setting, told, changes, price, worth_of(question, setting, price), why_not)


def price_of(question: TrainingQuestion, setting: Setting, names: Catalogue) -> Price | None:
    """The price of the cluster's GPU: the question's, the scenario's, or the only one of the catalogue; else none."""
    gpu = setting.cluster.node.gpu.name
    for price in (*question.prices, setting.price):
        if price.gpu == gpu:
            return price
    listed = [load_entry(Price.group, name, Price, names) for name in names.names(Price.group)]
    own = [price for price in listed if price.gpu == gpu]
    return own[0] if len(own) == 1 else None


def broken_limit(question: TrainingQuestion, setting: Setting, price: Price | None) -> str:
    """The limit that a cluster breaks whatever its layout, empty if none."""
    limits, cluster = question.limits, setting.cluster
    gpu = cluster.node.gpu.name
    if limits.most_gpus is not None and cluster.gpus > limits.most_gpus:
        return f"{cluster.gpus:,} GPUs, limits.most_gpus allows {limits.most_gpus:,}"
    if limits.networks is not None and cluster.topology.kind not in limits.networks:
        return f"its network is of kind {cluster.topology.kind}, limits.networks allows {', '.join(limits.networks)}"
    if price is None and ("cost" in question.objective or limits.budget_usd is not None):
        return f"no price of the GPU {gpu} is known; add one under `prices`"
    if "energy" in question.objective and not any(power.gpu == gpu for power in question.powers):
        return f"no power of the GPU {gpu} is known; add one under `powers`"
    return ""


def worth_of(question: TrainingQuestion, setting: Setting, price: Price | None) -> Worth:
    """What a step means on this cluster."""
    job, cluster, limits = setting.job, setting.cluster, question.limits
    steps = job.tokens / job.tokens_per_step
    usd_per_s = cluster.gpus * price.gpu_usd_per_s if price is not None else None
    most_step_s = limits.seconds / steps if limits.seconds is not None else math.inf
    if limits.budget_usd is not None and usd_per_s is not None:
        most_step_s = min(most_step_s, limits.budget_usd / usd_per_s / steps)
    most_bytes = limits.most_memory_share * cluster.node.gpu.memory_usable_bytes
    draws = _draws(question, setting) if "energy" in question.objective else None
    return Worth(question.objective, steps, cluster.gpus, usd_per_s, draws, most_step_s, most_bytes)


def _draws(question: TrainingQuestion, setting: Setting) -> Draws | None:
    """What the cluster draws at the meter; None where nobody says what its GPU draws."""
    cluster, site = setting.cluster, question.site
    power = next((power for power in question.powers if power.gpu == cluster.node.gpu.name), None)
    if power is None or site is None:
        return None
    rest_w = cluster.nodes * power.server_w + network_w(cluster, power)
    gpus = cluster.gpus * site.pue_ratio
    return Draws(
        computing_w=gpus * power.gpu_computing_w,
        communicating_w=gpus * power.gpu_communicating_w,
        idle_w=gpus * power.gpu_idle_w,
        rest_w=rest_w * site.pue_ratio,
    )


def _told(value: Any) -> str:
    """A value as a reader is told: a mapping by its kind or its base."""
    if isinstance(value, Mapping):
        named = [str(value[key]) for key in ("kind", "base", "name") if key in value]
        rest = [f"{key} {_told(inner)}" for key, inner in value.items() if key not in ("kind", "base", "name")]
        return " ".join([*named, *rest])
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(_told, value)) if isinstance(value, list | tuple) else str(value)
