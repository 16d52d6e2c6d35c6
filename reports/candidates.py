"""A table of candidates, best first: which columns are variables and which figures, and how each is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from reports import words
from topologies.units import parse

NOT_SHOWN = frozenset(
    {"place", "number", "label", "pareto", "lost", "status", "why", "key", "detail", "version", "sweep"}
)
"""Columns that are neither variables nor figures."""
ALIKE_SHARE = 1e-3
"""Two figures whose ratio spreads less than this over all candidates say the same."""
DAY_S, HOUR_S = parse("1 day", "s"), parse("1 h", "s")


class Shown(NamedTuple):
    """How a figure is shown: its title, unit, what its values are divided by, and whether less of it is better."""

    title: str
    unit: str
    divisor: float = 1.0
    less: bool = True


SHOWN = {
    "step_s": Shown("Step", "s"),
    "time_s": Shown("Time of the run", "days", DAY_S),
    "gpu_s": Shown("GPU time", "GPU h", HOUR_S),
    "gpu_hours": Shown("GPU time of the run", "GPU h"),
    "gpu_hours_per_trillion_tokens": Shown("GPU time per trillion tokens", "GPU h"),
    "cost_usd": Shown("Cost", "USD"),
    "energy_j": Shown("Energy", "J"),
    "hour_usd": Shown("Rent of an hour", "USD"),
    "usd_per_million_output_tokens": Shown("A million output tokens", "USD"),
    "usd_per_million_input_tokens": Shown("A million prompt tokens", "USD"),
    "tpot_s": Shown("TPOT", "s"),
    "ttft_s": Shown("TTFT", "s"),
    "kept_share": Shown("Promises kept", "ratio", less=False),
    "memory_bytes": Shown("Memory a GPU", "bytes"),
    "memory_bytes_per_gpu_max": Shown("Memory a GPU", "bytes"),
    "days": Shown("Time of the run", "days"),
    "tokens_per_day": Shown("Tokens a day", "tokens/day", less=False),
    "mfu_ratio_causal": Shown("MFU, causal", "ratio", less=False),
    "mfu_ratio_full": Shown("MFU, full", "ratio", less=False),
}
"""Figures that are called or scaled otherwise than their name says."""
MORE = ("per_s", "per_s_per_gpu", "per_s_per_node", "per_s_per_user", "kept_share", "goodput_ratio", "per_day")
"""Ends of names of figures of which more is better."""


def shown(figure: str) -> Shown:
    """How a figure is shown; what a name says behind a comma stays."""
    if ", " in figure:
        name, _, rest = figure.partition(", ")
        of = shown(name)
        return of._replace(title=f"{of.title}, {rest}")
    if figure in SHOWN:
        return SHOWN[figure]
    more = any(figure.endswith(end) for end in MORE) or "_per_s_per_" in figure
    return Shown(words.title_of(figure), words.unit_of(figure), less=not more)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates in the order of their places.

    frame      one row a candidate, with place and label;  variables, figures   its columns
    objective  the figure that they are ranked by
    """

    frame: pd.DataFrame
    variables: tuple[str, ...]
    figures: tuple[str, ...]
    objective: str

    @property
    def varied(self) -> tuple[str, ...]:
        """Variables that have more than one value."""
        return tuple(name for name in self.variables if len(set(map(str, self.frame[name].tolist()))) > 1)

    @property
    def independent(self) -> tuple[str, ...]:
        """Of those, the ones whose value does not follow from one before and the other way round."""
        found: list[str] = []
        for name in self.varied:
            if not any(_together(self.frame[name], self.frame[other]) for other in found):
                found.append(name)
        return tuple(found)

    def values(self, figure: str, most: int | None = None) -> list[float]:
        """A figure of the first candidates as it is shown."""
        of = shown(figure)
        return [value / of.divisor for value in self.frame[figure].astype(float).tolist()[:most]]

    def told(self, figure: str, row: int) -> str:
        """A figure of one candidate with its unit."""
        return str(words.quantity(self.values(figure)[row], shown(figure).unit))

    def telling(self) -> tuple[str, ...]:
        """The objective, then figures that follow from none before; those of SHOWN, where there are any."""
        found: list[str] = []
        known = [name for name in SHOWN if name in self.figures]
        for figure in dict.fromkeys((*filter(None, [self.objective]), *(known or self.figures))):
            moves = self.frame[figure].nunique() > 1 or figure == self.objective
            if moves and not any(self._alike(figure, other) for other in found):
                found.append(figure)
        return tuple(found)

    def _alike(self, figure: str, other: str) -> bool:
        """Whether two figures are in proportion, or one to the other's reciprocal."""
        for found in (self.frame[figure] / self.frame[other], self.frame[figure] * self.frame[other]):
            ratio = found.astype(float).dropna()
            if len(ratio) and ratio.max() <= ratio.min() * (1 + ALIKE_SHARE):
                return True
        return False


def _together(one: pd.Series, other: pd.Series) -> bool:
    """Whether each value of the one goes with one of the other, and the other way round.

    Drawn numbers never recur, so that this says nothing of them: they go together if they rise or fall together.
    """
    told, of = one.map(str), other.map(str)
    pairs = len(set(zip(told.tolist(), of.tolist(), strict=True)))
    if not pairs == told.nunique() == of.nunique():
        return False
    numbers = pd.api.types.is_numeric_dtype(one) and pd.api.types.is_numeric_dtype(other)
    if pairs < len(one) or not numbers:
        return True
    places, others = one.rank().tolist(), other.rank().tolist()
    return places == others or places == [len(others) + 1 - place for place in others]


def candidates(frame: pd.DataFrame, objective: str = "") -> Candidates:
    """Tell variables from figures by the column `status` between them, where there is one.

    Else a figure is a number whose name carries a unit, and every number after the first of them.

    objective   the figure that the candidates are ranked by; the first that does not fall from place to place if empty
    """
    columns = [str(name) for name in frame.columns if name not in NOT_SHOWN]
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) and frame[name].dtype != bool for name in columns]
    united = [
        number and bool(words.unit_of(name) or name in SHOWN) for name, number in zip(columns, numeric, strict=True)
    ]
    first = united.index(True) if True in united else len(columns)
    if "status" in frame:
        before = list(frame.columns)[: list(frame.columns).index("status")]
        first = sum(name in before for name in columns)
    figures = [name for name, number in zip(columns[first:], numeric[first:], strict=True) if number]
    variables = [name for name in columns if name not in figures]
    rising = [name for name in figures if frame[name].notna().all() and frame[name].is_monotonic_increasing]
    ranked = objective if objective in figures else next(iter([*rising, *figures]), "")
    return Candidates(frame.reset_index(drop=True), tuple(variables), tuple(figures), ranked)


def unit_of_variable(variable: str) -> str:
    """The unit that a variable's name carries."""
    return words.unit_of(variable.rpartition(".")[2])


def text(value: object, variable: str) -> str:
    """A variable's value as a person writes it, with its unit where its name carries one."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    unit = unit_of_variable(variable)
    if unit and isinstance(value, int | float):
        return str(words.quantity(float(value), unit))
    return f"{value:.10g}" if isinstance(value, float) else str(value)
