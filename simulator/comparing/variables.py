"""The few fields that tell compared scenarios apart, thing by thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

NAMES = ("name", "kind", "base")
"""Last parts of paths that say which one it is; such a field is looked at before all others of its thing."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One field and its value in every scenario, as text."""

    field: str
    values: tuple[str, ...]

    @property
    def rank(self) -> tuple[bool, int]:
        """Fields that say which one it is first, then those that tell most scenarios apart."""
        return (self.field.rpartition(".")[2] not in NAMES, -len(set(self.values)))


def variables(labels: Sequence[str], differences: pd.DataFrame) -> pd.DataFrame:
    """Of each thing in which scenarios differ, as few fields as tell apart those that any of its fields does.

    labels       of all scenarios, the base first;  differences   [scenario x thing x field], see Comparison
    returns      [scenario]  scenario, one column a field, those first that together tell most apart; text as in a file
    """
    found: list[Variable] = []
    for _, own in differences.groupby("thing", sort=False):
        found += _telling(labels, own)
    found = [one for one in found if not _follows(labels, one, found)]
    ordered: list[Variable] = []
    while found:
        best = max(found, key=lambda one: _groups(labels, [*ordered, one]))
        ordered.append(best)
        found.remove(best)
    return pd.DataFrame({"scenario": list(labels), **{one.field: one.values for one in ordered}})


def _telling(labels: Sequence[str], own: pd.DataFrame) -> list[Variable]:
    """Fields of one thing, each of which tells apart some that those before it do not."""
    every = []
    for field, rows in own.groupby("field", sort=False):
        here: Mapping[str, str] = dict(zip(rows["scenario"].tolist(), rows["here"].tolist(), strict=True))
        base = str(rows["base"].iloc[0])
        every.append(Variable(str(field), tuple(here.get(label, base) for label in labels)))
    chosen: list[Variable] = []
    for one in sorted(every, key=lambda variable: variable.rank):
        if _groups(labels, [*chosen, one]) > _groups(labels, chosen):
            chosen.append(one)
    return chosen


def _follows(labels: Sequence[str], one: Variable, every: Sequence[Variable]) -> bool:
    """Whether a field belongs to something whose name is shown and says all that the field could tell."""
    named = [
        other
        for other in every
        if other is not one and other.field.endswith(".name") and one.field.startswith(other.field.removesuffix("name"))
    ]
    return bool(named) and _groups(labels, [*named, one]) == _groups(labels, named)


def _groups(labels: Sequence[str], chosen: Sequence[Variable]) -> int:
    """How many groups of scenarios some fields tell apart."""
    return len({tuple(one.values[at] for one in chosen) for at in range(len(labels))})
