"""From a run to its result: hours of the phases, what failures add, money, and the sentences that say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.economics.drawing import Energy
from simulator.headline import DAY_S, TRILLION
from simulator.long_run import bill as billing
from simulator.long_run import money, run_tables, weeks
from simulator.long_run.answers import answer, warnings
from simulator.long_run.bill import Line
from simulator.long_run.interruptions import Interrupted, interrupted
from simulator.long_run.money import Ownings
from simulator.long_run.phases import PhaseTime, Say, phase_times
from simulator.long_run.result import RunResult
from simulator.long_run.stands_on import assumptions
from simulator.result import Figure, Reproduction
from simulator.summary import versions
from topologies.spec import digest, dump
from workloads.long_run import Run

STEADY = ("phase", "input")
"""Kinds of lines that hold phases at their steady rates."""
LUCK = (5.0, 95.0)
"""Percentiles of lives between which 90 % of them lie."""


@dataclass(frozen=True, slots=True)
class Worked:
    """All that was worked out of a run."""

    run: Run
    times: tuple[PhaseTime, ...]
    found: Interrupted | None
    lines: tuple[Line, ...]
    own: Ownings | None
    energies: tuple[tuple[str, Energy], ...]

    @property
    def gpu_hours(self) -> float:
        """Of the whole run, mean of all lives."""
        return sum(line.gpu_hours for line in self.lines)


def whole_run(run: Run, command: str = "", say: Say = lambda _: None) -> RunResult:
    """Work out a run. command   how it was asked for

    Raises Refused or DoesNotFit where a phase cannot run, a promise cannot be kept or prices are of another GPU.
    """
    times = phase_times(run, say)
    say("Playing failures" if run.reliability is not None else "Adding up")
    found = interrupted(run, times, billing.stated_s(times))
    lines = billing.bill(run, times, found)
    own = money.ownings(run, times, sum(line.gpu_hours for line in lines))
    worked = Worked(run, times, found, lines, own, money.energies(run, times, found))
    figures = _figures(worked)
    return RunResult(
        name=run.name,
        title=", ".join([run.title or run.name, *run.changes]),
        headline=figures,
        answer=answer(figures, worked.lines, times, found),
        warnings=warnings(run, found),
        tables=_tables(worked),
        assumptions=assumptions(run),
        reproduction=Reproduction(dump(run), digest(run), versions(), run.scenario.seed, command),
    )


def _figures(worked: Worked) -> dict[str, Figure]:
    """The headline block."""
    run, lines = worked.run, worked.lines
    usd = sum(line.usd for line in lines)
    tokens = sum(phase.tokens for phase in worked.times)
    wall_s = billing.wall_s(worked.times, worked.found)
    luck = _luck(worked)
    whole = {
        "gpu_hours": Figure(
            worked.gpu_hours, "GPU h", "All GPUs that are paid, spare nodes among them, over the whole run.",
        ),
        "cost_usd": Figure(usd, "USD", "Those GPU-hours at the rental price."),
        "days": Figure(wall_s / DAY_S, "days", "From the first step to the last, phase after phase."),
        "days_per_trillion_tokens": Figure(
            _steady_s_per_token(worked.times) * TRILLION / DAY_S, "days",
            "Steady steps of the phase with the most tokens, for 10^12 of them.",
        ),
        "usd_per_trillion_tokens": Figure(
            usd / tokens * TRILLION, "USD", "The whole rent over all tokens trained on, for 10^12 of them."
        ),
        "tokens": Figure(tokens, "tokens", "Trained on in all phases."),
        "productive_gpu_hours": Figure(
            sum(line.gpu_hours for line in lines if line.kind in STEADY), "GPU h",
            "All phases at their steady rates: without growing the batch, and nothing failing.",
        ),
        "productive_usd": Figure(
            sum(line.usd for line in lines if line.kind in STEADY), "USD", "Those GPU-hours at the rental price."
        ),
    }  # fmt: skip
    whole |= {name: _with_luck(whole[name], luck) for name in ("gpu_hours", "cost_usd", "days")}
    return {**whole, **_by_phase(run, lines), **_of_failures(worked), **_of_money(worked)}


def _with_luck(figure: Figure, luck: tuple[float, float] | None) -> Figure:
    """The figure between its values in the luckiest and the unluckiest of 90 % of lives."""
    if luck is None:
        return figure
    low, high = (ratio * figure.value for ratio in luck)
    return replace(figure, low=low, mid=figure.value, high=high)


def _luck(worked: Worked) -> tuple[float, float] | None:
    """Wall time of the luckiest and the unluckiest of 90 % of lives over its mean; None without failures."""
    if worked.found is None:
        return None
    stated_s = billing.stated_s(worked.times)
    mean_s = float(worked.found.whole.wall_s.mean()) + stated_s
    low_s, high_s = np.percentile(worked.found.whole.wall_s, LUCK).tolist()
    return (low_s + stated_s) / mean_s, (high_s + stated_s) / mean_s


def _steady_s_per_token(times: Sequence[PhaseTime]) -> float:
    """Wall seconds of a token in the last stretch of the phase with the most tokens."""
    most = max(times, key=lambda phase: phase.tokens).stretches[-1]
    return most.work_s / most.tokens


def _by_phase(run: Run, lines: Sequence[Line]) -> dict[str, Figure]:
    """GPU-hours of each phase, and of growing the batch."""
    names = {phase.name for phase in run.phases}
    found = {
        f"gpu_hours.{line.what}": Figure(
            line.gpu_hours, "GPU h", "Put in, not predicted." if line.kind == "input" else
            "Of this phase at its steady rate, while nothing fails.",
        )
        for line in lines
        if line.what in names
    }  # fmt: skip
    ramp = sum(line.gpu_hours for line in lines if line.kind == "ramp")
    return {**found, "ramp_gpu_hours": Figure(ramp, "GPU h", "What growing the batch adds to steady steps.")}


def _of_failures(worked: Worked) -> dict[str, Figure]:
    """What failures do; nothing where there are none."""
    found = worked.found
    if found is None:
        return {}
    goodput = found.whole.goodput_ratio
    low, high = (float(one) for one in np.percentile(goodput, LUCK))
    figures = {
        "goodput_ratio": Figure(
            float(goodput.mean()), "ratio", "Productive over wall time of trained phases.", low=low, high=high
        ),
        "effective_ratio": Figure(
            float(found.whole.effective_ratio.mean()), "ratio",
            "Time of steps that count, as long as they took, over wall time.",
        ),
        "interruptions": Figure(float(found.whole.interruptions.mean()), "count", "Failures that stop the job."),
        "mtbf_s": Figure(found.mtbf_s, "s", "Mean time between failures that stop the job, from the rates."),
        "checkpoint_bytes": Figure(found.checkpoint.total_bytes, "bytes", "One checkpoint."),
    }  # fmt: skip
    if found.intervals is not None:
        text = "Work between two checkpoints with the least wall time of those tried"
        figures["best_interval_s"] = Figure(found.intervals.best_s, "s", f"{text}.")
        figures["young_interval_s"] = Figure(found.intervals.young_s, "s", "The same by Young's formula.")
        figures["daly_interval_s"] = Figure(found.intervals.daly_s, "s", "The same by Daly's formula.")
    if found.spares is not None:
        figures["spare_nodes"] = Figure(found.spares.nodes, "count", "Fewest spare nodes that keep the promised date.")
    return {name: figure for name, figure in figures.items() if np.isfinite(figure.value)}


def _of_money(worked: Worked) -> dict[str, Figure]:
    """Owning and energy; nothing where they are not asked for."""
    figures: dict[str, Figure] = {}
    if (own := worked.own) is not None:
        figures["own_usd"] = Figure(own.run_usd, "USD", "The same GPU-hours at what they cost the cluster's owner.")
        figures["own_usd_per_gpu_hour"] = Figure(own.even.own_usd, "USD", "One used GPU-hour of an owned cluster.")
        text = "Share of the time in use from which on owning is cheaper than renting, over the cluster's life."
        figures["break_even_ratio"] = Figure(own.even.utilisation_ratio, "ratio", text)
        text = "Months at the owner's utilisation until the purchase is paid off."
        figures["break_even_months"] = Figure(own.even.months, "months", text)
    if worked.energies:
        spent = [one for _, one in worked.energies]
        joules = sum(one.drawn.site_w * one.seconds for one in spent)
        figures["energy_j"] = Figure(joules, "J", "At the meter, cooling among it; spare nodes are switched off.")
        figures["co2_kg"] = Figure(sum(one.co2_kg for one in spent), "kg", "Of that energy, by the grid's mean.")
        electricity = sum(one.electricity_usd for one in spent)
        figures["electricity_usd"] = Figure(electricity, "USD", "Of that energy; part of what owning costs.")
    return {name: figure for name, figure in figures.items() if np.isfinite(figure.value)}


def _tables(worked: Worked) -> Mapping[str, pd.DataFrame]:
    """Every table that has rows."""
    run, times, found = worked.run, worked.times, worked.found
    gpus = run.scenario.cluster.gpus
    tables = {
        "bill": billing.table(worked.lines),
        "weeks": weeks.table(weeks.progress(times, found, run.scenario.seed)),
        "phases": run_tables.phases(times, gpus),
        "layouts": run_tables.layouts(times, gpus),
        "ramp": run_tables.ramps(times),
        "energy": money.table(worked.energies),
    }
    if worked.own is not None:
        tables["owning"] = worked.own.owned.table()
    if found is not None:
        tables |= {"parts": run_tables.parts(found), "failures": run_tables.failures(found)}
        if found.intervals is not None:
            tables["intervals"] = run_tables.intervals(found.intervals)
        if found.spares is not None:
            tables["spares"] = run_tables.spares(found.spares)
    return {name: table for name, table in tables.items() if len(table)}
