"""A sweep: one scenario under many changes, from a design and from named overrides laid one over another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from topologies.catalogue import Catalogue, FromCatalogue
from topologies.discovery import Discovered
from topologies.fields import Named
from topologies.nodes import Entry, Node, Scalar, Table, from_plain
from topologies.problems import FieldErrors, InvalidInput, Problem, listed, meant
from topologies.reading import Reading, read_file
from topologies.spec import Spec, validated, written
from workloads.design import DesignSpec, Value
from workloads.file_kind import SWEEP_FIELDS, is_sweep
from workloads.long_run import Run, load_run, run_path
from workloads.scenario import FOLDER, Scenario, catalogue, load_scenario
from workloads.service import Service, load_service
from workloads.short_paths import CALLED, full_path

SWEEPS = FOLDER / "sweeps"
KINDS = {"scenario": (Scenario, load_scenario), "run": (Run, load_run), "service": (Service, load_service)}
"""Fields that say what is swept -> its class, and how its file is read."""
SUFFIXES = (".yaml", ".yml")
BASE = "as it is"
"""What a scenario without overrides is called."""
PRECEDENCE = (
    "The later wins: the file's scenario, then --with, then the overrides of the list from left to right, then the "
    "values of the design."
)

Swept = Scenario | Run | Service
Changes = Annotated[Named[Value], Field(min_length=1)]


class Sweep(Spec):
    """What is varied of a scenario, and how closely each point is looked at.

    The later wins: the file's scenario, then --with, then the overrides of the list from left to right, then the
    values of the design.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    title: str = ""
    changes: tuple[str, ...] = ()
    """What was changed of the file, as a reader is told."""
    scenario: Annotated[Scenario, FromCatalogue("scenarios")] | None = None
    """What is swept: a shipped name, a file beside the sweep's, or `base:` with changes. Or `run`, or `service`."""
    run: Annotated[Run, FromCatalogue("runs")] | None = None
    """A whole run instead of a scenario, as its file has it."""
    service: Annotated[Service, FromCatalogue("services")] | None = None
    """A service instead of a scenario, as its file has it."""
    detail: Literal["estimate", "events"] = "events"
    """How a point is worked out: a step's fast estimate, or played event by event as `clustercast run` does."""
    overrides: Named[Changes] = Field(default_factory=dict, validate_default=True)
    """Named changes: name -> path -> value. The later wins: the file's scenario, then --with, then the overrides of the
    list from left to right, then the values of the design."""
    scenarios: Annotated[tuple[tuple[str, ...], ...], Field(min_length=1)] = ((),)
    """Each a list of names of overrides, laid one over another; an empty list is the scenario as it is."""
    design: Annotated[DesignSpec, Discovered("workloads.designs")] | None = None
    """Which points there are of each of the scenarios; one if it is left out."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """One thing is swept, names are known, paths lead somewhere, nothing is given that would be ignored."""
        found = [*self._what(), *self._overlays(), *self._paths()]
        if found:
            raise FieldErrors(found)
        return self

    @property
    def swept(self) -> Swept:
        """What is swept."""
        return next(one for one in (self.scenario, self.run, self.service) if one is not None)

    @property
    def what(self) -> str:
        """What is swept, in a word: scenario, run or service."""
        return next(name for name in KINDS if getattr(self, name) is not None)

    @property
    def size(self) -> int:
        """Points in all; arithmetic, nothing is listed."""
        return len(self.scenarios) * (self.design.size if self.design is not None else 1)

    def _what(self) -> Iterator[tuple[str, str]]:
        """Nothing or several things to sweep, or a detail that there is not."""
        given = [name for name in KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            yield (given or ["scenario"])[-1], f"a sweep is of one {', '.join(KINDS)}: write one of them"
        elif self.detail == "estimate" and self.scenario is None:
            yield "detail", f"read `estimate`; there is none of a {given[0]}: write events"

    def _overlays(self) -> Iterator[tuple[str, str]]:
        """Names of overrides that are not there, overrides that nothing names, lists that stand twice."""
        for at, names in enumerate(self.scenarios):
            for name in names:
                if name not in self.overrides:
                    near = meant(name, self.overrides)
                    yield (
                        f"scenarios.{at}",
                        f"no `{name}` among the overrides{near}; there are: {listed(self.overrides)}",
                    )
            if names in self.scenarios[:at]:
                yield f"scenarios.{at}", "stands twice"
        used = {name for names in self.scenarios for name in names}
        for name in self.overrides:
            if name not in used:
                yield f"overrides.{name}", "no list of `scenarios` names it; name it there or leave it out"

    def _paths(self) -> Iterator[tuple[str, str]]:
        """Paths that lead nowhere, or that stand twice."""
        parts = {f"overrides.{name}": tuple(changes) for name, changes in self.overrides.items()}
        if self.design is not None:
            parts["design"] = self.design.paths
        for field, paths in parts.items():
            whole = []
            for path in paths:
                try:
                    whole.append(path_of(path, self.what))
                except InvalidInput as refused:
                    yield from ((field, f"{path}: {one.message}") for one in refused.problems)
                except StopIteration:
                    return
            yield from ((field, f"`{path}` is set twice") for path, times in Counter(whole).items() if times > 1)


def path_of(path: str, what: str) -> str:
    """A path written out; `what` is swept. Raises InvalidInput for a first word that is unknown or ambiguous."""
    if what == "scenario":
        return full_path(path)
    if what == "run":
        return run_path(path)
    head = path.partition(".")[0]
    known = [name for name in Service.model_fields if name not in CALLED]
    if head not in known:
        raise InvalidInput(
            [Problem("changes", 0, 0, path, f"unknown field `{head}`{meant(head, known)}; {listed(known)}")]
        )
    return path


def load_sweep(path: Path, folders: tuple[Path, ...] = (), changes: Mapping[str, object] | None = None) -> Sweep:
    """Read a sweep's file; what it sweeps may be a file beside it.

    changes   dotted paths and their new values, of the sweep (`detail`, `design.samples`) or of what it sweeps
    Raises InvalidInput with every error of the file.
    """
    reading = read_file(path)
    if not is_sweep(path):
        why = (
            f"this is no sweep: one has {listed(sorted(SWEEP_FIELDS))}, and names what it sweeps under {listed(KINDS)}"
        )
        raise InvalidInput([Problem(str(path), 0, 0, "", why)])
    reading = Reading(_with_files(reading.root, path, folders), reading.problems)
    names = names_of(path, folders)
    sweep = validated(reading, Sweep, names)
    return changed_sweep(sweep, changes, names) if changes else sweep


def names_of(path: Path, folders: tuple[Path, ...] = ()) -> Catalogue:
    """What may be named in a sweep's file: as in a scenario's, and what is beside the scenario's own file."""
    return catalogue(path, (*folders, *_beside(path)))


def changed_sweep(sweep: Sweep, changes: Mapping[str, object], names: Catalogue | None = None) -> Sweep:
    """The sweep with dotted paths set, checked again, which says what was changed; raises InvalidInput.

    Paths begin at the sweep, or at what it sweeps. One that the design varies is refused: its values would win.
    """
    whole = {_sweep_path(path, sweep): value for path, value in changes.items()}
    varied = {f"{sweep.what}.{path_of(path, sweep.what)}" for path in (sweep.design.paths if sweep.design else ())}
    lost = [path for path in whole if path in varied]
    if lost:
        why = f"the design varies it, and its values win; change the design. {PRECEDENCE}"
        raise InvalidInput([Problem("changes", 0, 0, path, why) for path in lost])
    told = (*sweep.changes, *(f"{path}={value}" for path, value in changes.items()))
    return sweep.with_changes({**whole, "changes": told}, names if names is not None else catalogue())


def _sweep_path(path: str, sweep: Sweep) -> str:
    """A path from the sweep's root; one that begins at no field of it begins at what is swept."""
    head = path.partition(".")[0]
    if head in Sweep.model_fields and head not in CALLED:
        return path
    return f"{sweep.what}.{path_of(path, sweep.what)}"


def _files(root: Node, path: Path) -> Iterator[tuple[str, Entry, Path]]:
    """What of a sweep is named by a file: field, entry, and the file."""
    for field in KINDS:
        entry = root.entries.get(field) if isinstance(root, Table) else None
        if entry is not None and isinstance(entry.node, Scalar) and str(entry.node.value).endswith(SUFFIXES):
            yield field, entry, path.parent / str(entry.node.value)


def _with_files(root: Node, path: Path, folders: tuple[Path, ...]) -> Node:
    """The tree with what is swept in place of its file's name. Raises InvalidInput for a file that is not there."""
    for field, entry, file in _files(root, path):
        if not file.is_file():
            why = f"no such file: `{file}`; write its path from {path.name}, or the name of a shipped {field}"
            raise InvalidInput([Problem.at(entry.node.mark, field, why)])
        value = KINDS[field][1](file, folders)
        if isinstance(root, Table):
            root = root.with_entry(field, from_plain(written(value), entry.node.mark), entry.mark)
    return root


def _beside(path: Path) -> tuple[Path, ...]:
    """Catalogue folders beside the files that a sweep names."""
    found = [file.parent / "catalog" for _, _, file in _files(read_file(path).root, path)]
    return tuple(folder for folder in found if folder.is_dir() and folder != path.parent / "catalog")
