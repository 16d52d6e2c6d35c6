"""Headline figures of a plan, each with unit and definition, under names that stay."""

from __future__ import annotations

from simulator.planner.certainty import Sure
from simulator.planner.confirmed import Confirmed
from simulator.planner.decided import Searched
from simulator.planner.found import ESTIMATED, ESTIMATED_LATE
from simulator.result import Figure

WHOLE = "for all tokens of the job at the chosen step's rate, without failures, batch ramp or evaluation"


def headline(searched: Searched, chosen: Confirmed, found: Sure | None) -> dict[str, Figure]:
    """Figures of the choice, simulated, and of the search."""
    worth, step_s = chosen.cluster.worth, chosen.step_s
    figures = {
        "step_s": Figure(step_s, "s", "Wall time of one optimiser step of the chosen layout, simulated."),
        "time_s": Figure(chosen.value("time"), "s", f"Wall time {WHOLE}."),
        "gpu_s": Figure(chosen.value("gpu-time"), "s", f"GPUs times wall time {WHOLE}."),
    }
    if worth.usd_per_s is not None:
        figures["cost_usd"] = Figure(chosen.value("cost"), "USD", f"Rent of the GPUs {WHOLE}.")
    if found is not None:
        figures = {name: _with_band(one, found, step_s) for name, one in figures.items()}
        text = "Share of common draws of all inputs in which the choice is no worse than the next candidate."
        figures["choice_wins_share"] = Figure(found.wins_share, "ratio", text)
    if worth.draws is not None:
        figures["energy_j"] = Figure(chosen.value("energy"), "J", f"Energy at the meter {WHOLE}.")
    text = "Bytes in use on the fullest GPU at its fullest moment."
    figures["memory_bytes_per_gpu_max"] = Figure(chosen.memory_bytes, "bytes", text)
    figures["gpus"] = Figure(worth.gpus, "GPUs", "GPUs of the chosen cluster.")
    looked = searched.found.left_out[ESTIMATED] + searched.found.left_out[ESTIMATED_LATE]
    text = "Layouts that model, batch, cluster, schedule and simulator allow, on all clusters."
    figures["choices_valid"] = Figure(searched.found.valid, "layouts", text)
    figures["choices_estimated"] = Figure(looked, "layouts", "Of them those whose step was estimated in full.")
    return figures


def _with_band(figure: Figure, found: Sure, step_s: float) -> Figure:
    """The figure with the step's relative interval, which it is in proportion to."""
    low, mid, high = (end / found.nominal_s * figure.value for end in found.band)
    return Figure(figure.value, figure.unit, figure.definition, low, high, mid)
