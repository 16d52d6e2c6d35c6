"""clustercast as a library: load a scenario, run it, write its report, hold it against published figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from topologies.spec import InvalidInput, digest, dump
from workloads.long_run import Run, changed_run, load_run
from workloads.scenario import Scenario, catalogue, changed, load_scenario
from workloads.service import Service, changed_service, load_service

if TYPE_CHECKING:
    import pandas as pd

    from simulator.comparing.comparison import Comparison
    from simulator.estimates.choices import Choice
    from simulator.estimates.estimator import Estimate
    from simulator.long_run.result import RunResult
    from simulator.plan import Plan
    from simulator.result import Result
    from simulator.serving.result import ServiceResult
    from simulator.validate import Row
    from workloads.sweep import Sweep

__all__ = [
    "InvalidInput",
    "Run",
    "Scenario",
    "Service",
    "catalogue",
    "choices",
    "compare",
    "digest",
    "dump",
    "estimates",
    "load_run",
    "load_scenario",
    "load_service",
    "long_run",
    "plan",
    "results",
    "run",
    "serve",
    "sweep",
    "validate",
    "with_intervals",
    "write_report",
]


def plan(scenario: Scenario) -> Plan:
    """Decide everything that has to be decided before anything runs; raises DoesNotFit."""
    from simulator.plan import plan as make

    return make(scenario)


def run(
    scenario: Scenario | Path | str,
    changes: Mapping[str, object] | None = None,
    command: str = "",
    detail: bool = False,
    every_gpu: bool = False,
    network: bool = False,
) -> Result:
    """Simulate one training step.

    scenario   a Scenario, or the path of its file;  changes   dotted paths and their new values
    detail     also why ranks wait, and step and bubble over other cuts into stages; takes some more runs
    every_gpu  also every GPU by itself, with its own loads and speed
    network    also every flow of the step's traffic: how full links are, what one fault would cost
    Raises InvalidInput for a scenario that is not valid, DoesNotFit where the plan does not fit in memory, TooLarge
    for what would take too long.
    """
    from simulator.detail import detailed
    from simulator.gpus.every_gpu import play_every_gpu
    from simulator.gpus.tables import with_every_gpu
    from simulator.run import simulate
    from simulator.summary import summarise

    if not isinstance(scenario, Scenario):
        scenario = load_scenario(Path(scenario))
    if changes:
        scenario = changed(scenario, changes)
    decided = plan(scenario)
    played = simulate(decided)
    result = summarise(decided, played, command)
    if detail:
        result = detailed(result, decided, played)
    if network:
        from simulator.network_tables import with_network

        result = with_network(result, scenario)
    return with_every_gpu(result, play_every_gpu(decided)) if every_gpu else result


def with_intervals(result: Result, scenario: Scenario, samples: int = 256, sobol: bool = False) -> Result:
    """The result of `run` with low, mid and high at 90 % of every headline figure, and what each input weighs.

    samples   draws of the scenario's inputs;  sobol   also estimate which share of the variance each input explains
    Raises Refused or TooLarge where the scenario is beyond the fast estimate.
    """
    from simulator.uncertainty.intervals import Asked
    from simulator.uncertainty.intervals import with_intervals as added

    return added(result, scenario, Asked(samples, sobol))


def long_run(run: Run | Path | str, changes: Mapping[str, object] | None = None, command: str = "") -> RunResult:
    """Work out a whole run: hours of its phases, failures, dollars, days, week by week.

    run   a Run, or the path of its file;  changes   dotted paths and their new values, of the run or of its scenario
    Raises InvalidInput for a run that is not valid, Refused or DoesNotFit where a phase cannot run, a promise cannot
    be kept, or prices are of another GPU.
    """
    from simulator.long_run.run import whole_run

    whole = run if isinstance(run, Run) else load_run(Path(run))
    return whole_run(changed_run(whole, changes) if changes else whole, command)


def serve(
    service: Service | Path | str, changes: Mapping[str, object] | None = None, command: str = ""
) -> ServiceResult:
    """Work out a service: rates of its units, times that users see, what fits, what a token costs.

    service   a Service, or the path of its file;  changes   dotted paths and their new values
    Raises InvalidInput for a service that is not valid, DoesNotFit where weights or sequences do not fit.
    """
    from simulator.serving.run import serve as worked_out

    asked = service if isinstance(service, Service) else load_service(Path(service))
    return worked_out(changed_service(asked, changes) if changes else asked, command)


def choices(scenario: Scenario) -> Iterator[Choice]:
    """Every valid layout, micro-batch and recompute policy on the scenario's GPUs."""
    from simulator.estimates.choices import choices as every

    return every(scenario)


def estimates(scenario: Scenario, chosen: Sequence[Choice], workers: int = 1) -> list[Estimate]:
    """Step, bubble and memory of many choices by compiled longest path, within 2 % of `run`; see `choices`.

    An estimate whose memory_bytes exceed the GPU's usable memory is of a plan that does not fit.
    """
    from simulator.estimates.estimator import estimates as of

    return of(scenario, chosen, workers)


def compare(
    scenarios: Sequence[Scenario | Path | str],
    variants: Sequence[Mapping[str, object]] = (),
    command: str = "",
    network: bool = False,
    intervals: bool = False,
) -> Comparison:
    """Hold scenarios against the first: deltas, why they differ thing by thing, what their networks cost.

    scenarios  Scenarios, or paths of their files;  variants   one more scenario each: the first with these changes,
               whose paths may be short (`nodes`, `gpu`, `schedule.kind`)
    network    also follow every flow of each scenario's traffic
    intervals  also draw the inputs of both sides together: how sure each difference is
    A scenario that cannot be simulated, or a variant that is not valid, is listed as refused. Raises InvalidInput for
    a file that is not valid and for an unknown path, Refused where fewer than two scenarios are left.
    """
    from simulator.comparing.compare import compare as held_against
    from simulator.comparing.labels import asked
    from workloads.short_paths import full_paths

    read = [one if isinstance(one, Scenario) else load_scenario(Path(one)) for one in scenarios]
    files = ["" if isinstance(one, Scenario) else str(one) for one in scenarios]
    made = [
        (full_paths(changes), ", ".join(f"{path}={value}" for path, value in changes.items())) for changes in variants
    ]
    every = asked(list(zip(read, files, strict=True)), made, changed)
    return held_against(every, command, network=network, intervals=intervals)


def sweep(
    swept: Sweep | Path | str,
    store: Path | str | None = None,
    changes: Mapping[str, object] | None = None,
    workers: int | None = None,
) -> pd.DataFrame:
    """Work out the points of a sweep that its store does not have yet; return all of them, as `results` does.

    swept     a Sweep, or the path of its file;  changes   dotted paths and their new values, of the sweep or of its
              scenario
    store     the file that keeps the points; out/NAME/sweep.sqlite if left out
    workers   processes on this machine; as many as cores if left out
    Raises InvalidInput for a sweep that is not valid, TooLarge for too many points.
    """
    from simulator.sweep.processes import cores, processes
    from simulator.sweep.question import Question
    from simulator.sweep.run import run_sweep
    from workloads.sweep import Sweep, changed_sweep, load_sweep, names_of

    if isinstance(swept, Sweep):
        question = Question(changed_sweep(swept, changes) if changes else swept, catalogue())
    else:
        question = Question(load_sweep(Path(swept), changes=changes), names_of(Path(swept)))
    file = Path(store) if store is not None else Path("out") / question.sweep.name / "sweep.sqlite"
    file.parent.mkdir(parents=True, exist_ok=True)
    places = workers or cores()
    return run_sweep(question, file, lambda packed: processes(places, packed)).tables["points"]


def results(store: Path | str, where: str = "", sort: str = "") -> pd.DataFrame:
    """Points of a sweep's store, also while it runs: one row a point, figures in SI.

    where   a condition on columns (`step_s < 20 s and status == done`);  sort   a column, with `-` before it from the
            largest
    Raises InvalidInput for no store, or an unknown column.
    """
    from simulator.sweep.table import Wanted, table

    return table(Path(store), Wanted(where, sort)).table


def write_report(result: Result | RunResult | ServiceResult | Comparison, folder: Path | str) -> tuple[Path, ...]:
    """Write the report of a step, a run, a service or a comparison, its JSON, tables and YAML; return the paths."""
    from reports.write import write
    from reports.write_comparison import write_comparison
    from reports.write_run import write_run
    from reports.write_service import write_service
    from simulator.comparing.comparison import Comparison
    from simulator.long_run.result import RunResult
    from simulator.serving.result import ServiceResult

    if isinstance(result, RunResult):
        return write_run(result, Path(folder))
    if isinstance(result, ServiceResult):
        return write_service(result, Path(folder))
    if isinstance(result, Comparison):
        return write_comparison(result, Path(folder))
    return write(result, Path(folder))


def validate(only: Sequence[str] = ()) -> tuple[Row, ...]:
    """Run every published figure's scenario and hold the simulated figure against it."""
    from simulator.validate import validate as held_against

    return held_against(only)
