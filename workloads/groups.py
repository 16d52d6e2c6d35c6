"""Groups of the catalogue and kinds of plug-in: all that a file can name, found by walking what it may hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel

    from topologies.hardware import Entry
    from topologies.resolving import Shape
    from topologies.spec import Spec


def file_kinds() -> Mapping[str, type[Spec]]:
    """Class of each kind of YAML file: what is asked, then the catalogue's groups."""
    from workloads.long_run import Run
    from workloads.plan_question import TrainingQuestion
    from workloads.scenario import Scenario
    from workloads.service import Service
    from workloads.serving_question import ServingQuestion
    from workloads.sweep import Sweep

    return {
        "scenario": Scenario,
        "run": Run,
        "service": Service,
        "sweep": Sweep,
        "plan": TrainingQuestion,
        "serving-plan": ServingQuestion,
        **entry_kinds(),
    }


def entry_kinds() -> Mapping[str, type[Entry]]:
    """Class of each group of the catalogue, sorted by the group's name."""
    from topologies.catalogue import FromCatalogue
    from topologies.hardware import Entry

    found = {}
    for shape in shapes():
        mark, spec = shape.mark(FromCatalogue), shape.spec()
        if mark is not None and spec is not None and issubclass(spec, Entry):
            found[mark.group] = spec
    return dict(sorted(found.items()))


def plugin_kinds() -> Mapping[str, Mapping[str, type[BaseModel]]]:
    """Classes that a `kind` chooses: field (`topology`, `schedule`, ...) -> kind -> class."""
    from topologies.discovery import Discovered

    found = {}
    for shape in shapes():
        mark, spec = shape.mark(Discovered), shape.spec()
        if mark is not None and spec is not None:
            found[mark.package.split(".")[-1]] = dict(sorted(mark.classes(spec).items()))
    return {GROUP_OF_PACKAGE.get(package, package): kinds for package, kinds in sorted(found.items())}


GROUP_OF_PACKAGE = {"kinds": "topologies"}
"""Packages whose name does not say what is in them."""


def shapes() -> Iterator[Shape]:
    """Shape of every field of scenarios, runs, services, sweeps and comparisons of networks, in all they contain."""
    from workloads.long_run import Run
    from workloads.published_networks import PublishedNetworks
    from workloads.scenario import Scenario
    from workloads.service import Service
    from workloads.sweep import Sweep

    seen: set[type[BaseModel]] = set()
    waiting: list[type[BaseModel]] = [Scenario, PublishedNetworks, Run, Service, Sweep]
    while waiting:
        spec = waiting.pop()
        if spec not in seen:
            seen.add(spec)
            for shape in fields(spec):
                yield shape
                waiting.extend(inside(shape))


def fields(spec: type[BaseModel]) -> Iterator[Shape]:
    """Shape of each field of a class, for a list or mapping also that of what it holds."""
    from topologies.resolving import Shape

    for info in spec.model_fields.values():
        shape = Shape.of_field(info)
        yield shape
        if shape.spec() is None:
            yield shape.inside()


def inside(shape: Shape) -> Iterator[type[BaseModel]]:
    """Classes that a field may hold."""
    from topologies.discovery import Discovered

    spec, mark = shape.spec(), shape.mark(Discovered)
    if spec is not None:
        yield spec
        if mark is not None:
            yield from mark.classes(spec).values()


def meant_group(text: str, groups: Iterable[str]) -> str:
    """Group that a person means by its name, in singular or plural. Raises InvalidInput if there is none."""
    from topologies.problems import InvalidInput, Problem, meant

    known = sorted(groups)
    for spelling in (text, f"{text}s", f"{text}es", f"{text[:-1]}ies"):
        if spelling in known:
            return spelling
    why = f"no group `{text}`{meant(text, known)}; there are: {', '.join(known)}"
    raise InvalidInput([Problem(text, 0, 0, "", why)])
