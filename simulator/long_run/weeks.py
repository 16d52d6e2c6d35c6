"""A run week by week: tokens, failures, restarts of one life."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.failures.lives import EVENTS, timeline
from simulator.long_run.interruptions import Interrupted
from simulator.long_run.phases import PhaseTime
from topologies.units import parse

WEEK_S = parse("7 days", "s")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """One phase of a life.

    time_s    [event]  wall time since the run's first step, ascending
    tokens    [event]  seen and kept until then, of the whole run
    failures_s, restarts_s   [failure], [restart]  when
    """

    name: str
    time_s: Floats
    tokens: Floats
    failures_s: Floats
    restarts_s: Floats


def progress(times: Sequence[PhaseTime], found: Interrupted | None, seed: int) -> tuple[Progress, ...]:
    """The life nearest to the median, or the run without failures, phase by phase."""
    done: list[Progress] = []
    for phase in times:
        at_s, tokens = (float(done[-1].time_s[-1]), float(done[-1].tokens[-1])) if done else (0.0, 0.0)
        parts = _lived(phase, found, seed) if found is not None else _undisturbed(phase)
        done.append(_after(phase.name, list(parts) or [_quiet(phase)], at_s, tokens))
    return tuple(done)


def _after(name: str, parts: Sequence[Progress], at_s: float, tokens: float) -> Progress:
    """Stretches put one behind the other, after what was before them."""
    moved = []
    for part in parts:
        moved.append((part.time_s + at_s, part.tokens + tokens, part.failures_s + at_s, part.restarts_s + at_s))
        at_s, tokens = float(moved[-1][0][-1]), float(moved[-1][1][-1])
    return Progress(name, *(np.concatenate([one[column] for one in moved]) for column in range(4)))


def _quiet(phase: PhaseTime) -> Progress:
    """A phase of which nothing is known but its time."""
    return _straight(phase.name, phase.work_s, 0.0)


def _straight(name: str, work_s: float, tokens: float) -> Progress:
    """Nothing but steps."""
    return Progress(name, np.array([0.0, work_s]), np.array([0.0, tokens]), np.zeros(0), np.zeros(0))


def _undisturbed(phase: PhaseTime) -> Iterator[Progress]:
    """Stretches in which nothing fails; within a ramp its batches."""
    for stretch in phase.stretches:
        if phase.rises and stretch is phase.stretches[0]:
            yield from (_straight(phase.name, one.steps * one.step_s, one.tokens) for one in phase.rises)
        else:
            yield _straight(phase.name, stretch.work_s, stretch.tokens)


def _lived(phase: PhaseTime, found: Interrupted, seed: int) -> Iterator[Progress]:
    """Stretches as the usual life went; a ramp at its mean rate."""
    for stretch in phase.stretches:
        name = phase.name if len(phase.stretches) == 1 else f"{phase.name}, {stretch.name}"
        place = found.names.index(name)
        run, end_s = found.runs[place], float(found.outcomes[place].wall_s[found.usual])
        told = timeline(run, found.usual, (seed, place))
        events = np.asarray(EVENTS, dtype=object)[told.event]
        yield Progress(
            phase.name,
            np.append(told.time_s, max(end_s, float(told.time_s[-1]))),
            np.append(told.step, run.steps) * stretch.tokens / run.steps,
            told.time_s[events == "failure"],
            told.time_s[events == "restart"],
        )


def table(done: Sequence[Progress]) -> pd.DataFrame:
    """One row a week: week, phases, tokens (kept), tokens_so_far, failures, restarts, share of the week's time used."""
    time_s = np.concatenate([one.time_s for one in done])
    tokens = np.concatenate([one.tokens for one in done])
    end_s = float(time_s[-1])
    edges_s = np.append(np.arange(0.0, end_s, WEEK_S), end_s)
    so_far = np.interp(edges_s, time_s, tokens)
    failed, restarted = (
        np.histogram(np.concatenate([getattr(one, name) for one in done]), edges_s)[0]
        for name in ("failures_s", "restarts_s")
    )
    rows = [
        (
            week + 1,
            ", ".join(one.name for one in done if one.time_s[0] < late_s and one.time_s[-1] > early_s),
            so_far[week + 1] - so_far[week],
            so_far[week + 1],
            int(failed[week]),
            int(restarted[week]),
        )
        for week, (early_s, late_s) in enumerate(pairwise(edges_s.tolist()))
    ]
    return pd.DataFrame(rows, columns=["week", "phases", "tokens", "tokens_so_far", "failures", "restarts"])
