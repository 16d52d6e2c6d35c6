"""A whole run, from its first token to its last: phases, what interrupts them, who pays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from topologies.catalogue import Catalogue, FromCatalogue
from topologies.discovery import Discovered
from topologies.nodes import Items, Node, Scalar, Table
from topologies.problems import FieldErrors, InvalidInput, Mark, Problem, listed, meant
from topologies.reading import Reading, read_file
from topologies.spec import Spec, validated
from topologies.units import Count, Seconds, Share
from workloads.checkpoints import Checkpoints
from workloads.ownership import Ownership
from workloads.power import Power
from workloads.reliability import Reliability
from workloads.run_phase import RunPhase, Trained
from workloads.run_phases.pre_training import PreTraining
from workloads.scenario import FOLDER, Scenario, catalogue
from workloads.short_paths import CALLED, full_path
from workloads.site import Site

RUNS = FOLDER / "runs"
SUFFIXES = (".yaml", ".yml")


class Promise(Spec):
    """The run is to be done by a date. by_s   wall time from its first step;  probability   with which"""

    by_s: Seconds
    probability_share: Annotated[Share, Field(gt=0, lt=1)]


class Run(Spec):
    """A run of weeks on one cluster.

    scenario              cluster, model, steady step and price: a shipped name, a file, or `base:` with changes
    phases                one after another
    reliability, checkpoints, hbm_stacks_per_gpu   all three, or none: a run in which nothing fails
    lives                 times that the run is played, with other luck each
    promise               how many spare nodes keep it is found out
    ownership             what it costs to own the cluster instead of renting it; needs site and power
    site, power           energy and its carbon; both or none
    """

    group: ClassVar[str] = "runs"
    name: Annotated[str, Field(min_length=1, max_length=200)]
    title: str = ""
    changes: tuple[str, ...] = ()
    scenario: Annotated[Scenario, FromCatalogue("scenarios")]
    phases: Annotated[tuple[Annotated[RunPhase, Discovered("workloads.run_phases")], ...], Field(min_length=1)]
    reliability: Reliability | None = None
    checkpoints: Checkpoints | None = None
    hbm_stacks_per_gpu: Count | None = None
    lives: Annotated[int, Field(ge=2, le=100_000)] = 1000
    promise: Promise | None = None
    ownership: Annotated[Ownership, FromCatalogue("ownerships")] | None = None
    site: Annotated[Site, FromCatalogue("sites")] | None = None
    power: Annotated[Power, FromCatalogue("powers")] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Refuse parts that mean nothing without others, and names given twice."""
        found = [*self._needed(), *self._ramps()]
        if not any(isinstance(phase, Trained) for phase in self.phases):
            found.append(("phases", "none of them trains: give at least one of kind pre-training or fixed-steps"))
        names = [phase.name for phase in self.phases]
        found += [
            (f"phases.{at}.name", f"`{name}` is the name of an earlier phase too")
            for at, name in enumerate(names)
            if name in names[:at]
        ]
        if found:
            raise FieldErrors(found)
        return self

    def _needed(self) -> Iterator[tuple[str, str]]:
        """Parts that need another part."""
        failing = ("reliability", "checkpoints", "hbm_stacks_per_gpu")
        needs = [(one, other) for one in failing for other in failing if one != other]
        needs += [("promise", "reliability"), ("ownership", "site"), ("ownership", "power")]
        needs += [("site", "power"), ("power", "site")]
        for one, other in needs:
            if getattr(self, one) is not None and getattr(self, other) is None:
                yield one, f"needs `{other}`, which is missing: write both or neither"

    def _ramps(self) -> Iterator[tuple[str, str]]:
        """Ramps that the batch of their phase does not allow; those of phases with changes see `load_run`."""
        for at, phase in enumerate(self.phases):
            if isinstance(phase, PreTraining) and not phase.changes:
                yield from _of_ramp(phase, self.scenario, at)


def _of_ramp(phase: PreTraining, scenario: Scenario, at: int) -> Iterator[tuple[str, str]]:
    """What of a ramp the phase's scenario does not allow."""
    if phase.ramp is None:
        return
    ramp, job, field = phase.ramp, scenario.job, f"phases.{at}.ramp"
    micro_batch = scenario.layout.dp * job.sequences_per_micro_batch
    grown = job.sequences_per_step - ramp.from_sequences
    if grown <= 0:
        yield f"{field}.from_sequences", f"{ramp.from_sequences} is not below the job's {job.sequences_per_step}"
    elif grown % (ramp.rises * micro_batch) or ramp.from_sequences % micro_batch:
        yield (
            f"{field}.rises",
            f"{ramp.from_sequences} sequences and each of {ramp.rises} rises up to {job.sequences_per_step} must be a "
            f"multiple of dp x micro-batch = {micro_batch}",
        )
    if ramp.tokens >= job.tokens:
        yield f"{field}.tokens", f"{ramp.tokens:,} are not fewer than the job's {job.tokens:,}"


def load_run(path: Path, folders: tuple[Path, ...] = ()) -> Run:
    """Read a run's file; `scenario` may be a file beside it. Raises InvalidInput with every error of the file."""
    reading = read_file(path)
    reading = Reading(with_file(reading.root, path), reading.problems)
    names = catalogue(path, folders)
    run = validated(reading, Run, names)
    _check_changes(run, reading.root, names)
    return run


def changed_run(run: Run, changes: Mapping[str, object], names: Catalogue | None = None) -> Run:
    """The run with dotted paths set, checked again, which says what was changed; raises InvalidInput.

    Paths begin at the run, or at its scenario as those of a scenario do (`nodes`, `layout.pp`).
    """
    known = names if names is not None else catalogue()
    told = (*run.changes, *(f"{path}={value}" for path, value in changes.items()))
    whole = {run_path(path): value for path, value in changes.items()}
    result = run.with_changes({**whole, "changes": told}, known)
    _check_changes(result, None, known)
    return result


def run_path(path: str) -> str:
    """A path from the run's root; one that begins at no field of it begins at its scenario, and may be short."""
    head, _, rest = path.partition(".")
    if head == "scenario" and rest:
        return f"scenario.{full_path(rest)}"
    if head in Run.model_fields:
        return path
    try:
        return f"scenario.{full_path(path)}"
    except InvalidInput as refused:
        known = [name for name in Run.model_fields if name not in CALLED]
        also = f"{meant(head, known)}; of the run: {listed(known)}"
        raise InvalidInput(replace(one, message=f"{one.message}{also}") for one in refused.problems) from None


def with_file(root: Node, path: Path, field: str = "scenario") -> Node:
    """The tree with a file in place of its name, where a field (the scenario) is named by a file."""
    if not isinstance(root, Table) or field not in root.entries:
        return root
    entry = root.entries[field]
    if not isinstance(entry.node, Scalar) or not str(entry.node.value).endswith(SUFFIXES):
        return root
    file = path.parent / str(entry.node.value)
    if not file.is_file():
        why = f"read `{entry.node.value}`; no such file beside {path.name}: write its path from there, or a name"
        raise InvalidInput([Problem.at(entry.node.mark, field, why)])
    return root.with_entry(field, read_file(file).root, entry.mark)


def _check_changes(run: Run, root: Node | None, names: Catalogue) -> None:
    """Raise InvalidInput for changes of phases that the scenario does not take, at their place in the file."""
    found: list[Problem] = []
    for at, phase in enumerate(run.phases):
        changes: Mapping[str, object] = getattr(phase, "changes", {})
        mark = _mark(root, ("phases", str(at), "changes"))
        try:
            scenario = run.scenario.with_changes(changes, names)
        except InvalidInput as refused:
            found += [Problem.at(mark, f"phases.{at}.changes.{one.field}", one.message) for one in refused.problems]
            continue
        if isinstance(phase, PreTraining) and changes:
            found += [Problem.at(mark, field, why) for field, why in _of_ramp(phase, scenario, at)]
    if found:
        raise InvalidInput(found)


def _mark(root: Node | None, path: tuple[str, ...]) -> Mark:
    """Place of a node by its path, or of the last one on the way that is there."""
    node, mark = root, Mark("changes") if root is None else root.mark
    for step in path:
        if isinstance(node, Table) and step in node.entries:
            node = node.entries[step].node
        elif isinstance(node, Items) and step.isdigit() and int(step) < len(node.items):
            node = node.items[int(step)]
        else:
            break
        mark = node.mark
    return mark
