"""The report of a sweep: the best points, what each varied field does, what could not be worked out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from reports import answered_page, conditions_section, render, tiles, words
from reports.candidate_views import across, ranking, two_by_two
from reports.candidates import Candidates, candidates, shown, text
from reports.document import Cell, Column, Grid, Page, Part, Section, Table, Terms, Tile
from reports.effect_picture import LEGEND as EFFECT_LEGEND
from reports.effect_picture import Effect, Level, effect_picture
from reports.pareto_picture import LEGEND
from reports.standing import assumed, reproduced
from reports.tables import Look, once, table
from simulator.conditions import TABLE as CONDITIONS
from simulator.result import Answered

MOST_FIGURES, MOST_PARETO = 12, 2
MOST_FAILED = 50
MOST_LEVELS, RANGES = 24, 10
"""Values of a field that are told one by one, and ranges that stand for more numbers than these."""
FIRST = ("cost_usd", "usd_per_million_output_tokens", "usd_per_million_input_tokens", "step_s", "gpu_hours")
"""What points are ranked by: the first of these that there is, else the first figure; less is better."""
KNOWN = frozenset({"points", "failed", "designs", CONDITIONS})
WORDS = (
    ("Point", "One combination of values: everything that is needed for one result."),
    ("Field", "A value of the file that the sweep varied, by its path."),
    ("Main effect", "The mean of a figure over all points that have a value, whatever the other fields are. Where not "
     "every combination was run, means of values can differ because of the other fields."),
    ("Front", "Points that no other betters in both figures of a picture."),
)  # fmt: skip
LEADS = {
    "best": "Points that were worked out, the best first.",
    "effects": "Mean over all points with a value, whatever the other fields are; the field that moves the mean most "
    "first.",
    "failed": "What could not be worked out, by reason.",
    "designs": "What was asked for.",
}

UNLIKE = (
    "Not every combination of values has figures: means can differ also because other fields do. The table says how "
    "many points each is of."
)


def page(result: Answered) -> str:
    """The HTML of one sweep."""
    return render.html(document(result))


def document(result: Answered) -> Page:
    """The page's content, in the order in which it is read."""
    return answered_page.document(result, _tiles(result), _sections(result))


def ranked(points: pd.DataFrame) -> Candidates:
    """Points that have figures, best first, with places."""
    done = points[points["status"] == "done"] if "status" in points else points
    first = candidates(done)
    objective = next((name for name in FIRST if name in first.figures), first.objective)
    keys = [objective, *(name for name in FIRST if name in first.figures and name != objective)]
    rounded = [done[name].map(_rounded) for name in keys if name]
    ordered = done.loc[pd.DataFrame(rounded).T.sort_values(list(filter(None, keys)), kind="stable").index]
    return candidates(ordered.assign(place=range(1, len(ordered) + 1)), objective)


def _rounded(value: float) -> float:
    """A figure without the last digits, in which equal ones can differ."""
    return float(f"{value:.9g}")


def _tiles(result: Answered) -> Iterator[Tile]:
    """How many points, the best one's figures."""
    points = result.tables.get("points", pd.DataFrame())
    failed = len(result.tables.get("failed", ()))
    if not len(points):
        return
    of = ranked(points)
    note = f"{failed:,} failed" if failed else "all worked out"
    anchor = "best" if len(of.frame) else "failed" if failed else "figures"
    yield Tile("Points", f"{len(of.frame):,}", "", note, str(len(of.frame)), anchor)
    if len(of.frame):
        for name in of.telling()[:3]:
            number, unit = words.quantity(of.values(name)[0], shown(name).unit)
            note = f"of the best point: {of.frame['label'].iloc[0]}" if name == of.objective else "of the best point"
            yield Tile(shown(name).title, number, unit, note, str(of.frame[name].iloc[0]), "best")


def _sections(result: Answered) -> Iterator[Section]:
    """All sections; those of tables that are not there, or empty, are left out."""
    told = {name: frame for name, frame in result.tables.items() if len(frame)}
    yield from conditions_section.sections(told)
    of = ranked(told["points"]) if "points" in told else None
    if of is not None and len(of.frame):
        best = Section("best", "Best", "The best points", (LEADS["best"],), tuple(_best(of)))
        yield best
        found = effects(of)
        if parts := tuple(_effects(found, of, MOST_FIGURES - best.pictures)):
            yield Section("effects", "Fields", "What each field does", tuple(_leads(found, of)), parts)
    if "failed" in told:
        yield Section("failed", "Failed", "What failed", (LEADS["failed"],), (_failed(told["failed"]),))
    if "designs" in told:
        designs = table("designs", told["designs"], Look("Designs"))
        yield Section("designs", "Designs", "What was asked for", (LEADS["designs"],), (designs,))
    others = tuple(table(name, frame, Look(words.title_of(name))) for name, frame in told.items() if name not in KNOWN)
    if others:
        yield Section("more", "More tables", "More tables", (), others)
    yield Section("figures", "Definitions", "Figures and definitions", (), (tiles.definitions(result.headline),))
    yield assumed(result.assumptions)
    yield Section("words", "Words", "Words used", (), (Terms(WORDS),))
    yield reproduced(result.reproduction, result.kind)


def _best(of: Candidates) -> Iterator[Part]:
    """The ranking, the best points by two figures, then across the fields."""
    data = "tables/points.csv"
    yield ranking(of, "points", "Ranking", data)
    if len(of.frame) > 1 and of.figures:
        if pairs := two_by_two(of, MOST_PARETO, data):
            yield Grid(LEGEND, pairs)
        yield across(of, "The best points, field by field", data)


def effects(of: Candidates) -> list[Effect]:
    """The main effect of every field that has more than one value, the largest first."""
    found = []
    known = of.frame[of.frame[of.objective].notna()] if of.objective else of.frame.head(0)
    values = pd.Series(of.values(of.objective), index=of.frame.index) if of.objective else pd.Series(dtype=float)
    for field in of.independent:
        effect = _effect(field, known[field], values.loc[known.index])
        if len(effect.levels) > 1:
            found.append(effect)
    return sorted(found, key=lambda one: -one.width)


def _effect(field: str, at: pd.Series, values: pd.Series) -> Effect:
    """The main effect of one field: levels by number, else by mean; of many numbers ranges with equally many points.

    at   [point] its value;  values   [point] the figure
    """
    numbers = at.map(lambda one: isinstance(one, int | float) and not isinstance(one, bool)).all()
    own = [(value, _level(text(value, field), part)) for value, part in values.groupby(at, sort=False)]
    if numbers and len(own) > MOST_LEVELS:
        ranges = pd.qcut(at.astype(float), RANGES, duplicates="drop")
        parts = [(at[part.index], part) for _, part in values.groupby(ranges, observed=True)]
        named = [(f"{text(inside.min(), field)} to {text(inside.max(), field)}", part) for inside, part in parts]
        return Effect(field, tuple(_level(name, part) for name, part in named), True)
    ordered = [level for _, level in sorted(own, key=lambda one: one[0] if numbers else one[1].mean)]
    half = MOST_LEVELS // 2
    kept = ordered if len(ordered) <= MOST_LEVELS else [*ordered[:half], *ordered[-half:]]
    return Effect(field, tuple(kept), bool(numbers))


def _level(name: str, values: pd.Series) -> Level:
    """Points with one value, or within one range."""
    return Level(name, len(values), float(values.mean()), float(values.min()), float(values.max()))


def _leads(found: Sequence[Effect], of: Candidates) -> Iterator[str]:
    """What the pictures show; which fields go together; whether means are over unlike points."""
    yield LEADS["effects"]
    if together := [name for name in of.varied if name not in of.independent]:
        yield f"Not drawn, because each goes with a field that is: {', '.join(together)}."
    if any(len({level.points for level in one.levels}) > 1 for one in found):
        yield UNLIKE


def _effects(found: Sequence[Effect], of: Candidates, most: int) -> Iterator[Part]:
    """A small picture of the fields that do most, and a table of all."""
    how = shown(of.objective) if of.objective else None
    if how is None or not found:
        return
    cells = tuple(
        effect_picture(f"effect-{place}", one, (how.title, how.unit), "tables/points.csv")
        for place, one in enumerate(found[:most], start=1)
    )
    yield Grid(EFFECT_LEGEND, cells)
    scale = words.of_column([level.mean for one in found for level in one.levels], how.unit)
    rows = [
        (Cell(one.field), Cell(level.name), Cell(str(level.points)), Cell(scale.text(level.mean)),
         Cell(scale.text(level.least)), Cell(scale.text(level.most)))
        for one in found
        for level in one.levels
    ]  # fmt: skip
    heads = (Column("Field"), Column("Value"), Column("Points", numeric=True),
             *(Column(title, scale.unit, True) for title in ("Mean", "Least", "Most")))  # fmt: skip
    yield Table("effects", f"{how.title} by field and value", heads, once(rows), "tables/points.csv")


def _failed(frame: pd.DataFrame) -> Table:
    """Reasons with the points that they stopped, the most frequent first."""
    groups = sorted(frame.groupby("why", sort=False), key=lambda pair: -len(pair[1]))
    rows = []
    for why, own in groups[:MOST_FAILED]:
        labels = own["label"].map(str).tolist()
        more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
        rows.append((Cell(str(why)), Cell(str(len(labels))), Cell("; ".join(labels[:3]) + more)))
    left = len(groups) - MOST_FAILED
    heads = (Column("Why"), Column("Points", numeric=True), Column("Which"))
    note = f"{left} more reasons in the file." if left > 0 else ""
    return Table("failed", "Reasons", heads, tuple(rows), "tables/failed.csv", note)
