"""How sure a choice is: which inputs would change it, and how often it wins with all inputs drawn together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.uncertainty.fast_step import FastStep, fast_step
from simulator.uncertainty.inputs import Input, factors
from simulator.uncertainty.intervals import drawn_and_whole, untold
from simulator.uncertainty.propagation import Band
from simulator.uncertainty.sampling import points
from workloads.scenario import Scenario

Floats = NDArray[np.float64]
Tell = Callable[[str, int, int], None]
Who: TypeAlias = tuple[str, str, float, str, float]
METRIC = {"time": "step_s", "gpu-time": "step_s", "cost": "cost_usd", "energy": "step_s"}
"""Figure of a step that follows an objective's inputs; energy by the time that it is drawn for."""
WEIGHED = 10
"""Inputs of greatest weight that are turned for all candidates."""
SAMPLES = 128
PRICE = "price."
"""Begins the paths of what is paid: each kind of GPU has its own, whoever names it."""
DOING = "Turning inputs to see whether the choice changes"
COLUMNS = (
    "input", "low", "high", "figure_low", "figure_high", "choice_low", "choice_high", "changes_choice",
)  # fmt: skip


class Sure(NamedTuple):
    """How sure the choice is.

    table       [input]  what it would change;  wins_share   of common draws in which the chosen is better than the next
    band        90 % interval of the step with the simulator's own error, around nominal_s, the fast estimate
    """

    table: pd.DataFrame
    wins_share: float
    band: Band
    nominal_s: float


class Held(NamedTuple):
    """A candidate that is held against others: its name, what is varied of its cluster, its scenario, its value."""

    label: str
    varied: str
    scenario: Scenario
    value: float


class _Fast:
    """Values of one candidate's objective as a function of factors on named inputs."""

    def __init__(self, of: Held, objective: str) -> None:
        self.varied = of.varied
        self.step: FastStep = fast_step(of.scenario)
        self.metric = METRIC[objective]
        self.place = self.step.metrics.index(self.metric)
        self.inputs = {_who(one): one for one in self.step.inputs.inputs}
        nominal = float(self.step(np.ones((1, len(self.inputs))))[0, self.place])
        self.scale = of.value / nominal

    def at(self, turned: dict[Who, float]) -> float:
        """The value with some inputs at a factor."""
        row = np.array([[turned.get(who, 1.0) for who in self.inputs]])
        return float(self.step(row)[0, self.place]) * self.scale

    def drawn(self, columns: dict[Who, Floats]) -> Floats:
        """Values of all draws; columns   [sample] of each input."""
        rows = np.stack([columns[who] for who in self.inputs], axis=1)
        return np.asarray(self.step(rows)[:, self.place] * self.scale)


def sure(held: Sequence[Held], objective: str, tell: Tell) -> Sure:
    """Turn inputs of all and draw them. held   the chosen one first. Raises Refused as `fast_step` does."""
    fast = [_Fast(one, objective) for one in held]
    weighed = _weighed(fast, tell)
    rows = []
    for done, (who, one) in enumerate(weighed):
        tell(DOING, done, len(weighed))
        ends = [_at_end(fast, who, end) for end in (one.low / one.nominal, one.high / one.nominal)]
        chosen = [int(np.argmin(values)) for values in ends]
        told = [held[place].label for place in chosen]
        figures = [values[0] for values in ends]
        rows.append((_named(who, fast), one.low, one.high, *figures, *told, any(chosen)))
    _, whole = drawn_and_whole(fast[0].step, SAMPLES, untold)
    nominal_s = float(whole.nominal[whole.metrics.index("step_s")])
    return Sure(pd.DataFrame(rows, columns=list(COLUMNS)), _wins_share(fast), whole.bands()["step_s"], nominal_s)


def _at_end(fast: Sequence[_Fast], who: Who, factor: float) -> list[float]:
    """Every candidate with one input at an end; those that do not have it as they are."""
    return [one.at({who: factor} if who in one.inputs else {}) for one in fast]


def _weighed(fast: Sequence[_Fast], tell: Tell) -> list[tuple[Who, Input]]:
    """Inputs of greatest weight on the first candidate that has them, widest first; every one's own price always."""
    vary: dict[Who, tuple[Input, _Fast]] = {}
    for of in fast:
        for who, one in of.inputs.items():
            if one.shape != "exact":
                vary.setdefault(who, (one, of))
    widths = []
    for done, (who, (one, of)) in enumerate(vary.items()):
        tell("Weighing inputs", done, len(vary))
        width = abs(of.at({who: one.high / one.nominal}) - of.at({who: one.low / one.nominal}))
        widths.append((-width, one.name, who))
    ordered = [who for width, _, who in sorted(widths)]
    own = {who for who in ordered if who[0].startswith(PRICE) and fast[0].metric == METRIC["cost"]}
    shown = {*ordered[:WEIGHED], *own}
    return [(who, vary[who][0]) for who in ordered if who in shown]


def _named(who: Who, fast: Sequence[_Fast]) -> str:
    """An input's path; where others have another one of that path, after whose it is."""
    having = [of for of in fast if who in of.inputs]
    same = any(other != who and other[0] == who[0] for of in fast for other in of.inputs)
    alone = len(having) < len(fast)
    return f"{having[0].varied}: {who[0]}" if (same or alone) and having[0].varied else who[0]


def _wins_share(fast: Sequence[_Fast]) -> float:
    """Share of the draws, inputs that both have drawn once for both, in which the chosen one is no worse."""
    if len(fast) == 1:
        return 1.0
    every = {**fast[1].inputs, **fast[0].inputs}
    drawn = factors(list(every.values()), points(SAMPLES, len(every), 0))
    columns = {who: drawn[:, at] for at, who in enumerate(every)}
    first, second = (one.drawn(columns) for one in fast[:2])
    return float((first <= second).mean())


def _who(one: Input) -> Who:
    """What an input is known by, in whichever scenario; prices of different amounts are not the same input."""
    return (one.name, one.source, one.spread, one.shape, one.nominal if one.name.startswith(PRICE) else 0.0)
