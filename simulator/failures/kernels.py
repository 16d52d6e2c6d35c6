"""One run from its first step to its last, event by event, compiled.

What happens next is the earliest of: the end of the present phase, a failure, a checkpoint safely written, a network
part mended, a straggler found, a silent corruption found. Work is counted in steps, so that checkpoints and pauses fall
on whole numbers, time in seconds. Repairs take equally long each, so that they end in the order in which they began.
All of this is one file because numba does not notice when a compiled function of another file has changed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WORK, SAVE, PAUSE, DRAIN, PLANNED, DETECT, WAIT, RESTART, DONE = range(9)
"""Phases. DRAIN writes a checkpoint before an orderly stop and at the end, until it is safe; DONE has no time."""
SLOWED = DONE
"""Place among the seconds by phase of what slow steps took longer."""
PHASES = 9
FAILED, SAFE, MENDED, FOUND_SLOW, FOUND_WRONG, TIME_UP = range(PHASES, PHASES + 6)
"""Events beside the beginnings of phases, as noted in a run's log."""
STOP_NODE, STOP, SLOW_NETWORK, SILENT, STRAGGLE = range(5)
"""What a cause does: stop the job and take a node, stop it, slow it until mended, corrupt, slow it until found."""
WALL, STEP, SAVED, CLEAN, TAINTED, FOUND_AT, FAIL_IN, LEFT, SAFE_AT, SNAPSHOT, SLOW_TO, DRAIN_AT, LOST = range(13)
"""Numbers of a run. In steps: STEP done, SAVED safely, CLEAN the last checkpoint known to be right, TAINTED first wrong
step, LEFT in phase WORK, SNAPSHOT being written, DRAIN_AT next orderly stop, LOST in all; the others in seconds."""
PHASE, PAUSES_DONE, BROKEN, NEEDED, FREE, SLOW, NOTED, TAINTS = range(8)
"""Counts of a run: its phase, pauses done at this step, nodes broken but not yet in repair, nodes that the job lacks,
spare nodes, whether a node is slow, rows of the log, silent corruptions never found."""
ROUNDING_S = 1e-6
"""Instants that close are one."""


class Job(NamedTuple):
    """All that one run needs to know; see simulator/failures/job.py for where it comes from.

    pause_steps, pause_s   [pause]  steps between two, seconds of each
    causes_to              [cause]  cumulated share of a failure being of this cause
    effects                [cause]  what it does
    """

    steps: float
    step_s: float
    save_steps: float
    block_s: float
    write_s: float
    pause_steps: Floats
    pause_s: Floats
    planned_steps: float
    planned_s: float
    detection_s: float
    restart_s: float
    repair_s: float
    spare_nodes: int
    while_down: bool
    slow_ratio: float
    slow_found_s: float
    network_ratio: float
    network_repair_s: float
    silent_found_s: float
    failures_per_s: float
    causes_to: Floats
    effects: Ints
    until_s: float


@njit(cache=True)
def _note(log: Floats, now: Floats, flags: Ints, what: int, cause: int) -> None:
    """Put an event into the log as far as there is room; count it in any case."""
    if flags[NOTED] < len(log):
        row = log[flags[NOTED]]
        row[0], row[1], row[2], row[3] = now[WALL], now[STEP], what, cause
    flags[NOTED] += 1


@njit(cache=True)
def _enter(now: Floats, flags: Ints, log: Floats, phase: int, left: float) -> None:
    """Begin a phase."""
    flags[PHASE], now[LEFT] = phase, left
    _note(log, now, flags, phase, -1)


@njit(cache=True)
def _due(job: Job, step: float) -> float:
    """Next step after this one at which something besides work happens, orderly stops for stragglers left out."""
    due: float = min(job.steps, (np.floor(step / job.save_steps) + 1) * job.save_steps)
    if job.planned_steps > 0:
        due = min(due, (np.floor(step / job.planned_steps) + 1) * job.planned_steps)
    for every in job.pause_steps:
        due = min(due, (np.floor(step / every) + 1) * every)
    return due


@njit(cache=True)
def _work(job: Job, now: Floats, flags: Ints, log: Floats) -> None:
    """Go on with steps until something is due."""
    flags[PAUSES_DONE] = 0
    _enter(now, flags, log, WORK, min(_due(job, now[STEP]), now[DRAIN_AT]) - now[STEP])


@njit(cache=True)
def _arrive(job: Job, now: Floats, flags: Ints, log: Floats) -> None:
    """At a step where something is due: the pauses, then an orderly stop or a checkpoint."""
    step, free_s = now[STEP], max(now[SAFE_AT] - now[WALL], 0.0) if now[SAFE_AT] < np.inf else 0.0
    while flags[PAUSES_DONE] < len(job.pause_steps):
        pause = flags[PAUSES_DONE]
        flags[PAUSES_DONE] += 1
        if step % job.pause_steps[pause] == 0:
            _enter(now, flags, log, PAUSE, job.pause_s[pause])
            return
    planned = job.planned_steps > 0 and step % job.planned_steps == 0
    if step == job.steps or planned or step == now[DRAIN_AT]:
        _enter(now, flags, log, DRAIN, free_s + job.block_s + job.write_s)
    elif step % job.save_steps == 0:
        _enter(now, flags, log, SAVE, free_s + job.block_s)
    else:
        _work(job, now, flags, log)


@njit(cache=True)
def _safe(now: Floats, flags: Ints, log: Floats, step: float) -> None:
    """A checkpoint of this step is safely written."""
    now[SAVED], now[SAFE_AT] = step, np.inf
    if step <= now[TAINTED]:
        now[CLEAN] = step
    _note(log, now, flags, SAFE, -1)


@njit(cache=True)
def _nodes(job: Job, now: Floats, flags: Ints, repairs: list[float], log: Floats) -> None:
    """Send broken nodes to repair, take spares for them; restart, or wait for the next node to come back."""
    for _ in range(flags[BROKEN]):
        repairs.append(now[WALL] + job.repair_s)
    flags[NEEDED] += flags[BROKEN]
    flags[BROKEN] = 0
    while len(repairs) > 0 and repairs[0] <= now[WALL] + ROUNDING_S:
        repairs.pop(0)
        flags[FREE] += 1
    taken = min(flags[FREE], flags[NEEDED])
    flags[FREE] -= taken
    flags[NEEDED] -= taken
    if flags[NEEDED] > 0:
        _enter(now, flags, log, WAIT, repairs[0] - now[WALL])
    else:
        _enter(now, flags, log, RESTART, job.restart_s)


@njit(cache=True)
def _swap_slow(now: Floats, flags: Ints) -> None:
    """A node known to be slow leaves at this stop."""
    if now[DRAIN_AT] < np.inf:
        flags[BROKEN] += 1
        flags[SLOW], now[DRAIN_AT] = 0, np.inf


@njit(cache=True)
def _roll_back(now: Floats, step: float) -> None:
    """Lose what was done after a checkpoint, and with it any wrong numbers that are younger."""
    now[LOST] += now[STEP] - step
    now[STEP], now[SAVED], now[SAFE_AT] = step, step, np.inf
    if step <= now[TAINTED]:
        now[TAINTED], now[FOUND_AT] = np.inf, np.inf


@njit(cache=True)
def _stop(job: Job, now: Floats, flags: Ints, repairs: list[float], log: Floats) -> None:
    """A failure that stops the job, or hits it while it is down."""
    if flags[PHASE] in (DETECT, PLANNED):
        return
    if flags[PHASE] == WAIT:
        _nodes(job, now, flags, repairs, log)
        return
    _swap_slow(now, flags)
    _roll_back(now, now[SAVED])
    _enter(now, flags, log, DETECT, job.detection_s)


@njit(cache=True)
def _fail(job: Job, now: Floats, flags: Ints, counts: Ints, draw: Generator) -> int:
    """Draw which cause it is and when the next failure comes; returns what the cause does."""
    where, cause = draw.random(), 0
    while cause < len(job.effects) - 1 and job.causes_to[cause] <= where:
        cause += 1
    counts[cause] += 1
    now[FAIL_IN] = draw.standard_exponential() / job.failures_per_s
    effect = job.effects[cause]
    running = flags[PHASE] <= DRAIN
    if effect == STOP_NODE:
        flags[BROKEN] += 1
    elif effect == SILENT and running and now[TAINTED] == np.inf:
        now[TAINTED], now[FOUND_AT] = now[STEP], now[WALL] + job.silent_found_s
    elif effect == STRAGGLE and flags[SLOW] == 0:
        flags[SLOW], now[SLOW_TO] = 1, now[WALL] + job.slow_found_s
    return cause


@njit(cache=True)
def _found_slow(job: Job, now: Floats, flags: Ints, repairs: list[float], log: Floats) -> None:
    """A straggler is known: stop in good order after this step, or leave it out of the restart that is under way.

    While all spares are in repair the job goes on slowly rather than wait for one.
    """
    if flags[FREE] == 0 and len(repairs) > 0 and repairs[0] > now[WALL] + ROUNDING_S:
        now[SLOW_TO] = repairs[0]
        return
    now[SLOW_TO] = np.inf
    if flags[PHASE] <= DRAIN:
        if now[STEP] < job.steps:
            now[DRAIN_AT] = np.floor(now[STEP]) + 1
        if flags[PHASE] == WORK:
            now[LEFT] = min(now[LEFT], now[DRAIN_AT] - now[STEP])
        return
    flags[BROKEN] += 1
    flags[SLOW] = 0
    if flags[PHASE] in (WAIT, RESTART):
        _nodes(job, now, flags, repairs, log)


@njit(cache=True)
def _found_wrong(job: Job, now: Floats, flags: Ints, repairs: list[float], log: Floats) -> None:
    """A corruption is known: back to the last checkpoint before it, without the node that made it."""
    _roll_back(now, now[CLEAN])
    flags[BROKEN] += 1
    _swap_slow(now, flags)
    if flags[PHASE] not in (DETECT, PLANNED):
        _nodes(job, now, flags, repairs, log)


@njit(cache=True)
def _phase_ends(  # noqa: C901
    job: Job, now: Floats, flags: Ints, repairs: list[float], log: Floats
) -> None:
    """What comes after a phase."""
    phase, step = flags[PHASE], now[STEP]
    if phase in (WORK, PAUSE):
        _arrive(job, now, flags, log)
    elif phase == SAVE:
        if now[SAFE_AT] < np.inf:
            _safe(now, flags, log, now[SNAPSHOT])
        now[SNAPSHOT], now[SAFE_AT] = step, now[WALL] + job.write_s
        if job.write_s == 0:
            _safe(now, flags, log, step)
        _work(job, now, flags, log)
    elif phase == DRAIN:
        _safe(now, flags, log, step)
        if step == job.steps:
            flags[TAINTS] += now[TAINTED] < np.inf
            _enter(now, flags, log, DONE, 0.0)
            return
        _swap_slow(now, flags)
        if job.planned_steps > 0 and step % job.planned_steps == 0:
            _enter(now, flags, log, PLANNED, job.planned_s)
        else:
            _nodes(job, now, flags, repairs, log)
    elif phase == RESTART:
        _work(job, now, flags, log)
    else:
        _nodes(job, now, flags, repairs, log)


@njit(cache=True)
def _pass(job: Job, now: Floats, flags: Ints, spent: Floats, span: float, slow: float) -> None:
    """Let seconds pass in the present phase."""
    phase = flags[PHASE]
    now[WALL] += span
    if job.while_down or phase <= DRAIN:
        now[FAIL_IN] -= span
    if phase == WORK:
        steps = span / (job.step_s * slow)
        now[STEP] += steps
        now[LEFT] -= steps
        spent[WORK] += span / slow
        spent[SLOWED] += span - span / slow
    else:
        now[LEFT] -= span
        spent[phase] += span


@njit(cache=True)
def live(job: Job, draw: Generator, log: Floats) -> tuple[Floats, Floats, Ints, Ints]:  # noqa: C901
    """Play one run.

    log       [row, time | step | event | cause]  filled as far as it goes
    returns   [phase] seconds spent; numbers, see WALL; counts, see PHASE; [cause] failures
    """
    now, flags = np.zeros(13), np.zeros(8, np.int64)
    spent, counts = np.zeros(PHASES), np.zeros(len(job.effects), np.int64)
    for never in (TAINTED, FOUND_AT, FAIL_IN, SAFE_AT, SLOW_TO, DRAIN_AT):
        now[never] = np.inf
    flags[FREE] = job.spare_nodes
    if job.failures_per_s > 0:
        now[FAIL_IN] = draw.standard_exponential() / job.failures_per_s
    repairs, mending = [0.0], [0.0]
    repairs.pop()
    mending.pop()
    _work(job, now, flags, log)
    while flags[PHASE] != DONE:
        slow = (job.slow_ratio if flags[SLOW] else 1.0) * (1 + len(mending) * (job.network_ratio - 1))
        end_s = now[LEFT] * job.step_s * slow if flags[PHASE] == WORK else now[LEFT]
        target = np.rint(now[STEP] + now[LEFT])
        fail_s = now[FAIL_IN] if job.while_down or flags[PHASE] <= DRAIN else np.inf
        mend_s = mending[0] - now[WALL] if len(mending) > 0 else np.inf
        others_s = min(now[SAFE_AT], now[SLOW_TO], now[FOUND_AT]) - now[WALL]
        span = min(end_s, fail_s, mend_s, others_s)
        if now[WALL] + span > job.until_s:
            _pass(job, now, flags, spent, job.until_s - now[WALL], slow)
            _note(log, now, flags, TIME_UP, -1)
            break
        _pass(job, now, flags, spent, max(span, 0.0), slow)
        if span == end_s:
            if flags[PHASE] == WORK:
                now[STEP] = target
            _phase_ends(job, now, flags, repairs, log)
        elif span == fail_s:
            cause = _fail(job, now, flags, counts, draw)
            _note(log, now, flags, FAILED, cause)
            if job.effects[cause] in (STOP_NODE, STOP):
                _stop(job, now, flags, repairs, log)
            elif job.effects[cause] == SLOW_NETWORK:
                mending.append(now[WALL] + job.network_repair_s)
        else:
            _other(job, now, flags, repairs, mending, log)
    return spent, now, flags, counts


@njit(cache=True)
def _other(job: Job, now: Floats, flags: Ints, repairs: list[float], mending: list[float], log: Floats) -> None:
    """The earliest of what ends by itself: a write, a repair of the network, a search."""
    first = min(now[SAFE_AT], now[SLOW_TO], now[FOUND_AT])
    if len(mending) > 0 and mending[0] <= first:
        mending.pop(0)
        _note(log, now, flags, MENDED, -1)
    elif first == now[SAFE_AT]:
        _safe(now, flags, log, now[SNAPSHOT])
    elif first == now[SLOW_TO]:
        _note(log, now, flags, FOUND_SLOW, -1)
        _found_slow(job, now, flags, repairs, log)
    else:
        _note(log, now, flags, FOUND_WRONG, -1)
        now[FOUND_AT] = np.inf
        _found_wrong(job, now, flags, repairs, log)
