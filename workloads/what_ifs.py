"""What-ifs that belong together: changes of any scenario, each with what it asks and what was assumed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from topologies.fields import Named
from topologies.problems import InvalidInput, Problem, listed, meant
from topologies.spec import Spec, load

FOLDER = Path(__file__).parent / "whatifs"
Text = Annotated[str, Field(min_length=1)]


class WhatIf(Spec):
    """One change of a scenario.

    title     what it asks, in a few words;  changes   dotted paths and their values, as `--with` takes them
    moves     the figure in which it shows first: a headline figure, or `table.column` of a result, summed over rows
    assumed   which of the values nobody has published, and why these
    """

    title: Text
    changes: Annotated[Named[str | int | float | bool], Field(min_length=1)]
    moves: Text
    assumed: Text


class WhatIfs(Spec):
    """Several what-ifs under one question, each to be held against the scenario as it is."""

    title: Text
    what_ifs: Annotated[tuple[WhatIf, ...], Field(min_length=1)]


def names() -> tuple[str, ...]:
    """Names of all shipped lists, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def what_ifs(text: str) -> WhatIfs:
    """A shipped list by its name, or one of your own by its path. Raises InvalidInput, with the nearest name."""
    path = Path(text)
    if path.exists():
        return load(path, WhatIfs)
    if text not in names():
        why = f"no such file or shipped list of what-ifs{meant(text, names())}; shipped: {listed(names())}"
        raise InvalidInput([Problem(text, 0, 0, "", why)])
    return load(FOLDER / f"{text}.yaml", WhatIfs)
