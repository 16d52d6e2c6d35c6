"""The report of a whole run: hours, dollars, days, week by week."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from reports import answered_page, conditions_section, render, terms, tiles
from reports.document import Page, Part, Section, Terms
from reports.run_pictures import bill, weeks
from reports.standing import assumed, reproduced
from reports.tables import Look, table
from reports.tornado_picture import tornado
from simulator.conditions import TABLE as CONDITIONS
from simulator.long_run.result import RunResult
from simulator.uncertainty.tables import INPUTS, TORNADO

SHOWN: Mapping[str, tuple[str, answered_page.Note]] = {
    "gpu_hours": ("GPU time", "all GPUs that are paid"),
    "cost_usd": ("Rent", "at the rental price"),
    "days": ("Wall time", "first step to last"),
    "days_per_trillion_tokens": ("A trillion tokens", "of steady steps"),
    "goodput_ratio": ("Goodput", "productive over wall time"),
    "mtbf_s": ("Between failures", "that stop the job, mean"),
    "own_usd": ("Owning", "the same GPU-hours, for the owner"),
    "energy_j": ("Energy", "at the meter"),
}
"""Figures of the tiles."""
WORDS = ("Step", "Micro-batch", "Pipeline rank", "Bubble", "GPU-hour")
OWN_WORDS = (
    ("Phase", "A part of the run with steps of one shape: pre-training, then sequences of other lengths."),
    ("Goodput", "Time of steps that are kept, as long as they take when nothing is in the way, over wall time."),
    ("Life", "The run played once, with the luck of that time; figures are means of many."),
    ("MTBF", "Mean time between failures that stop the job."),
    ("cp, dp, pp, ep", "Context, data, pipeline and expert parallelism: GPUs among which a sequence, sequences, layers "
     "and experts are shared out."),
)  # fmt: skip
LUCK = "Intervals hold the luck of 90 % of lives; what inputs may be off is not in them."
ERRORS = (
    "Intervals at 90 %: what inputs may be off in the run's steady step, the simulator's own error on published "
    "figures, and the luck of lives; other figures than times and rents hold luck alone. Every phase is taken to be "
    "off as that step is."
)
YES_NO = {"True": "yes", "False": "no"}
LOOKS = {
    "bill": Look(
        "The bill",
        "The lines add up to the whole run. Failures and what they cost are means of all lives.",
        titles={"what": "Line", "gpu_hours": "GPU-hours", "usd": "Rent", "kind": "Kind"},
    ),
    "weeks": Look(
        "The run week by week",
        "One life of the run: the one whose length is nearest to the median.",
        meanings={"tokens": "seen and kept in the week"},
    ),
    "phases": Look(
        "Phases while nothing fails",
        titles={"step": "Sequences x tokens", "step_s": "Step", "gpu_hours": "GPU-hours"},
        meanings={"gpu_hours": "at the steady rate", "step_s": "generation among it"},
    ),
    "layouts": Look(
        "Layouts that were tried, each size of context parallelism with its best schedule",
        titles={"cp": "cp", "dp": "dp", "step_s": "Step", "memory_bytes": "Memory", "gpu_hours": "GPU-hours"},
        meanings={"step_s": "by the fast estimate", "memory_bytes": "of the fullest GPU"},
        names=YES_NO,
    ),
    "ramp": Look("The growing batch", titles={"step_s": "Step"}, meanings={"step_s": "by the fast estimate"}),
    "parts": Look(
        "Where the wall time of the trained phases goes",
        titles={"low_s": "5 %", "median_s": "Median", "high_s": "95 %", "mean_s": "Mean", "meaning": "What it counts"},
    ),
    "failures": Look(
        "Failures by cause", meanings={"failures": "in the mean life", "stops": "stops the job at once"}, names=YES_NO
    ),
    "intervals": Look(
        "Checkpoint intervals that were tried",
        titles={"interval_s": "Work between two", "longer_share": "Longer than the best", "error_share": "Error"},
    ),
    "spares": Look("Spare nodes and the promised date", titles={"probability_share": "Done by the date"}),
    "owning": Look(
        "What owning costs",
        titles={"what": "Item", "usd_per_gpu_hour": "Of a used GPU-hour", "how": "How"},
    ),
    TORNADO: Look("The inputs that move the step most"),
    INPUTS: Look("Inputs with their intervals"),
    "energy": Look("Energy", titles={"what": "Of", "site_w": "Drawn at the meter", "co2_kg": "CO2, kg"}),
}
"""How each table is shown."""


def page(result: RunResult) -> str:
    """The HTML of one run."""
    return render.html(document(result))


def document(result: RunResult) -> Page:
    """The page's content, in the order in which it is read."""
    return answered_page.document(result, answered_page.shown(result.headline, SHOWN), _sections(result))


def _sections(result: RunResult) -> Iterator[Section]:
    """All sections; those of tables that are not there are left out."""
    told = {name: frame for name, frame in result.tables.items() if name != CONDITIONS}
    shown = {name: table(name, frame, LOOKS[name]) for name, frame in told.items()}
    yield from conditions_section.sections(result.tables)
    yield Section("weeks", "Weeks", "Week by week", (), (weeks(told["weeks"]), shown["weeks"]))
    yield Section("bill", "Cost", "What it costs, line upon line", (), (bill(told["bill"]), shown["bill"]))
    for name, short, title, tables in (
        ("phases", "Phases", "Hours by phase", ("phases", "layouts", "ramp")),
        ("failures", "Failures", "What failures cost, and what to do about them",
         ("parts", "failures", "intervals", "spares")),
        ("money", "Owning, energy", "Owning instead of renting, and energy", ("owning", "energy")),
    ):  # fmt: skip
        if there := tuple(shown[one] for one in tables if one in shown):
            yield Section(name, short, title, (), there)
    figures = tiles.definitions(result.headline)
    if TORNADO in told:
        yield Section("errors", "Error bars", "How far these figures may be off", (ERRORS,), tuple(_errors(told)))
    lead = (ERRORS if TORNADO in told else LUCK,)
    yield Section("figures", "Definitions", "Figures and definitions", lead, (figures,))
    yield assumed(result.assumptions)
    known = dict(terms.TRAINING)
    told_words = (*OWN_WORDS, *((word, known[word]) for word in WORDS))
    yield Section("words", "Words", "Words used", (), (Terms(told_words),))
    yield reproduced(result.reproduction, result.kind)


def _errors(tables: Mapping[str, pd.DataFrame]) -> Iterator[Part]:
    """What moves the steady step most, then every input that varies."""
    if len(tables[TORNADO]):
        yield tornado(tables[TORNADO], f"tables/{TORNADO}.csv")
    if len(tables[INPUTS]):
        yield table(INPUTS, tables[INPUTS], LOOKS[INPUTS])
