"""The choice among compared scenarios: the first of the ranking, why not the second, and what could turn that round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from simulator.comparing.attribution import attribution
from simulator.comparing.comparison import Compared
from simulator.comparing.paired import Floats, Pair, pair
from simulator.refusal import Refused
from simulator.uncertainty.input_text import ends
from simulator.uncertainty.inputs import HIGH_SHARE, LOW_SHARE, Input
from simulator.uncertainty.weights import LARGEST, tornado
from workloads.schedule import ScheduleError

FIGURE = "cost_usd"
"""What the ranking is by."""
COLUMNS = ("chosen", "runner_up", "chosen_usd", "runner_up_usd", "difference_usd", "low_usd", "high_usd", "kept_share",
           "why_not_drawn")  # fmt: skip
SWINGS = ("input", "of", "low", "high", "difference_usd", "at_low_usd", "at_high_usd", "changes_choice", "basis",
          "source")  # fmt: skip


def choice(compared: Sequence[Compared], ranking: pd.DataFrame, draws: int = 0) -> dict[str, pd.DataFrame]:
    """Tables of the choice; ranking and Comparison say how they are shaped.

    draws  of the inputs of both together: in how many of them the choice stays the same; 0 for not known
    Differences are the runner-up's figure less that of the choice, so that below 0 the choice would be another.
    """
    by_label = {one.label: one for one in compared}
    first, second = (by_label[label] for label in ranking["scenario"].tolist()[:2])
    lines = attribution(first, second)
    rows = [(", ".join(line.things), line.adds.step_s, line.adds.cost_usd, line.note) for line in lines]
    tables = {"choice_why": pd.DataFrame(rows, columns=["thing", "step_s", "cost_usd", "note"])}
    try:
        both = pair(first, second)
    except (Refused, ScheduleError) as refusal:
        return {"choice": _choice(first, second, (float("nan"),) * 3, str(refusal)), **tables}
    drawn = _drawn(both, first, second, draws) if draws else (float("nan"),) * 3
    return {
        "choice": _choice(first, second, drawn, ""),
        **tables,
        "choice_sensitivity": _sensitivity(both, first, second),
    }


def _value(of: Compared) -> float:
    """The figure that the ranking is by."""
    return of.result.headline[FIGURE].value


def _choice(first: Compared, second: Compared, drawn: tuple[float, float, float], why: str) -> pd.DataFrame:
    """One row: both, by how much they differ, how sure that is."""
    values = (_value(first), _value(second))
    row = (first.label, second.label, *values, values[1] - values[0], *drawn, why)
    return pd.DataFrame([row], columns=list(COLUMNS))


def _differences(both: Pair, first: Compared, second: Compared, factors: Floats) -> Floats:
    """What the runner-up costs more, [sample]; either side's estimate in proportion to what was simulated."""
    at = both.first.metrics.index(FIGURE)
    nominal = both(np.ones((1, len(both.inputs))))
    found = both(factors)
    scales = [_value(one) / float(own[0, at]) for one, own in zip((first, second), nominal, strict=True)]
    differences: Floats = found[1][:, at] * scales[1] - found[0][:, at] * scales[0]
    return differences


def _drawn(both: Pair, first: Compared, second: Compared, draws: int) -> tuple[float, float, float]:
    """The 90 % interval of the difference, and in what share of draws the choice costs no more."""
    differences = _differences(both, first, second, both.draws(draws)[1:])
    low, high = np.quantile(differences, [LOW_SHARE, HIGH_SHARE])
    return float(low), float(high), float(np.mean(differences >= 0))


def _of(both: Pair, one: Input) -> str:
    """Whose input it is: of both, or of one of the two only."""
    first, second = (one in step.inputs.inputs for step in (both.first, both.second))
    return "both" if first and second else "the choice" if first else "the runner-up"


def _sensitivity(both: Pair, first: Compared, second: Compared) -> pd.DataFrame:
    """[input] the difference with one input at a time at the ends of its interval, the widest swing first."""
    found = tornado(
        lambda factors: _differences(both, first, second, factors)[:, None], both.inputs, (FIGURE,), FIGURE, LARGEST
    )
    rows = [
        (one.input.name, _of(both, one.input), *ends(one.input)[1:], found.nominal, one.at_low, one.at_high,
         min(one.at_low, one.at_high) < 0 <= found.nominal, one.input.basis, one.input.source)
        for one in found.swings
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(SWINGS))
