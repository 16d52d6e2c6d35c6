"""Tables of a plan: limits, what was confirmed, what was left out, terms, what would change the choice, tries."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from reports import words
from reports.candidates import Shown, shown
from reports.compare_money import scaled
from reports.differences import difference, percent
from reports.document import Cell, Column, Table
from reports.parallel_picture import WRITTEN_OUT
from reports.tables import Look, table
from reports.terms import PARTS
from reports.tornado_picture import short

ENDS = ("low", "high")
YES_NO = {True: "yes", False: "no"}


def binds(frame: pd.DataFrame) -> Table:
    """Each limit in its own unit: what is used of what is allowed, the fullest first."""
    ordered = frame.sort_values("used_share", ascending=False, kind="stable", na_position="last")
    rows = []
    for row in ordered.to_dict("records"):
        share = float(row["used_share"])
        known = math.isfinite(share)
        rows.append(
            (
                Cell(str(row["limit"])),
                Cell(_amount(row["used"], row["unit"])),
                Cell(_amount(row["allowed"], row["unit"])),
                Cell(f"{100 * share:.1f}" if known else "–", min(max(share, 0.0), 1.0) if known else None),
                Cell(YES_NO[bool(row["binding"])]),
                Cell(str(row["why"])),
            )
        )
    heads = (Column("Limit"), Column("Used", numeric=True), Column("Allowed", numeric=True),
             Column("Used", "%", numeric=True), Column("Binds"), Column("Why"))  # fmt: skip
    return Table("binds", "Limits of the choice", heads, tuple(rows), "tables/binds.csv")


def confirmed(frame: pd.DataFrame) -> Table:
    """Estimate and simulation side by side, each figure in its own unit."""
    rows = []
    for row in frame.to_dict("records"):
        of = shown(str(row["figure"]))
        texts = [
            str(row["place"]), str(row["label"]), of.title, _shown(row["estimate"], of), _shown(row["events"], of),
            percent(float(row["difference_ratio"])) or "–",
        ]  # fmt: skip
        rows.append(tuple(map(Cell, texts)))
    heads = (Column("Place", numeric=True), Column("Candidate"), Column("Figure"), Column("Estimated", numeric=True),
             Column("Simulated", numeric=True), Column("Difference", numeric=True))  # fmt: skip
    return Table("confirmed", "Estimated and simulated", heads, tuple(rows), "tables/confirmed.csv")


def pruned(frame: pd.DataFrame) -> Table:
    """Reasons and how many candidates each left out, most first."""
    ordered = frame.sort_values("choices", ascending=False, kind="stable")
    titles = {"reason": "What became of them", "choices": "Candidates", "why": "For example"}
    look = Look("All candidates", titles=titles, total="All")
    return table("pruned", ordered, look)


def terms_table(frame: pd.DataFrame, unit: str) -> Table:
    """Each term of both, and what the runner-up has more of it."""
    scale = words.of_column(frame[["chosen", "runner_up"]].to_numpy().ravel().tolist(), unit, 5)
    sums = frame[["chosen", "runner_up", "difference"]].sum().tolist()
    entries = [*frame[["term", "chosen", "runner_up", "difference"]].to_numpy().tolist(), ["all together", *sums]]
    rows = tuple(
        (
            Cell(PARTS.get(str(term), str(term))),
            Cell(scale.text(chosen)),
            Cell(scale.text(other)),
            Cell(difference(more, scale)),
        )
        for term, chosen, other, more in entries
    )
    heads = (Column("Term"), *(Column(title, scale.unit, True) for title in ("The choice", "The runner-up", "More")))
    return Table("attribution", "Term by term", heads, rows, "tables/attribution.csv", total=True)


def sensitivity(frame: pd.DataFrame, of: Shown) -> Table:
    """Each input with the figure at both ends, and which candidate would be chosen there."""
    columns = []
    for title, column in (("Figure at low", "figure_low"), ("at high", "figure_high")):
        columns.append(scaled(title, [value / of.divisor for value in frame[column].astype(float).tolist()], of.unit))
    heads = [Column("Input"), Column("Low"), Column("High"), *(head for head, _ in columns),
             Column("Changes the choice"), Column("To")]  # fmt: skip
    others = []
    for row in frame.to_dict("records"):
        found = [f"{row[name]} (at {end})" for name, end in (("choice_low", "low"), ("choice_high", "high"))]
        others.append("; ".join(found) if row["changes_choice"] else "")
    texts = [
        [short(str(name)) for name in frame["input"]],
        *([ending(value, str(name)) for value, name in zip(frame[end], frame["input"], strict=True)] for end in ENDS),
        *(cells for _, cells in columns), [YES_NO[bool(one)] for one in frame["changes_choice"]], others,
    ]  # fmt: skip
    rows = tuple(tuple(map(Cell, row)) for row in zip(*texts, strict=True))
    return Table("sensitivity", "Inputs and the choice", tuple(heads), rows, "tables/sensitivity.csv")


def tried(frame: pd.DataFrame, along: tuple[str, str], of: Shown) -> Table:
    """Every try with its interval."""
    rows, known = [], has_intervals(frame)
    for row in frame.sort_values("value", kind="stable").to_dict("records"):
        found = words.interval(_over(row["low"], of), _over(row["high"], of), of.unit) if known else ""
        at = [found.removesuffix(words.AT)] if known else []
        texts = [number(float(row["value"]), along[1]), _shown(row["figure"], of), *at, YES_NO[bool(row["keeps"])]]
        rows.append(tuple(map(Cell, texts)))
    at_90 = [Column("At 90 %", numeric=True)] if known else []
    heads = [Column(along[0], numeric=True), Column(of.title, numeric=True), *at_90, Column("Keeps the limits")]
    return Table("inverse", "Every try", tuple(heads), tuple(rows), "tables/inverse.csv")


def has_intervals(frame: pd.DataFrame) -> bool:
    """Whether low and high are those of the figure: it lies between them, and where it is not known they are not."""
    known = frame[["figure", "low", "high"]].astype(float)
    ends = known[["low", "high"]].dropna()
    if not len(ends) or not np.isfinite(ends).all(axis=None):
        return False
    own = known.loc[ends.index]
    return bool(((own["low"] <= own["figure"]) & (own["figure"] <= own["high"])).all())


def ending(value: object, name: str) -> str:
    """An input at an end of its interval: text as it is, a number with the unit that its name carries."""
    if not isinstance(value, int | float):
        return str(value)
    unit = words.unit_of(name.rpartition(".")[2])
    return f"{value:.4g}" if unit in ("", "ratio") else str(words.quantity(float(value), unit))


def number(value: float, unit: str) -> str:
    """A number that was tried; written out where it has no unit."""
    return str(words.quantity(value, unit)) if unit or abs(value) >= WRITTEN_OUT else f"{value:,.6g}"


def _amount(value: object, unit: object) -> str:
    """A limit's amount; text as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(words.quantity(float(value), str(unit))) if math.isfinite(value) else "–"
    return str(value)


def _shown(value: object, of: Shown) -> str:
    """A figure with its unit; a dash where it is not known."""
    found = _over(value, of)
    return "–" if found is None else str(words.quantity(found, of.unit))


def _over(value: object, of: Shown) -> float | None:
    """A figure as it is shown; None where it is not known."""
    known = isinstance(value, int | float) and math.isfinite(value)
    return float(value) / of.divisor if known and isinstance(value, int | float) else None
