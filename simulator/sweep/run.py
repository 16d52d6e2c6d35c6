"""From a sweep to its result: work out what is missing in its store, then read it back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pandas as pd

from simulator.assumptions import assumptions
from simulator.result import Assumption, Figure, Reproduction
from simulator.summary import versions
from simulator.sweep.course import Course, Progress
from simulator.sweep.jobs import BUG, DONE, Engine
from simulator.sweep.preflight import admit
from simulator.sweep.probe import require_fields
from simulator.sweep.question import Question
from simulator.sweep.result import SweepResult
from simulator.sweep.store import Heading, open_store
from simulator.sweep.table import FIRST, LAST, STATUS, table_of
from topologies.spec import digest, dump
from topologies.units import pretty
from workloads.points import point, twins
from workloads.scenario import Scenario
from workloads.sweep import PRECEDENCE, Sweep

OVERLAY = "scenario"
"""Column that names the overrides of a point, where there are any."""
ENDS = ("step_s", "gpu_hours", "cost_usd", "memory_bytes_per_gpu_max")
"""Figures whose least and most are told."""
BEST: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "cost_usd": ("The least cost", lambda usd: f"{usd:,.0f} USD"),
    "step_s": ("The shortest step", lambda seconds: pretty(seconds, "s")),
}
"""Figures of which the best point is told, with how."""
Opened = Callable[[bytes], AbstractContextManager[Engine]]
"""Starts an engine for a packed question."""


class Lost(OSError):
    """Points whose processes ended each time that they were tried; the rest is kept."""


def run_sweep(
    question: Question,
    store: Path,
    engine: Opened,
    told: Callable[[Progress], None] = lambda progress: None,
    command: str = "",
) -> SweepResult:
    """Work out all points that the store does not have yet, and put together what it has then.

    Raises TooLarge for too many points, InvalidInput for a path that leads nowhere or a file that is no store, Lost for
    points that end their process, KeyboardInterrupt when interrupted: all that was told of is in the store.
    """
    sweep = question.sweep
    admit(sweep)
    require_fields(question)
    heading = question.heading
    follow(question, heading, store, engine, told)
    return result_of(sweep, table_of(store, heading), command)


def follow(question: Question, heading: Heading, path: Path, engine: Opened, told: Callable[[Progress], None]) -> None:
    """Work out what is missing; no process is started where nothing is."""
    sweep = question.sweep
    same = twins(sweep)
    spared = {other for others in same.values() for other in others}
    numbers = [number for number in range(sweep.size) if number not in spared]
    with open_store(path, heading) as store:
        if len(store.done()) == sweep.size:
            told(Progress(sweep.size, sweep.size, None))
            return
        with engine(question.packed()) as started:
            course = Course(store, started, lambda number: described(sweep, number), told, same)
            course.follow(numbers)
    if course.lost:
        names = ", ".join(point(sweep, number).label for number in sorted(course.lost)[:5])
        raise Lost(
            f"{len(course.lost)} of {sweep.size} points end the process that works on them, each time (out of "
            f"memory?): {names}; the others are in {path}"
        )


def described(sweep: Sweep, number: int) -> tuple[str, str]:
    """Label of a point, and JSON of its varied values."""
    one = point(sweep, number)
    overlay = {OVERLAY: one.scenario} if sweep.overrides else {}
    return one.label, json.dumps({**overlay, **one.values}, ensure_ascii=False)


def result_of(sweep: Sweep, rows: pd.DataFrame, command: str) -> SweepResult:
    """What the rows of a sweep's store say."""
    points = rows.drop(columns=[FIRST[0], STATUS[-1], *LAST])
    failed = rows.loc[rows["status"] != DONE, ["number", "label", *STATUS]].reset_index(drop=True)
    done = points[points["status"] == DONE]
    return SweepResult(
        name=sweep.name,
        title=", ".join([sweep.title or sweep.name, *sweep.changes]),
        headline=headline(points, done),
        answer=tuple(answer(sweep, done)),
        warnings=tuple(warnings(failed)),
        tables={"points": points, "failed": failed, "designs": designs(sweep)},
        assumptions=assumed(sweep),
        reproduction=Reproduction(dump(sweep), digest(sweep), versions(), getattr(sweep.swept, "seed", 0), command),
    )


def headline(points: pd.DataFrame, done: pd.DataFrame) -> dict[str, Figure]:
    """How many points there are, and the ends of the first figures."""
    found = {
        "points": Figure(len(points), "points", "Points of the sweep."),
        "points_done": Figure(len(done), "points", "Points that have figures; the others say why they have none."),
    }
    units = {"_s": "s", "_hours": "GPU h", "_usd": "USD"}
    for name in (name for name in ENDS if name in done.columns and len(done)):
        unit = next((unit for end, unit in units.items() if name.endswith(end)), "bytes")
        for end, value in (("least", done[name].min()), ("most", done[name].max())):
            found[f"{name}_{end}"] = Figure(float(value), unit, f"The {end} {name} of all points that have figures.")
    return found


def answer(sweep: Sweep, done: pd.DataFrame) -> list[str]:
    """Which points are best in the first figures, and what wins where changes meet."""
    said = []
    for name, (text, told) in BEST.items():
        if name in done.columns and len(done):
            best = done.iloc[int(done[name].to_numpy().argmin())]
            said.append(f"{text}: {told(float(best[name]))}, point {best['number']} ({best['label']}).")
    said = said or [f"{len(done):,} of {sweep.size:,} points have figures."]
    return [*said, PRECEDENCE] if sweep.overrides else said


def warnings(failed: pd.DataFrame) -> list[str]:
    """How many points have no figures, and of which kind."""
    counted = Counter(failed["status"])
    said = [
        f"{times:,} points have no figures: {status}." for status, times in sorted(counted.items()) if status != BUG
    ]
    if counted[BUG]:
        said.append(f"{counted[BUG]:,} points met a bug in clustercast; please report it (table `failed` says which).")
    return said


def designs(sweep: Sweep) -> pd.DataFrame:
    """[path] what is varied, over what, and by which kind of design."""
    rows = [(OVERLAY, "; ".join(" + ".join(names) or "as it is" for names in sweep.scenarios), "overrides")]
    rows = rows if sweep.overrides else []
    if sweep.design is not None:
        rows += [(path, values, sweep.design.kind) for path, values in sweep.design.described()]
    return pd.DataFrame(rows, columns=["path", "values", "kind"])


def assumed(sweep: Sweep) -> tuple[Assumption, ...]:
    """What the scenario stands on as it is."""
    return assumptions(sweep.swept) if isinstance(sweep.swept, Scenario) else ()
