"""The report of a plan: the choice, why, how sure, what would change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from reports import answered_page, conditions_section, render, tiles, words
from reports.candidate_views import across, ranking, two_by_two
from reports.candidates import Candidates, Shown, shown
from reports.document import Grid, Page, Part, Section, Table, Terms
from reports.pareto_picture import LEGEND
from reports.plan_pictures import inverse, swings_of_choice, way_to_runner_up
from reports.plan_tables import binds, confirmed, pruned, sensitivity, terms_table, tried
from reports.plan_tiles import COUNTS, NEAR_SHARE, nearest, ranked, tiles_of
from reports.standing import assumed, reproduced
from reports.tables import Look, table
from simulator.conditions import TABLE as CONDITIONS
from simulator.result import Answered, Figure

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
SAME_SHARE = 1e-9
LEADS = {
    "ranking": "The best candidates; every figure is the estimate, but for those that are confirmed below.",
    "why": "What the runner-up takes longer or costs more, term by term; the terms add up to the difference.",
    "sure": "Each input by itself at its low and at its high end, then chosen anew.",
    "binds": "How much of each limit the choice uses. What is used up binds: with more of it another choice could be "
    "better.",
    "confirmed": "The best candidates simulated event by event, beside what was estimated.",
    "searched": "How many candidates there were, how many were worked out, and why the others did not have to be.",
    "tries": "What was tried on the way to the number that was asked for.",
}


def page(result: Answered) -> str:
    """The HTML of one plan."""
    return render.html(document(result))


def document(result: Answered) -> Page:
    """The page's content, in the order in which it is read."""
    return answered_page.document(result, tiles_of(result), _sections(result))


def _sections(result: Answered) -> Iterator[Section]:
    """All sections; those of tables that are not there, or empty, are left out."""
    told = {name: frame for name, frame in result.tables.items() if len(frame)}
    yield from conditions_section.sections(told)
    of = ranked(told)
    for name, short, title, parts in (
        ("ranking", "Candidates", "The choice among the best", _ranked(of)),
        ("tries", "Tries", "What was tried", _tried(told, of, result.headline)),
        ("why", "Why", "Why not the runner-up", _why(told, of)),
        ("sure", "How sure", "What would change the choice", _sure(told, of)),
        ("binds", "Limits", "What binds", _only(binds, told, "binds")),
        ("confirmed", "Confirmed", "Confirmed by simulation", _only(confirmed, told, "confirmed")),
        ("searched", "Search", "What became of all candidates", _only(pruned, told, "pruned")),
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


def _tried(told: Tables, of: Candidates | None, headline: Mapping[str, Figure]) -> Iterator[Part]:
    """Every try of an inverse question as a picture and a table."""
    if "inverse" in told:
        along, how = _axes(told["inverse"], of, headline)
        yield inverse(told["inverse"], along, how)
        yield tried(told["inverse"], along, how)


def _axes(frame: pd.DataFrame, of: Candidates | None, headline: Mapping[str, Figure]) -> tuple[tuple[str, str], Shown]:
    """What was tried (title, unit), and the figure at each try: what has their values in the answer."""
    figure = Shown("Figure", "")
    if of is not None:
        first, known = of.frame.iloc[0], frame["figure"].dropna().astype(float)
        near = [name for name in of.figures if (known / float(first[name]) - 1).abs().min() <= NEAR_SHARE]
        counted = _among(known, headline)
        if near:
            figure = shown(of.objective if of.objective in near else near[0])
        elif counted:
            figure = Shown(COUNTS[counted], "")
    tried_for = _among(frame["value"].astype(float), headline)
    return (COUNTS.get(tried_for, "Tried"), ""), figure


def _among(values: pd.Series[float], headline: Mapping[str, Figure]) -> str:
    """The count of the headline whose value is among some; none where none is."""
    names = (name for name in COUNTS if name in headline)
    return next((name for name in names if ((values / headline[name].value - 1).abs() <= SAME_SHARE).any()), "")


def _why(told: Tables, of: Candidates | None) -> Iterator[Part]:
    """The way from the choice to the runner-up."""
    if "attribution" in told and of is not None:
        frame = told["attribution"]
        how = shown(nearest(of, float(frame["chosen"].sum())) or of.objective)
        yield way_to_runner_up(frame, how)
        yield terms_table(_divided(frame, how.divisor), how.unit)


def _divided(frame: pd.DataFrame, divisor: float) -> pd.DataFrame:
    """The terms as their figure is shown."""
    names = ["chosen", "runner_up", "difference"]
    return frame.assign(**{name: frame[name].astype(float) / divisor for name in names})


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
