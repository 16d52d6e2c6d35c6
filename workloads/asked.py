"""What a person asked of a scenario, a run or a service: which file, and the changes put into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workloads.long_run import Run
    from workloads.scenario import Scenario
    from workloads.service import Service


FOLDER = Path(__file__).parent
SHIPPED = ("scenarios", "runs", "services", "sweeps", "questions")
"""Folders of files that ship to be asked."""


def scenario_file(text: str) -> Path:
    """File that a person means: a path, or the bare name of a shipped scenario.

    Raises InvalidInput for a bare name that is neither, with the nearest one.
    """
    from workloads.scenario import SCENARIOS

    return _file(text, {path.stem: path for path in SCENARIOS.glob("*.yaml")}, "scenario")


def compared_file(text: str) -> Path:
    """File of a scenario as `runnable_file` finds it. Raises InvalidInput also for a run or a service."""
    from topologies.problems import InvalidInput, Problem
    from workloads.file_kind import is_run, is_service

    file = runnable_file(text)
    require_no_sweep(file)
    for kind, is_kind in (("a whole run", is_run), ("a service", is_service)):
        if is_kind(file):
            why = f"this is {kind}, and scenarios of training steps are compared: give each to `clustercast run`"
            raise InvalidInput([Problem(text, 0, 0, "", why)])
    return file


def runnable_file(text: str) -> Path:
    """File that a person means: a path, or the bare name of a shipped scenario, run or service.

    Raises as `scenario_file`.
    """
    folders = [FOLDER / group for group in ("runs", "services", "scenarios")]
    shipped = {path.stem: path for folder in folders for path in folder.glob("*.yaml")}
    return _file(text, shipped, "scenario, run or service")


def service_file(text: str) -> Path:
    """File that a person means: a path, or the bare name of a shipped service. Raises as `scenario_file`."""
    from workloads.service import SERVICES

    return _file(text, {path.stem: path for path in SERVICES.glob("*.yaml")}, "service")


def run_file(text: str) -> Path:
    """File that a person means: a path, or the bare name of a shipped run. Raises as `scenario_file`."""
    from workloads.long_run import RUNS

    return _file(text, {path.stem: path for path in RUNS.glob("*.yaml")}, "run")


def require_no_sweep(file: Path) -> None:
    """Raise InvalidInput for the file of a sweep, which has a command of its own."""
    from topologies.problems import InvalidInput, Problem
    from workloads.file_kind import is_sweep

    if is_sweep(file):
        raise InvalidInput([Problem(str(file), 0, 0, "", "this is a sweep: give it to `clustercast sweep`")])


def question_file(text: str) -> Path:
    """File that a person means: a path, or the bare name of a shipped question, service or scenario, in this order.

    Raises as `scenario_file`.
    """
    from workloads.plan_question import QUESTIONS
    from workloads.scenario import SCENARIOS
    from workloads.service import SERVICES

    shipped = {path.stem: path for folder in (SCENARIOS, SERVICES, QUESTIONS) for path in folder.glob("*.yaml")}
    return _file(text, shipped, "question, service or scenario")


def sweep_file(text: str) -> Path:
    """File that a person means: a path, or the bare name of a shipped sweep. Raises as `scenario_file`."""
    from workloads.sweep import SWEEPS

    return _file(text, {path.stem: path for path in SWEEPS.glob("*.yaml")}, "sweep")


def _is_shipped(group: str, name: str) -> bool:
    """Whether a file of that name ships in a group."""
    return (FOLDER / group / f"{name}.yaml").is_file()


def _file(text: str, shipped: Mapping[str, Path], what: str) -> Path:
    """A path, or one of the shipped files by name."""
    from topologies.problems import InvalidInput, Problem, listed, meant

    given = Path(text)
    if given.exists() or given.name != text or (given.suffix and text not in shipped):
        return given
    if text not in shipped:
        others = "".join(f"; `{text}` is one of the shipped {group}" for group in SHIPPED if _is_shipped(group, text))
        near = others or meant(text, shipped)
        why = f"no such file or shipped {what}{near}; shipped: {listed(sorted(shipped))}"
        raise InvalidInput([Problem(text, 0, 0, "", why)])
    return shipped[text]


def read_scenario(file: Path, folders: Sequence[Path], changes: Mapping[str, object]) -> Scenario:
    """The scenario of a file with the changes put in, whose paths may be short. Raises InvalidInput."""
    from workloads.scenario import catalogue, changed, load_scenario
    from workloads.short_paths import full_paths

    whole = full_paths(changes)
    scenario = load_scenario(file, tuple(folders))
    return changed(scenario, whole, catalogue(file, tuple(folders))) if whole else scenario


def read_run(file: Path, folders: Sequence[Path], changes: Mapping[str, object]) -> Run:
    """The run of a file with the changes put in, whose paths may begin at its scenario. Raises InvalidInput."""
    from workloads.long_run import changed_run, load_run
    from workloads.scenario import catalogue

    run = load_run(file, tuple(folders))
    return changed_run(run, changes, catalogue(file, tuple(folders))) if changes else run


def read_service(file: Path, folders: Sequence[Path], changes: Mapping[str, object]) -> Service:
    """The service of a file with the changes put in. Raises InvalidInput."""
    from workloads.scenario import catalogue
    from workloads.service import changed_service, load_service

    service = load_service(file, tuple(folders))
    return changed_service(service, changes, catalogue(file, tuple(folders))) if changes else service
