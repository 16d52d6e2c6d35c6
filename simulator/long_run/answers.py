"""What a run's figures mean, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simulator.headline import DAY_S, HOUR_S
from simulator.long_run.bill import Line
from simulator.long_run.interruptions import Interrupted
from simulator.long_run.phases import PhaseTime
from simulator.result import Figure
from topologies.units import parse, pretty
from workloads.long_run import Run

THOUSAND = parse("1 k tokens", "tokens")


def answer(
    figures: Mapping[str, Figure], lines: Sequence[Line], times: Sequence[PhaseTime], found: Interrupted | None
) -> tuple[str, ...]:
    """Whole run first, then how its phases run, failures, money."""
    return (
        _whole(figures, lines),
        *(sentence for phase in times if (sentence := _layout(phase))),
        *_ramps(times, figures),
        *(_failures(figures, found) if found is not None else ()),
        *_owning(figures),
    )


def _thousands(gpu_hours: float) -> str:
    """GPU-hours as people quote them."""
    return f"{gpu_hours / THOUSAND:,.1f} thousand GPU-hours"


def _whole(figures: Mapping[str, Figure], lines: Sequence[Line]) -> str:
    """Hours, dollars, days, and the largest line."""
    most = max(lines, key=lambda line: line.gpu_hours)
    share = most.gpu_hours / figures["gpu_hours"].value
    cost, days = pretty(figures["cost_usd"].value, "USD"), figures["days"].value
    return (
        f"The whole run takes {_thousands(figures['gpu_hours'].value)}, {cost} and {days:.1f} days; "
        f"{most.what} is {share:.0%} of it."
    )


def _layout(phase: PhaseTime) -> str:
    """How a phase of a shape of its own runs, and how far the choice of its layout matters."""
    if phase.chosen is None:
        return ""
    scenario = phase.chosen.scenario
    told = (
        f"{phase.name} runs with cp {scenario.layout.cp} and dp {scenario.layout.dp} under "
        f"{scenario.layout.schedule.kind}, {phase.chosen.micro_batches} micro-batches a pipeline"
    )
    if phase.before_s:
        told += f", after {phase.before_s / phase.stretches[0].step_s:.0%} of each step for generating"
    if phase.range_s is None:
        return f"{told}."
    low, high = (_thousands(one * scenario.cluster.gpus / HOUR_S) for one in phase.range_s)
    return f"{told}: the fastest layout that fits, {low}; the slowest takes {high}."


def _ramps(times: Sequence[PhaseTime], figures: Mapping[str, Figure]) -> Iterator[str]:
    """What growing the batch costs, and under which schedule batches run that are too small for the layout's."""
    for phase in times:
        if not phase.rises or phase.plan is None:
            continue
        own = phase.plan.scenario.layout.schedule.kind
        other = [rise for rise in phase.rises if rise.schedule != own]
        extra = _thousands(figures["ramp_gpu_hours"].value)
        said = f"Growing the batch of {phase.name} adds {extra} to steady steps"
        if other:
            kinds = ", ".join(dict.fromkeys(rise.schedule for rise in other))
            said += (
                f"; batches of {other[0].sequences:,} to {other[-1].sequences:,} sequences are too few micro-batches "
                f"for {own} and run under {kinds}"
            )
        yield f"{said}."


def _failures(figures: Mapping[str, Figure], found: Interrupted) -> Iterator[str]:
    """Goodput and its largest loss, the best checkpoint interval, spares."""
    goodput, number = figures["goodput_ratio"].value, figures["interruptions"].value
    between = f", one every {pretty(found.mtbf_s, 's', 3)}" if "mtbf_s" in figures else ""
    yield f"Failures stop the job {number:.0f} times in the mean{between}; goodput is {goodput:.1%}."
    if found.intervals is not None:
        low_s, high_s = found.intervals.as_good_s
        yield (
            f"Checkpoints every {pretty(found.intervals.best_s, 's', 3)} of work lose least "
            f"({pretty(low_s, 's', 3)} to {pretty(high_s, 's', 3)} are as good; Daly's formula gives "
            f"{pretty(found.intervals.daly_s, 's', 3)}, Young's {pretty(found.intervals.young_s, 's', 3)})."
        )
    if found.spares is not None:
        yield f"{found.spares.nodes} spare nodes keep the promised date."


def _owning(figures: Mapping[str, Figure]) -> Iterator[str]:
    """Owning against renting, energy."""
    if "own_usd" in figures:
        each, whole = figures["own_usd_per_gpu_hour"].value, pretty(figures["own_usd"].value, "USD")
        even = figures.get("break_even_ratio")
        pays = "renting is cheaper however much of it is used"
        if even is not None and even.value <= 1:
            pays = f"from {even.value:.0%} use on it is cheaper than renting"
        yield f"On a cluster of one's own a used GPU-hour costs {each:.2f} USD and the run {whole}; {pays}."
    if "energy_j" in figures:
        drawn, carbon = pretty(figures["energy_j"].value, "J"), pretty(figures["co2_kg"].value, "kg")
        yield f"It draws {drawn} at the meter: {carbon} of CO2."


def warnings(run: Run, found: Interrupted | None) -> tuple[str, ...]:
    """What a reader should know before using the numbers."""
    told = []
    gpu, priced = run.scenario.cluster.node.gpu.name, run.scenario.price.gpu
    if gpu != priced:
        told.append(f"The price {run.scenario.price.name} is for {priced}, but the cluster has {gpu}: only a stand-in.")
    if found is not None and (share := float(found.whole.corrupted.mean())) > 0:
        told.append(f"In {share:.1%} of lives wrong numbers are in the model at the end, not found.")
    if found is not None and run.promise is not None and found.spares is not None and run.reliability is not None:
        kept = run.reliability.recovery.spare_nodes
        if kept < found.spares.nodes:
            told.append(
                f"{kept} spare nodes do not keep the promise of {run.promise.by_s / DAY_S:g} days: "
                f"write reliability.recovery.spare_nodes: {found.spares.nodes}"
            )
    return tuple(told)
