"""The choice in a comparison: all scenarios by two figures, across the variables, and what could turn it round."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from reports import words
from reports.differences import cut, signed
from reports.document import Grid, Part, Picture, Section, Table
from reports.parallel_picture import Line, Role, Scale, parallel
from reports.pareto_picture import LEGEND, Measure, Point, front, pareto
from reports.tables import Look, table
from reports.tornado_picture import Bar, Swung, short, swings
from reports.waterfall import LEGEND as WATERFALL
from reports.waterfall import Way, waterfall
from simulator.comparing.comparison import Comparison
from topologies.scalars import read

RENT, TIME, MEMORY = (
    Measure("Rental of the run", "USD"),
    Measure("Time of the run", "days"),
    Measure("Memory of the fullest GPU", "bytes"),
)
COLUMNS = {"days": TIME, "memory_bytes_per_gpu_max": MEMORY, "cost_usd": RENT}
FIGURES = {
    "days": ("Time of the run", "days"), "memory_bytes_per_gpu_max": ("Memory a GPU", "bytes"),
    "mfu_ratio_causal": ("MFU", "ratio"), "cost_usd": ("Rental of the run", "USD"),
}  # fmt: skip
"""Figures across which scenarios are drawn, what the ranking is by last: column -> title, unit."""
ALIKE_SHARE = 0.005
"""Two figures whose ratio spreads less than this over all scenarios say the same."""
LABEL = 60
CAPTION = (
    "What the runner-up costs more, with each input by itself at the ends of the interval that holds nine of its "
    "values in ten, on both sides at once where both have it."
)
TURNS = "Beyond the dashed line the runner-up would be the choice."
TITLES = {
    "input": "Input", "of": "Of", "low": "Low", "high": "High", "at_low_usd": "Costs more at low",
    "at_high_usd": "at high", "changes_choice": "Turns the choice", "basis": "Basis",
}  # fmt: skip
YES_NO = {"True": "yes", "False": "no"}


def section(comparison: Comparison) -> Section:
    """All scenarios at once, and which of them is the choice."""
    return Section("choice", "Choice", "All scenarios at once", tuple(_sure(comparison)), tuple(_together(comparison)))


def sensitivity(comparison: Comparison) -> Section:
    """Why not the runner-up, and what would have to be otherwise."""
    row = comparison.tables["choice"].iloc[0]
    lead = [f"The choice is {row['chosen']}, the runner-up {row['runner_up']}, by rental of the whole run."]
    frame = comparison.tables.get("choice_sensitivity", pd.DataFrame())
    if row["why_not_drawn"]:
        lead.append(f"Inputs could not be turned one by one: {row['why_not_drawn']}")
    elif not len(frame):
        lead.append("No input that is uncertain moves the difference between the two.")
    else:
        turning = sorted({str(name) for name in frame.loc[frame["changes_choice"], "input"]})
        named = ", ".join(short(name) for name in turning)
        lead.append(
            f"Each of these alone, at an end of its interval, makes the runner-up the choice: {named}."
            if turning
            else "No input alone, at either end of its interval, makes the runner-up the choice."
        )
    return Section("turned", "What turns it", "What could turn the choice", tuple(lead), tuple(_turned(comparison)))


def _sure(comparison: Comparison) -> Iterator[str]:
    """The choice against the runner-up in a sentence, and how sure that is where it was drawn."""
    row = comparison.tables["choice"].iloc[0]
    more, whole = float(row["difference_usd"]), float(row["runner_up_usd"])
    costs = (
        f"costs {words.quantity(more, 'USD', 3)} more, {100 * more / whole:.1f} % of its own"
        if more
        else "costs as much"
    )
    yield (
        f"First of the ranking: {row['chosen']}, {words.quantity(float(row['chosen_usd']), 'USD')}. The runner-up, "
        f"{row['runner_up']}, {costs}."
    )
    for one in comparison.compared:
        if one.label in (row["chosen"], row["runner_up"]):
            yield from (f"Mind this of {one.label}: {warning}" for warning in one.result.warnings)
    if not pd.isna(row["kept_share"]):
        low, high = (signed(float(row[end]), "USD") for end in ("low_usd", "high_usd"))
        yield (
            f"With the inputs of both drawn together, the choice costs no more in {100 * float(row['kept_share']):.0f} "
            f"of 100 draws; the runner-up's difference is {low} to {high} at 90 %."
        )


def _together(comparison: Comparison) -> Iterator[Part]:
    """Pareto pictures side by side, then all scenarios across their variables."""
    ranking = comparison.tables["ranking"]
    if pairs := tuple(_pareto(ranking, name) for name in ("days", "memory_bytes_per_gpu_max") if _says(ranking, name)):
        yield Grid(LEGEND, pairs)
    yield _parallel(comparison)


def _says(ranking: pd.DataFrame, column: str) -> bool:
    """Whether a figure says something that the rental does not."""
    ratio = ranking[column] / ranking["cost_usd"]
    return bool(ratio.max() > ratio.min() * (1 + ALIKE_SHARE))


def _pareto(ranking: pd.DataFrame, column: str) -> Picture:
    """The rental over another figure."""
    values = list(zip(ranking[column].tolist(), ranking["cost_usd"].tolist(), strict=True))
    ahead = front(values, COLUMNS[column], RENT)
    labels = zip(ranking["place"].tolist(), ranking["scenario"].tolist(), strict=True)
    points = [
        Point(number, cut(label, LABEL), *value, first, number == 1)
        for (number, label), value, first in zip(labels, values, ahead, strict=True)
    ]
    name = column.partition("_")[0]
    return pareto(f"pareto-{name}", points, (COLUMNS[column], RENT), "tables/ranking.csv")


def _parallel(comparison: Comparison) -> Picture:
    """Every scenario across the fields that tell them apart, then the figures."""
    ranking = comparison.tables["ranking"]
    fields = comparison.tables["variables"].set_index("scenario").reindex(ranking["scenario"])
    base = comparison.base.label
    lines = [
        Line(number, cut(label, LABEL), _role(number, label == base))
        for number, label in zip(ranking["place"].tolist(), ranking["scenario"].tolist(), strict=True)
    ]
    scales = [Scale(_field(str(name)), _values(fields[name].tolist())) for name in fields.columns]
    figures = [Scale(title, tuple(ranking[name].tolist()), unit, True) for name, (title, unit) in FIGURES.items()]
    return parallel(
        "parallel", "Every scenario, variable by variable", lines, (scales, figures), "tables/variables.csv"
    )


def _role(number: int, is_base: bool) -> Role:
    """What a scenario is among the others."""
    return "chosen" if number == 1 else "second" if number == 2 else "base" if is_base else "other"


def _field(path: str) -> str:
    """A field's path as the head of a scale."""
    for start in ("cluster.topology.", "cluster.node.gpu.", "cluster.node.", "cluster.", "layout.", "job."):
        if path.startswith(start) and path.removeprefix(start) not in ("name", "kind"):
            return path.removeprefix(start).removesuffix(".name")
    return ".".join(path.removesuffix(".name").split(".")[-2:])


def _values(texts: list[str]) -> tuple[float | str, ...]:
    """Values of a field: numbers where all are, else as they are written."""
    found = [read(text) if text else None for text in texts]
    if all(isinstance(one, int | float) and not isinstance(one, bool) for one in found):
        return tuple(float(one) for one in found if isinstance(one, int | float))
    return tuple(text or "none" for text in texts)


def _turned(comparison: Comparison) -> Iterator[Part]:
    """The way from the choice to the runner-up, the tornado, and the inputs behind it."""
    row = comparison.tables["choice"].iloc[0]
    why = comparison.tables["choice_why"]
    if len(why) > 1:
        steps = list(zip(why["thing"].tolist(), why["cost_usd"].tolist(), strict=True))
        way = Way("USD", "of rental", "the choice", "the runner-up")
        title = "Why the runner-up costs more"
        cell = waterfall("waterfall-choice", title, float(row["chosen_usd"]), steps, way, "tables/choice_why.csv")
        yield Grid(WATERFALL, (cell,))
    frame = comparison.tables.get("choice_sensitivity", pd.DataFrame())
    if len(frame):
        yield _tornado(frame)
        yield _inputs(frame)


def _tornado(frame: pd.DataFrame) -> Picture:
    """The difference with one input at a time at its ends."""
    bars = [
        Bar(
            short(row["input"]) + ("" if row["of"] == "both" else f", of {row['of']}"),
            (row["low"], row["high"]),
            (float(row["at_low_usd"]), float(row["at_high_usd"])),
        )
        for row in frame.to_dict("records")
    ]
    swung = Swung(
        name="choice-tornado",
        title=f"The {len(bars)} inputs that move the difference most",
        nominal=float(frame["difference_usd"].iloc[0]),
        unit="USD",
        caption=f"{CAPTION} {TURNS}" if frame["changes_choice"].any() else CAPTION,
        alt="What the runner-up costs more with one input at the ends of its interval",
        zero="no difference",
    )
    return swings(bars, swung, "tables/choice_sensitivity.csv")


def _inputs(frame: pd.DataFrame) -> Table:
    """The inputs of the tornado with their basis."""
    same = [] if frame["changes_choice"].any() else ["changes_choice"]
    shown = frame.drop(columns=["difference_usd", "source", *same]).assign(
        input=[short(name) for name in frame["input"]]
    )
    note = "The file also has the source of each."
    return table("choice_sensitivity", shown, Look("The inputs of the picture above", note, TITLES, names=YES_NO))
