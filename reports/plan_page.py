"""The report of a plan: the choice, why, how sure, what would change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from reports import answered_page, conditions_section, render, tiles, words
from reports.candidates import Candidates, across, candidates, ranking, shown, two_by_two
from reports.differences import percent
from reports.document import Grid, Page, Part, Section, Table, Terms, Tile
from reports.pareto_picture import LEGEND
from reports.plan_pictures import inverse, swings_of_choice, way_to_runner_up
from reports.plan_tables import binds, confirmed, pruned, sensitivity, terms_table, tried
from reports.standing import assumed, reproduced
from reports.tables import Look, table
from simulator.conditions import TABLE as CONDITIONS
from simulator.result import Answered

Tables = Mapping[str, pd.DataFrame]
MOST_PARETO = 2
WORDS = (
    ("Candidate", "One cluster with one layout: everything that is needed to simulate it."),
    ("Estimated", "Worked out by the fast estimate, which is within a few percent of the simulation."),
    ("Confirmed", "Simulated event by event."),
    ("Left out", "Not estimated, because it cannot be valid, cannot fit, or cannot be among the best."),
    ("Front", "Candidates that no other betters in everything that was asked for."),
    ("tp, pp, ep, dp, cp", "Tensor, pipeline, expert, data and context parallelism: GPUs among which matrices, layers, "
     "experts, sequences and one sequence are shared out."),
    ("GPU-hour", "One GPU for one hour, whether it computes or waits."),
)  # fmt: skip
KNOWN = frozenset({
    "candidates", "pruned", "confirmed", "binds", "attribution", "sensitivity", "inverse", CONDITIONS,
})  # fmt: skip
"""Tables that sections show."""
NEAR_SHARE = 1e-6
LEADS = {
    "ranking": "The best candidates; every figure is the estimate, but for those that are confirmed below.",
    "why": "What the runner-up takes longer or costs more, term by term; the terms add up to the difference.",
    "sure": "Each input by itself at the ends of the interval that holds nine of its values in ten, then chosen anew.",
    "binds": "How much of each limit the choice uses. What is used up binds: with more of it another choice could be "
    "better.",
    "confirmed": "The best candidates simulated event by event, beside what was estimated.",
    "searched": "What was left out before it was estimated, and why.",
    "tries": "What was tried on the way to the number that was asked for.",
}


def page(result: Answered) -> str:
    """The HTML of one plan."""
    return render.html(document(result))


def document(result: Answered) -> Page:
    """The page's content, in the order in which it is read."""
    first, *further = result.answer or ("",)
    return Page(
        title=result.title,
        kicker=f"clustercast plan: {result.name}",
        binds=first,
        answer=tuple(further),
        warnings=result.warnings,
        tiles=tuple(_tiles(result)),
        sections=tuple(_sections(result)),
        foot=answered_page.foot(result),
    )


def _tiles(result: Answered) -> Iterator[Tile]:
    """The choice's figures, what the runner-up lacks, how many were looked at."""
    frame = result.tables.get("candidates", pd.DataFrame())
    if len(frame):
        yield from _of_choice(candidates(frame))
    left_out = result.tables.get("pruned", pd.DataFrame())
    if len(left_out):
        number = int(left_out["choices"].sum())
        yield Tile("Left out", f"{number:,}", "candidates", "before they were estimated", str(number), "searched")


def _of_choice(of: Candidates) -> Iterator[Tile]:
    """Up to four figures of the choice, then the runner-up."""
    ranked = sorted(of.figures, key=lambda name: name != of.objective)
    for name in [one for one in ranked if pd.notna(of.frame[one].iloc[0])][:4]:
        number, unit = words.quantity(of.values(name)[0], shown(name).unit)
        note = "of the choice; ranked by this" if name == of.objective else "of the choice"
        yield Tile(shown(name).title, number, unit, note, str(of.frame[name].iloc[0]), "ranking")
    if len(of.frame) > 1 and of.objective:
        first, second = of.values(of.objective)[:2]
        change = percent(second / first - 1) if first else ""
        yield Tile(
            "The runner-up", change or "–", "", str(of.frame["label"].iloc[1]), of.told(of.objective, 1), "ranking"
        )


def _sections(result: Answered) -> Iterator[Section]:
    """All sections; those of tables that are not there, or empty, are left out."""
    told = {name: frame for name, frame in result.tables.items() if len(frame)}
    yield from conditions_section.sections(told)
    of = candidates(told["candidates"]) if "candidates" in told else None
    for name, short, title, parts in (
        ("ranking", "Candidates", "The choice among the best", _ranked(of)),
        ("tries", "Tries", "What was tried", _tried(told)),
        ("why", "Why", "Why not the runner-up", _why(told, of)),
        ("sure", "How sure", "What would change the choice", _sure(told, of)),
        ("binds", "Limits", "What binds", _only(binds, told, "binds")),
        ("confirmed", "Confirmed", "Confirmed by simulation", _only(confirmed, told, "confirmed")),
        ("searched", "Search", "What was left out", _only(pruned, told, "pruned")),
    ):
        if there := tuple(parts):
            yield Section(name, short, title, (LEADS[name],), there)
    if others := tuple(_others(told)):
        yield Section("more", "More tables", "More tables", (), others)
    yield Section("figures", "Definitions", "Figures and definitions", (), (tiles.definitions(result.headline),))
    yield assumed(result.assumptions)
    yield Section("words", "Words", "Words used", (), (Terms(WORDS),))
    yield reproduced(result.reproduction, result.kind)


def _ranked(of: Candidates | None) -> Iterator[Part]:
    """The ranking, the choice among the others by two figures, then across the variables."""
    if of is None:
        return
    data = "tables/candidates.csv"
    yield ranking(of, "candidates", "Ranking", data)
    if pairs := two_by_two(of, MOST_PARETO, data):
        yield Grid(LEGEND, pairs)
    if len(of.frame) > 1 and of.figures:
        yield across(of, "The best candidates, variable by variable", data)


def _tried(told: Tables) -> Iterator[Part]:
    """Every try of an inverse question as a picture and a table."""
    if "inverse" in told:
        frame = told["inverse"]
        along, how = _value(frame), shown(_figure(frame))
        known = frame.rename(columns={_figure(frame): "figure"}).assign(
            **{name: frame[name] if name in frame else float("nan") for name in ("low", "high")}
        )
        yield inverse(known, along, how)
        yield tried(known, along, how)


def _figure(frame: pd.DataFrame) -> str:
    """The column that holds the figure of each try."""
    return next((str(name) for name in frame.columns[1:] if words.unit_of(str(name))), "figure")


def _value(frame: pd.DataFrame) -> tuple[str, str]:
    """What was tried: title and unit."""
    name = str(frame["what"].iloc[0]) if "what" in frame else "Tried"
    return words.title_of(name), words.unit_of(name)


def _why(told: Tables, of: Candidates | None) -> Iterator[Part]:
    """The way from the choice to the runner-up."""
    if "attribution" in told and of is not None:
        how = shown(_attributed(told["attribution"], of))
        yield way_to_runner_up(told["attribution"], how)
        yield terms_table(
            told["attribution"] if how.divisor == 1 else _divided(told["attribution"], how.divisor), how.unit
        )


def _divided(frame: pd.DataFrame, divisor: float) -> pd.DataFrame:
    """The terms as their figure is shown."""
    names = ["chosen", "runner_up", "difference"]
    return frame.assign(**{name: frame[name] / divisor for name in names})


def _attributed(frame: pd.DataFrame, of: Candidates) -> str:
    """The figure to which the choice's terms add up; the one that candidates are ranked by where none is."""
    total = float(frame["chosen"].sum())
    near = [name for name in of.figures if abs(float(of.frame[name].iloc[0]) - total) <= NEAR_SHARE * abs(total)]
    return near[0] if near else of.objective


def _sure(told: Tables, of: Candidates | None) -> Iterator[Part]:
    """What one input at a time does to the choice."""
    if "sensitivity" in told and of is not None and of.objective:
        how = shown(of.objective)
        yield swings_of_choice(told["sensitivity"], of, how)
        yield sensitivity(told["sensitivity"], how)


def _only(drawn: Callable[[pd.DataFrame], Table], told: Tables, name: str) -> Iterator[Part]:
    """One table, where it is there."""
    if name in told:
        yield drawn(told[name])


def _others(told: Tables) -> Iterator[Part]:
    """Tables that no section above shows."""
    for name, frame in told.items():
        if name not in KNOWN:
            yield table(name, frame, Look(words.title_of(name)))
