"""clustercast as a library: each command as one call that returns values and DataFrames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from reports.example_notebooks import notebooks
from reports.versions import version, versions
from simulator.long_run.result import RunResult
from simulator.result import Answered, Result, Shown
from topologies.spec import InvalidInput, digest, dump
from workloads import asked
from workloads.long_run import Run, changed_run
from workloads.scenario import Scenario, catalogue, changed
from workloads.service import Service, changed_service
from workloads.short_paths import full_paths

if TYPE_CHECKING:
    import pandas as pd

    from reports.chakra.write import Written
    from simulator.calibrate import Outcome
    from simulator.comparing.comparison import Comparison
    from simulator.estimates.choices import Choice
    from simulator.estimates.estimator import Estimate
    from simulator.explain import Explanation
    from simulator.plan import Plan
    from simulator.planner.result import PlanResult
    from simulator.serving.result import ServiceResult
    from simulator.sweep.result import SweepResult
    from simulator.validate import Row
    from workloads.plan_question import Question
    from workloads.sweep import Sweep

__all__ = [
    "InvalidInput", "Run", "Scenario", "Service", "balance", "calibrate", "catalogue", "chakra", "choices", "choose",
    "compare", "digest", "dump", "estimates", "explain", "load_run", "load_scenario", "load_service", "long_run",
    "notebooks", "plan", "read_chakra", "replay_chakra", "results", "run", "schema", "serve", "show", "sweep",
    "validate", "version", "versions", "with_experts", "with_intervals", "write_report",
]  # fmt: skip
Answer = TypeVar("Answer", Result, RunResult)


def load_scenario(file: Path | str, catalog: Sequence[Path | str] = ()) -> Scenario:
    """The scenario of a file, or of a shipped one by its bare name; catalog   more folders of a catalogue.

    Raises InvalidInput with every error of the file.
    """
    return asked.read_scenario(asked.scenario_file(str(file)), tuple(map(Path, catalog)), {})


def load_run(file: Path | str, catalog: Sequence[Path | str] = ()) -> Run:
    """The whole run of a file, or of a shipped one by its bare name. Raises InvalidInput."""
    return asked.read_run(asked.run_file(str(file)), tuple(map(Path, catalog)), {})


def load_service(file: Path | str, catalog: Sequence[Path | str] = ()) -> Service:
    """The service of a file, or of a shipped one by its bare name. Raises InvalidInput."""
    return asked.read_service(asked.service_file(str(file)), tuple(map(Path, catalog)), {})


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

    scenario   a Scenario, its file, or a shipped one's name;  changes   paths and new values, as `--with` takes them
    detail     also why ranks wait, and step and bubble over other cuts into stages; takes some more runs
    every_gpu  also every GPU by itself, with its own loads and speed
    network    also every flow of the step's traffic: how full links are, what one fault would cost
    Raises InvalidInput for a scenario that is not valid, DoesNotFit where the plan does not fit in memory, TooLarge
    for what would take too long.
    """
    from simulator.step_answer import Wanted, step_answer

    wanted = Wanted(detail=detail, network=network, every_gpu=every_gpu)
    return step_answer(_scenario(scenario, changes), wanted, command)


def with_intervals(answer: Answer, of: Scenario | Run | Path | str, samples: int = 256, sobol: bool = False) -> Answer:
    """The answer of `run` or `long_run` with low, mid and high at 90 % of its figures, and what each input weighs.

    of        the Scenario or the Run that was asked, its file, or a shipped one's name
    samples   draws of its inputs;  sobol   also estimate which share of a step's variance each input explains
    Raises Refused or TooLarge where the scenario is beyond the fast estimate.
    """
    from simulator.run_error_bars import with_error_bars
    from simulator.uncertainty.intervals import Asked
    from simulator.uncertainty.intervals import with_intervals as added

    if isinstance(answer, RunResult):
        return with_error_bars(answer, of if isinstance(of, Run) else load_run(str(of)), Asked(samples, sobol))
    if isinstance(of, Run):
        raise TypeError("this is the answer of a step; give the scenario that was asked")
    return added(answer, _scenario(of, None), Asked(samples, sobol))


def with_experts(result: Result, scenario: Scenario | Path | str) -> Result:
    """The result of `run` with tables of experts: loads, waiting, bias balancing, what balance is worth.

    Raises Refused where no GPU shares experts with another.
    """
    from simulator.expert_tables import with_experts as added
    from simulator.run import simulate

    decided = plan(_scenario(scenario, None))
    return added(result, decided, simulate(decided), lambda text: None)


def long_run(run: Run | Path | str, changes: Mapping[str, object] | None = None, command: str = "") -> RunResult:
    """Work out a whole run: hours of its phases, failures, dollars, days, week by week.

    run   a Run, its file, or a shipped one's name;  changes   dotted paths and new values, of the run or its scenario
    Raises InvalidInput for a run that is not valid, Refused or DoesNotFit where a phase cannot run, a promise cannot
    be kept, or prices are of another GPU.
    """
    from simulator.long_run.run import whole_run

    if isinstance(run, Run):
        return whole_run(changed_run(run, changes) if changes else run, command)
    return whole_run(asked.read_run(asked.run_file(str(run)), (), changes or {}), command)


def serve(
    service: Service | Path | str, changes: Mapping[str, object] | None = None, command: str = ""
) -> ServiceResult:
    """Work out a service: rates of its units, times that users see, what fits, what a token costs.

    service   a Service, its file, or a shipped one's name;  changes   dotted paths and their new values
    Raises InvalidInput for a service that is not valid, DoesNotFit where weights or sequences do not fit.
    """
    from simulator.serving.run import serve as worked_out

    if isinstance(service, Service):
        return worked_out(changed_service(service, changes) if changes else service, command)
    return worked_out(asked.read_service(asked.service_file(str(service)), (), changes or {}), command)


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


def choose(
    question: Question | Path | str, changes: Mapping[str, object] | None = None, command: str = "", workers: int = 1
) -> PlanResult:
    """Answer a question: the best cluster and layout within limits, why it is, what would change that.

    question   a Question, its file, that of a scenario or a service, or a shipped one's name
    changes    dotted paths and their new values;  workers   processes; the answer is the same whatever their number
    Raises InvalidInput for a question that is not valid, Refused where nothing keeps its limits.
    """
    from simulator.planner.choose import Ways
    from simulator.planner.choose import choose as answered
    from workloads.plan_question import Question
    from workloads.question_file import changed_question, load_question

    one = question if isinstance(question, Question) else load_question(asked.question_file(str(question)))
    return answered(changed_question(one, changes) if changes else one, Ways(command, workers))


def compare(
    scenarios: Sequence[Scenario | Path | str],
    variants: Sequence[Mapping[str, object]] = (),
    command: str = "",
    network: bool = False,
    intervals: bool = False,
    what_ifs: Sequence[str] = (),
) -> Comparison:
    """Hold scenarios against the first: deltas, why they differ thing by thing, what their networks cost.

    scenarios  Scenarios, their files, or names of shipped ones
    variants   one more scenario each: the first with these changes, whose paths may be short (`nodes`, `gpu`)
    network    also follow every flow of each scenario's traffic
    intervals  also draw the inputs of both sides together: how sure each difference is
    what_ifs   names or files of lists of what-ifs: one more scenario each
    A scenario that cannot be simulated, or a variant that is not valid, is listed as refused. Raises InvalidInput for
    a file that is not valid and for an unknown path, Refused where fewer than two scenarios are left.
    """
    from simulator.comparing.compare import compare as held_against
    from simulator.comparing.labels import named

    if isinstance(scenarios, str | Path | Scenario):
        scenarios = [scenarios]
    return held_against(named(scenarios, variants, what_ifs), command, network=network, intervals=intervals)


def explain(
    metric: str, scenario: Scenario | Path | str = "deepseek-v3-pretrain", changes: Mapping[str, object] | None = None
) -> Explanation:
    """A figure's formula and its terms, each with value, unit and source.

    metric   a headline figure of a step, or `model.parameters` and the like
    Raises InvalidInput for an unknown figure, with the nearest, and what `run` raises.
    """
    from simulator.explain import explained

    return explained(metric, _scenario(scenario, changes))


def sweep(
    swept: Sweep | Path | str,
    store: Path | str | None = None,
    changes: Mapping[str, object] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> SweepResult:
    """Work out the points of a sweep that its store does not have yet; all of them are in `.tables["points"]`.

    swept     a Sweep, its file, or a shipped one's name;  changes   dotted paths and their new values
    store     the file that keeps the points; out/NAME/sweep.sqlite if left out
    workers   processes on this machine, as many as cores if left out;  scheduler   address of a Dask cluster instead
    Raises InvalidInput for a sweep that is not valid, TooLarge for too many points.
    """
    from simulator.sweep.asked import engine_at, question_of
    from simulator.sweep.run import run_sweep
    from simulator.sweep.store import STORE
    from workloads.sweep import Sweep

    question = question_of(swept if isinstance(swept, Sweep) else asked.sweep_file(str(swept)), changes or {})
    file = Path(store) if store is not None else Path("out") / question.sweep.name / STORE
    file.parent.mkdir(parents=True, exist_ok=True)
    return run_sweep(question, file, engine_at(scheduler, workers))


def results(
    store: Path | str, where: str = "", sort: str = "", limit: int | None = None, older: bool = False
) -> pd.DataFrame:
    """Points of a sweep's store, or of the folder it is in, also while it runs: one row a point, figures in SI.

    where   a condition on columns (`step_s < 20 s and status == done`);  limit   rows at most
    sort    a column, with `-` before it from the largest;  older   also points with earlier files or programs
    Raises InvalidInput for no store, or an unknown column.
    """
    from simulator.sweep.table import Wanted, table

    return table(Path(store), Wanted(where, sort, limit, older)).table


def write_report(answer: Result | Answered | Comparison, folder: Path | str) -> tuple[Path, ...]:
    """Write the report of any answer, its JSON, tables and YAML, into a folder; return the paths, the page first."""
    from reports.write_any import write_any

    return write_any(answer, Path(folder))


def validate(only: Sequence[str] = ()) -> tuple[Row, ...]:
    """Run every published figure's scenario and hold the simulated figure against it."""
    from simulator.validate import validate as held_against

    return held_against(only)


def chakra(
    scenario: Scenario | Path | str,
    folder: Path | str,
    changes: Mapping[str, object] | None = None,
    every_gpu: bool = False,
) -> Written:
    """Write the Chakra execution traces of a step, one a pipeline rank or a GPU, and the groups of ranks.

    Raises what `run` raises, ImportError without protobuf, TooLarge for too many nodes.
    """
    from reports.chakra.write import write_chakra
    from simulator.run import simulate
    from simulator.step_graph import step_graph

    decided = plan(_scenario(scenario, changes))
    return write_chakra(decided, step_graph(decided, simulate(decided)), Path(folder), every_gpu)


def read_chakra(folder: Path | str) -> pd.DataFrame:
    """Every node of the trace in a folder of PREFIX.RANK.et files: rank, id, type, name, data_deps, ..., attributes.

    Raises InvalidInput for what is no trace, ImportError without protobuf.
    """
    from reports.chakra.read import read_chakra as nodes

    return nodes(Path(folder))


def replay_chakra(trace: pd.DataFrame, together: bool = True) -> pd.DataFrame:
    """A trace that was read, with replayed_start_s and replayed_end_s of every node.

    together   ranks wait for each other's messages and sums; False: each by itself, for as long as the trace says
    Raises InvalidInput for a trace that cannot end.
    """
    from reports.chakra.replay import replay

    return replay(trace, together)


def show(group: str | None = None, name: str | None = None, catalog: Sequence[Path | str] = ()) -> pd.DataFrame:
    """What can be named, of a group, or all: group, name, title, from. With a name every value of that entry.

    group   gpus, models, schedules, scenarios, ..., in singular or plural
    Raises InvalidInput for an unknown group or name, with the nearest.
    """
    from reports.catalogue_frames import shown

    return shown(catalogue(None, tuple(map(Path, catalog))), group, name)


def schema(kind: str = "scenario", catalog: Sequence[Path | str] = ()) -> dict[str, Any]:
    """The JSON Schema of a scenario, a run, a service or an entry of the catalogue. Raises InvalidInput."""
    from topologies.schema import json_schema
    from workloads.groups import file_kinds, meant_group

    kinds = file_kinds()
    return json_schema(kinds[meant_group(kind, kinds)], catalogue(None, tuple(map(Path, catalog))))


def balance(file: Path | str, replicas: int, gpus: int, groups: int = 1, nodes: int = 1) -> pd.DataFrame:
    """Replicate and place experts (EPLB), from a CSV with the header `layer,expert,tokens`.

    returns  [layer x slot]  layer, slot, gpu, expert, busiest_over_mean_before, busiest_over_mean_after
    Raises InvalidInput for the file, BalanceError for slots that do not suit the experts, TooLarge.
    """
    from simulator.balancing import balance as placed
    from workloads.expert_tokens import read_expert_tokens
    from workloads.placement import Slots

    slots = Slots(replicas, gpus, groups, nodes)
    return placed(read_expert_tokens(Path(file)), slots).frame()


def calibrate(
    file: Path | str, name: str, gpu: str, nic: str = "connectx-7", out: Path | str | None = None, replace: bool = False
) -> Outcome:
    """Fit measured kernels and links: what was fitted, how far it misses, and the entries of a catalogue.

    file   CSV of measurements;  name   of the new entries;  gpu, nic   those of the catalogue that were measured
    out    catalogue folder into which the entries are written; without one nothing is written
    Raises InvalidInput for the file, for names, and for entries that are there already, unless `replace`.
    """
    from simulator.calibrate import Names, calibrated, write_entries

    folder = None if out is None else Path(out)
    outcome = calibrated(Path(file), Names(name, gpu, nic), folder)
    if folder is not None:
        write_entries(outcome.entries, folder, replace)
    return outcome


def _scenario(scenario: Scenario | Path | str, changes: Mapping[str, object] | None) -> Scenario:
    """A scenario, of a file or a name where that is given, with changes put in."""
    if not isinstance(scenario, Scenario):
        return asked.read_scenario(asked.scenario_file(str(scenario)), (), changes or {})
    return changed(scenario, full_paths(changes)) if changes else scenario


def _shown(answer: Result | Answered | Comparison | Explanation) -> str:
    """An answer as HTML, for a notebook."""
    from reports.notebook_view import html

    return html(answer)


setattr(Shown, "_repr_html_", _shown)  # noqa: B010 (no field of the class: only notebooks ask for it)
