"""Figures of scenarios beside those of the base: difference, share, and whether it is material."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from simulator.budget import PARTS
from simulator.comparing.comparison import IMMATERIAL_SHARE, Compared
from simulator.result import Figure

NO_CHANGE, MORE, LESS = "no material change", "more", "less"
RANKED = ("step_s", "gpu_hours", "cost_usd", "step_bubble_s", "mfu_ratio_causal", "memory_bytes_per_gpu_max")
"""Figures of the ranking."""
PART_FIGURES = frozenset(f"step_{part}_s" for part in PARTS)


Interval = tuple[float, float]


def verdict(base: Figure, value: float, scale: float, sure: Interval | None = None) -> str:
    """Whether a figure is more, less, or not materially different.

    Not material: within IMMATERIAL_SHARE of `scale`, or not sure to be a difference at all.

    sure   90 % interval of the difference, where it was drawn
    """
    unsure = sure is not None and sure[0] <= 0 <= sure[1]
    if unsure or abs(value - base.value) <= IMMATERIAL_SHARE * abs(scale):
        return NO_CHANGE
    return MORE if value > base.value else LESS


def figures(base: Compared, others: Sequence[Compared], sure: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every headline figure of every other scenario beside the base's.

    sure     [scenario x figure]  low_ratio, high_ratio of the difference, see `paired`
    returns  [scenario x figure]  scenario, figure, unit, base, value, difference, difference_ratio, verdict, and where
             intervals were drawn low_ratio, high_ratio
    """
    step_s = base.result.headline["step_s"].value
    known = {} if sure is None else {(one, name): (low, high) for one, name, low, high in sure.itertuples(index=False)}
    rows = []
    for other in others:
        for name, figure in base.result.headline.items():
            value = other.result.headline[name].value
            difference = value - figure.value
            ratio = difference / figure.value if figure.value else float("nan")
            scale = step_s if name in PART_FIGURES else figure.value
            said = verdict(figure, value, scale, known.get((other.label, name)))
            rows.append((other.label, name, figure.unit, figure.value, value, difference, ratio, said))
    columns = ["scenario", "figure", "unit", "base", "value", "difference", "difference_ratio", "verdict"]
    table = pd.DataFrame(rows, columns=columns)
    return table if sure is None else table.merge(sure, on=["scenario", "figure"], how="left")


def ranking(compared: Sequence[Compared]) -> pd.DataFrame:
    """All scenarios, the cheapest run first, then the fastest step.

    returns  [scenario]  place, scenario, the figures of RANKED, network_usd, what step and cost are to the base's, and
             days that the whole run takes at this step's rate
    """
    base = compared[0].result.headline
    rows = []
    for one in compared:
        values = {name: one.result.headline[name].value for name in RANKED}
        changes = [values[name] / base[name].value - 1 for name in ("step_s", "cost_usd")]
        days = one.scenario.job.tokens / one.result.headline["tokens_per_day"].value
        rows.append((one.label, *values.values(), one.network.total_usd, *changes, days))
    columns = ["scenario", *RANKED, "network_usd", "step_change_ratio", "cost_change_ratio", "days"]
    table = pd.DataFrame(rows, columns=columns).sort_values(["cost_usd", "step_s"], kind="stable")
    table.insert(0, "place", range(1, len(table) + 1))
    return table.reset_index(drop=True)


def parts(base: Compared, others: Sequence[Compared]) -> pd.DataFrame:
    """The step's parts, mean over ranks; those of a scenario add up to its step, the differences to the step's.

    returns  [scenario x part]  scenario, part, seconds, difference_s
    """
    rows = []
    for one in (base, *others):
        for part in PARTS:
            seconds, before_s = (of.result.headline[f"step_{part}_s"].value for of in (one, base))
            rows.append((one.label, part, seconds, seconds - before_s))
    return pd.DataFrame(rows, columns=["scenario", "part", "seconds", "difference_s"])
