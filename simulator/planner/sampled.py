"""Clusters and layouts drawn together where there are too many to try all: by TPE for one objective, else NSGA-II."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.estimates.choices import Choice
from simulator.planner.alike import SPARE
from simulator.planner.cluster import Cluster
from simulator.planner.exhaustive import estimated, own_candidate
from simulator.planner.found import ACTIVATIONS, ESTIMATED, ESTIMATED_LATE, INVALID, REFUSED, Candidate, Found, best
from simulator.planner.jobs import pool
from simulator.planner.space import CPS, Family, Way, divisors, layout_of, lists_own, runs, schedules, sensible, under
from simulator.planner.space import ways as shardings
from simulator.planner.ways import Ways
from simulator.refusal import Refused
from topologies.problems import InvalidInput, Problem
from workloads.layout_axes import LayoutAxes
from workloads.plan_question import TrainingQuestion
from workloads.schedule import ScheduleError

if TYPE_CHECKING:
    import optuna

AT_ONCE = 24
"""Drawn before any of them is judged, and a generation of NSGA-II, whatever the number of processes."""
MISSING = (
    "more clusters than are tried one by one (search.most_clusters), so that layouts are drawn, which needs optuna: "
    "`pip install 'clustercast[planner]'`, or write `search: {method: exhaustive}`"
)
DOING = "Drawing clusters and layouts"
FAR, WORST = 10.0, 1e30
"""By how much a draw that is no layout at all misses, more than any that does not fit; and what it is worth."""


class Judged(NamedTuple):
    """A draw's candidate if it keeps the limits; by how much it does not, 0 if it does; what became of it."""

    candidate: Candidate | None
    misses: float
    why: str


class Draw(NamedTuple):
    """One draw: a cluster and a value of each axis."""

    cluster: Cluster
    axes: LayoutAxes
    values: Mapping[str, Any]


def sampled(question: TrainingQuestion, able: Sequence[Cluster], ways: Ways) -> Found:
    """Draw `search.tries` choices of clusters and layouts, beside the scenario's own on every cluster.

    The same for any number of processes.

    Raises InvalidInput where optuna is not installed.
    """
    study, spaces = _study(question), _spaces(question, able)
    found, tries = Found(), question.search.tries
    every = {}
    for own in _own(question, able, found):
        every[own.cluster, own.key] = own
    with pool(ways.workers) as submit:
        for first in range(0, tries, AT_ONCE):
            ways.tell(DOING, first, tries)
            trials = [study.ask() for _ in range(min(AT_ONCE, tries - first))]
            results = [submit(_judged, _drawn(trial, able, question.layouts, spaces)) for trial in trials]
            for trial, result in zip(trials, results, strict=True):
                judged: Judged = result()
                _tell(study, trial, judged, len(question.objective))
                found.left_out[judged.why] += 1
                if judged.candidate is not None:
                    every[judged.candidate.cluster, judged.candidate.key] = judged.candidate
    found.valid = tries - found.left_out[INVALID]
    found.candidates = best(list(every.values()), SPARE * question.search.keep)
    return found


def _own(question: TrainingQuestion, able: Sequence[Cluster], found: Found) -> Iterator[Candidate]:
    """The scenario's own layout on each cluster where it fits, keeps the limits and is one of `layouts`."""
    for cluster in able:
        own, worth = own_candidate(cluster), cluster.worth
        if own is None or own.memory_bytes > worth.most_bytes:
            continue
        found.own = found.own or own
        if own.step_s <= worth.most_step_s and lists_own(cluster.setting, question.layouts):
            yield own


def _study(question: TrainingQuestion) -> optuna.Study:
    """A study with the sampler that suits the objectives."""
    try:
        import optuna
    except ImportError:
        raise InvalidInput([Problem(question.name, 0, 0, "search.method", MISSING)]) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    seed, several = question.search.seed, len(question.objective) > 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampler: optuna.samplers.BaseSampler
        if several:
            sampler = optuna.samplers.NSGAIISampler(population_size=AT_ONCE, seed=seed, constraints_func=_misses)
        else:
            sampler = optuna.samplers.TPESampler(
                seed=seed, n_startup_trials=4 * AT_ONCE, multivariate=True, constraints_func=_misses
            )
        return optuna.create_study(directions=["minimize"] * len(question.objective), sampler=sampler)


def _misses(trial: optuna.trial.FrozenTrial) -> tuple[float]:
    """By how much a draw misses the limits."""
    return (float(trial.user_attrs["misses"]),)


def _spaces(question: TrainingQuestion, able: Sequence[Cluster]) -> dict[str, list[Any]]:
    """Values of each axis on any of the clusters."""
    axes, first = question.layouts, question.scenario
    gpus = {one.setting.cluster.gpus for one in able}
    most_layers = max(one.setting.demands.layers for one in able)
    pps = {pp for number in gpus for pp in divisors(number) if pp <= most_layers}
    tps = {tp for one in able for tp in divisors(one.setting.demands.gpus_per_node)}
    eps = {ep for one in able for ep in divisors(one.setting.demands.experts or 1)}
    return {
        "cluster": list(range(len(able))),
        "tp": list(axes.tp or sorted(tps)),
        "cp": list(axes.cp or CPS),
        "pp": list(axes.pp or sorted(pps)),
        "ep": list(axes.ep or sorted(eps)) if first.demands.experts else [1],
        "schedule": list(range(len(schedules(axes, first.layout.schedule)))),
        "sequences_per_micro_batch": list(axes.sequences_per_micro_batch),
        "recompute": list(axes.recompute),
        "sharding": list(range(len(shardings(first, axes)))),
    }


def _drawn(trial: optuna.Trial, able: Sequence[Cluster], axes: LayoutAxes, spaces: Mapping[str, list[Any]]) -> Draw:
    """One choice as the sampler suggests it."""
    values = {name: trial.suggest_categorical(name, values) for name, values in spaces.items()}
    return Draw(able[values["cluster"]], axes, values)


def _judged(draw: Draw) -> Judged:
    """Estimate a draw; one that is not valid or does not fit is no candidate."""
    choice = _choice(draw)
    if choice is None:
        return Judged(None, FAR, INVALID)
    worth = draw.cluster.worth
    try:
        candidate = estimated(draw.cluster, choice)
    except (Refused, ScheduleError):
        return Judged(None, FAR, REFUSED)
    if candidate.memory_bytes > worth.most_bytes:
        return Judged(None, min(candidate.memory_bytes / worth.most_bytes - 1, FAR / 2), ACTIVATIONS)
    if candidate.step_s > worth.most_step_s:
        return Judged(None, min(candidate.step_s / worth.most_step_s - 1, FAR / 2), ESTIMATED_LATE)
    return Judged(candidate, 0.0, ESTIMATED)


def _choice(draw: Draw) -> Choice | None:
    """The choice of a draw, None where it is not valid."""
    setting, values = draw.cluster.setting, draw.values
    each = values["tp"] * values["cp"] * values["pp"]
    gpus = setting.cluster.gpus
    if gpus % each:
        return None
    schedule = schedules(draw.axes, setting.layout.schedule)[values["schedule"]]
    sizes = {axis: values[axis] for axis in ("tp", "cp", "pp", "ep")}
    base = dict(setting.layout.model_copy(update={"layers_per_stage": None}))
    layout = layout_of({**base, **sizes, "dp": gpus // each, "schedule": schedule})
    if layout is None or not sensible(schedule, layout.pp, setting.demands.layers):
        return None
    size, recompute = values["sequences_per_micro_batch"], values["recompute"]
    if not runs(setting, Choice(layout, size, recompute)):
        return None
    sharding: Way = shardings(setting, draw.axes)[values["sharding"]]
    return under(Family(layout, size), sharding, recompute)


def _tell(study: optuna.Study, trial: optuna.Trial, judged: Judged, objectives: int) -> None:
    """Give the sampler what a draw is worth."""
    trial.set_user_attr("misses", judged.misses)
    values = judged.candidate.values if judged.candidate is not None else (WORST,) * objectives
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study.tell(trial, list(values))
