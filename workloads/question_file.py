"""Files of questions to the planner: which kind of question a file asks, and changes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from topologies.catalogue import Catalogue
from topologies.nodes import Node, Scalar, Table
from topologies.problems import FieldErrors, InvalidInput, Problem, listed, meant
from topologies.reading import Reading, read_file
from topologies.spec import load, validated
from workloads.file_kind import is_service
from workloads.joint_question import JointQuestion
from workloads.long_run import with_file
from workloads.plan_question import Question, TrainingQuestion
from workloads.scenario import Setting, catalogue
from workloads.service import Service, as_told, load_service, of_units_not_there
from workloads.serving_question import ServingQuestion, full_service_path
from workloads.short_paths import CALLED, full_path

ASKED: Mapping[str, type[Question]] = {
    "clusters": JointQuestion,
    "scenario": TrainingQuestion,
    "service": ServingQuestion,
}
"""Field that says what a question is about -> kind of question."""
ABOUT = "service"
RUN_FIELD = "phases"


def load_question(path: Path, folders: tuple[Path, ...] = ()) -> Question:
    """Read a question's file, or a scenario's: which of all its layouts is fastest; or a service's: its cheapest fleet.

    Raises InvalidInput with every error of the file.
    """
    reading = read_file(path)
    _refuse_sweep(reading.root)
    kind = _kind(reading.root, path)
    if kind is None and is_service(path):
        return _of_service(load_service(path, folders), path)
    if kind is None:
        setting = load(path, Setting, catalogue(path, folders))
        return TrainingQuestion(name=setting.name, title=setting.title, scenario=setting)
    root = with_file(with_file(reading.root, path), path, "service")
    return validated(Reading(root, reading.problems), kind, catalogue(path, folders))


def changed_question(question: Question, changes: Mapping[str, object], names: Catalogue | None = None) -> Question:
    """The question with dotted paths set, checked again, which says what was changed; raises InvalidInput.

    Paths begin at the question, or at what it is about (`nodes`, `job.tokens`, `decode.ep`).
    """
    told = (*question.changes, *(f"{path}={as_told(value)}" for path, value in changes.items()))
    whole = {_path(question, path): value for path, value in changes.items()}
    if isinstance(question, ServingQuestion):
        own = {path.removeprefix(f"{ABOUT}."): value for path, value in whole.items() if path.startswith(f"{ABOUT}.")}
        if problems := list(of_units_not_there(question.service, own)):
            raise InvalidInput(problems)
    return question.with_changes({**whole, "changes": told}, names if names is not None else catalogue())


def _of_service(service: Service, path: Path) -> ServingQuestion:
    """The cheapest fleet of a service. Raises InvalidInput for one that is asked nothing, or promises nothing."""
    try:
        return ServingQuestion(name=service.name, title=service.title, service=service)
    except ValidationError as refused:
        found = refused.errors()[0].get("ctx", {}).get("error")
        pairs = found.found if isinstance(found, FieldErrors) else [("", str(refused))]
        raise InvalidInput(Problem(str(path), 1, 1, field, message) for field, message in pairs) from None


def _refuse_sweep(root: Node) -> None:
    """Raise InvalidInput for a sweep, which is asked nothing."""
    from workloads.file_kind import SWEEP_FIELDS

    entries = root.entries if isinstance(root, Table) else {}
    why = "this is a sweep: give it to `clustercast sweep`"
    for field in sorted(SWEEP_FIELDS & entries.keys()):
        raise InvalidInput([Problem.at(entries[field].mark, field, why)])


def _kind(root: Node, path: Path) -> type[Question] | None:
    """Which kind of question a file asks; None for a scenario. Raises InvalidInput for a whole run."""
    if not isinstance(root, Table):
        return None
    if RUN_FIELD in root.entries:
        why = "this is a whole run; a question is about a scenario: write `scenario:` and what is asked of it"
        raise InvalidInput([Problem.at(root.entries[RUN_FIELD].mark, RUN_FIELD, why)])
    for field, kind in ASKED.items():
        if field in root.entries:
            return kind
    base = root.entries["base"].node if "base" in root.entries else None
    if not isinstance(base, Scalar):
        return None
    file = catalogue(path).find(Question.group, str(base.value))
    return None if file is None else _kind(read_file(file).root, file)


def _path(question: Question, path: str) -> str:
    """A path from the question's root; one that begins at no field of it begins at its scenario, and may be short."""
    head = path.partition(".")[0]
    if head in type(question).model_fields or not isinstance(question, TrainingQuestion | ServingQuestion):
        return path
    if isinstance(question, ServingQuestion):
        return f"{ABOUT}.{full_service_path(path)}"
    try:
        return f"scenario.{full_path(path)}"
    except InvalidInput as refused:
        known = [name for name in type(question).model_fields if name not in CALLED]
        also = f"{meant(head, known)}; of the question: {listed(known)}"
        raise InvalidInput(replace(one, message=f"{one.message}{also}") for one in refused.problems) from None
