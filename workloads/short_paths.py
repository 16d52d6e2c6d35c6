"""Short forms of a scenario's dotted paths: `nodes` for `cluster.nodes`, `gpu` for `cluster.node.gpu`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from topologies.discovery import Discovered
from topologies.problems import InvalidInput, Problem, listed, meant
from topologies.resolving import Shape
from workloads.scenario import Scenario

PARTS = (
    "cluster",
    "layout",
    "job",
    "cluster.node",
    "cluster.topology",
    "layout.schedule",
    "model",
)
"""Parts of a scenario whose path may be left out."""
CALLED = frozenset({"name", "title", "changes"})
"""What a scenario is called, which nobody changes for a what-if."""
TOLD = frozenset({"kind", "name", "title", "sources", "notes"})
"""Fields that many parts have: never meant without their part, except the scenario's own."""


def full_paths(changes: Mapping[str, object]) -> dict[str, object]:
    """The changes with every path written out; raises InvalidInput for paths that are unknown, ambiguous or twice."""
    if not isinstance(changes, Mapping):
        raise TypeError(f"changes are a mapping such as {{'nodes': 128}}, not {changes!r}")
    found: dict[str, object] = {}
    problems: list[Problem] = []
    for path, value in changes.items():
        try:
            whole = full_path(path)
        except InvalidInput as refused:
            problems += refused.problems
            continue
        if whole in found:
            problems.append(_problem(path, f"`{whole}` is given twice"))
        found[whole] = value
    if problems:
        raise InvalidInput(problems)
    return found


def full_path(path: str) -> str:
    """The path written out; a path that begins at the scenario stays as it is.

    Raises InvalidInput for a first word that no part or several parts know, with what it may mean.
    """
    head = path.partition(".")[0]
    if head in Scenario.model_fields:
        return path
    known = _heads()
    parts = known.get(head, ())
    if len(parts) == 1:
        return f"{parts[0]}.{path}"
    if parts:
        ways = " or ".join(f"`{part}.{head}`" for part in parts)
        raise InvalidInput([_problem(path, f"`{head}` may mean {ways}; write which")])
    whole = [name for name in Scenario.model_fields if name not in CALLED]
    near = meant(head, [*whole, *(name for name in known if len(known[name]) == 1)])
    begins = f"a path begins with {listed(whole)}, or with a field of {listed(PARTS)}"
    raise InvalidInput([_problem(path, f"unknown field `{head}`{near}; {begins}")])


@cache
def _heads() -> Mapping[str, tuple[str, ...]]:
    """First word of a short path -> parts that have such a field."""
    found: dict[str, tuple[str, ...]] = {}
    for part in PARTS:
        for field in sorted(_fields(part)):
            found[field] = (*found.get(field, ()), part)
    return found


def _fields(part: str) -> set[str]:
    """Fields of a part of a scenario, for one of several kinds those of all kinds."""
    shape = Shape(Scenario)
    for name in part.split("."):
        shape = shape.at(name, shape.spec())
    base, mark = shape.spec(), shape.mark(Discovered)
    classes = list(mark.classes(base).values()) if base is not None and mark is not None else [base]
    fields = {name for spec in classes if spec is not None for name in spec.model_fields}
    return fields - TOLD | ({"kind"} & fields)


def _problem(path: str, message: str) -> Problem:
    """A problem of a path."""
    return Problem("changes", 0, 0, path, message)
