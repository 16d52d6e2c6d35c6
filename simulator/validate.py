"""Published figures held against simulated ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator import transfer_figures
from simulator.long_run.run import whole_run
from simulator.plan import plan
from simulator.result import Figure, Result
from simulator.run import simulate
from simulator.serving.run import serve
from simulator.summary import summarise
from simulator.trace import Trace
from workloads.counts import activated, cache_share, flop_per_token, kv_cache_bytes_per_token, parameters
from workloads.long_run import RUNS, changed_run, load_run
from workloads.model import ModelSpec
from workloads.observed import OF_RUN, OF_SERVICE, Observation, Published, names, published
from workloads.scenario import SCENARIOS, Scenario, catalogue, load_scenario
from workloads.service import SERVICES, changed_service, load_service

SEQUENCE = 4096
"""Tokens a sequence in the published FLOP counts."""

COUNTS: Mapping[str, Callable[[ModelSpec], float]] = {
    "parameters": parameters,
    "activated": activated,
    "kv_cache_bytes_per_token": kv_cache_bytes_per_token,
    "kv_cache_share": lambda model: cache_share(model).whole_ratio,
    "training_flop_per_token": lambda model: flop_per_token(model, SEQUENCE),
    "training_flop_per_token_full": lambda model: flop_per_token(model, SEQUENCE, causal=False),
    "training_flop_per_token_mtp": lambda model: flop_per_token(model, SEQUENCE, mtp=True),
}
"""Figures of the model alone, by name."""


class NoMetric(ValueError):
    """A published figure asks for a metric that no result has."""


@dataclass(frozen=True, slots=True)
class Row:
    """One published figure beside the simulated one.

    error_ratio   simulated over observed, less one;  ok   within the tolerance
    metric        path of the simulated figure;  scenario   the shipped scenario it is simulated with
    as_declared   whether `status` tells the truth: a met figure is met, a missed one missed and within its band
    """

    file: str
    what: str
    observed: float
    simulated: float
    unit: str
    error_ratio: float
    tolerance_ratio: float
    role: str
    status: str
    source: str
    reason: str
    ok: bool
    as_declared: bool
    metric: str = ""
    scenario: str = ""


def validate(only: Sequence[str] = ()) -> tuple[Row, ...]:
    """Simulate every published system and compare; only: names of files, all if empty.

    Raises InvalidInput for a file that cannot be read, NoMetric for a metric that is not known.
    """
    rows: list[Row] = []
    for name in only or names():
        file = published(name)
        rows += (
            _of_service(name, file) if file.service else _of_run(name, file) if file.run else _of_scenario(name, file)
        )
    return tuple(rows)


def _of_scenario(name: str, file: Published) -> list[Row]:
    """Figures of one step, or of the model or kernels alone."""
    scenario = load_scenario(SCENARIOS / f"{file.scenario}.yaml")
    if file.changes:
        scenario = scenario.with_changes(file.changes, catalogue())
    result = _result(scenario) if any(map(_of_a_step, file.figures)) else None
    return [
        replace(_row(name, figure, _simulated(figure.metric, scenario, result)), scenario=file.scenario or "")
        for figure in file.figures
    ]


def _of_run(name: str, file: Published) -> list[Row]:
    """Figures of a whole run."""
    run = load_run(RUNS / f"{file.run}.yaml")
    headline = whole_run(changed_run(run, file.changes) if file.changes else run, "clustercast validate").headline
    return [
        replace(_row(name, figure, _added(figure.metric, headline)), scenario=run.scenario.name)
        for figure in file.figures
    ]


def _of_service(name: str, file: Published) -> list[Row]:
    """Figures of a service."""
    service = load_service(SERVICES / f"{file.service}.yaml")
    headline = serve(
        changed_service(service, file.changes) if file.changes else service, "clustercast validate"
    ).headline
    return [
        replace(_row(name, figure, _added(figure.metric, headline, OF_SERVICE)), scenario=service.name)
        for figure in file.figures
    ]


def _added(metric: str, headline: Mapping[str, Figure], of: str = OF_RUN) -> float:
    """Value of a metric of a run or a service: one figure, or several added up."""
    total = 0.0
    for part in metric.split(" + "):
        path = part.strip().removeprefix(of)
        if path not in headline:
            raise NoMetric(f"no metric `{part.strip()}`; there are {', '.join(of + known for known in headline)}")
        total += headline[path].value
    return total


def missed(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Targets outside of their tolerance; inputs are no evidence, reported figures no targets: both are left out."""
    return tuple(row for row in rows if row.role == "target" and not row.ok)


def _of_a_step(figure: Observation) -> bool:
    """Whether a step has to be simulated for a figure; those of the model and of kernels alone need none."""
    return not figure.metric.startswith(("model.", "all_to_all."))


def off(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Figures that are only reported and lie outside of their tolerance."""
    return tuple(row for row in rows if row.role == "report" and not row.ok)


def _result(scenario: Scenario) -> Result:
    """Simulate one step."""
    decided = plan(scenario)
    return summarise(decided, simulate(decided), "clustercast validate")


def _simulated(metric: str, scenario: Scenario, result: Result | None) -> float:
    """Value of a metric: one figure, or several added up."""
    return sum(_figure(part.strip(), scenario, result) for part in metric.split(" + "))


def _figure(path: str, scenario: Scenario, result: Result | None) -> float:
    """Value of one figure of the result's headline or of the model."""
    block, _, name = path.partition(".")
    if block == "headline" and result is not None and name in result.headline:
        return result.headline[name].value
    if block == "model" and name in COUNTS:
        return float(COUNTS[name](scenario.model))
    if block == "all_to_all" and (value := transfer_figures.figure(name, scenario)) is not None:
        return value
    if block == "inside" and result is not None and (seconds := _mean_s(result.pair_trace, name)):
        return seconds
    known = ["headline." + known for known in (result.headline if result else ())] + ["model." + k for k in COUNTS]
    known += ["inside.PHASE of the most frequent pair", transfer_figures.FORM]
    raise NoMetric(f"no metric `{path}`; there are {', '.join(known)}")


def _mean_s(trace: Trace, phase: str) -> float:
    """Mean length of a phase over the layers of the most frequent pair ("combine(F)"); 0 where it does not occur."""
    wanted = [name.partition(" ")[0] == phase for name in trace.names]
    lengths = (trace.end_s - trace.start_s)[np.array(wanted, bool)[trace.name]]
    return float(lengths.mean()) if len(lengths) else 0.0


def _row(file: str, figure: Observation, simulated: float) -> Row:
    """Compare one figure."""
    error = simulated / figure.observed - 1
    ok = abs(error) <= figure.tolerance
    declared = ok if figure.status == "met" else not ok and _in_band(figure, error)
    return Row(
        file=file,
        what=figure.what,
        observed=figure.observed,
        simulated=simulated,
        unit=figure.unit,
        error_ratio=error,
        tolerance_ratio=figure.tolerance,
        role=figure.role,
        status=figure.status,
        source=figure.source,
        reason=figure.reason,
        ok=ok,
        as_declared=declared,
        metric=figure.metric,
    )


def _in_band(figure: Observation, error: float) -> bool:
    """Whether a missed figure lies where it is known to lie."""
    return figure.drift is not None and figure.drift.low <= error <= figure.drift.high
