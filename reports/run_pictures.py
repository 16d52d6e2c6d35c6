"""Pictures of a whole run: tokens, failures and restarts by week; its bill, line upon line."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from markupsafe import Markup

from reports import svg, words
from reports.document import Key, Picture

WIDTH, TOP, LEFT, RIGHT = 760.0, 18.0, 124.0, 756.0
HIGH = 150.0
"""Height of the tallest column."""
GAP_SHARE = 0.2
"""Of a column's pitch, left free beside it."""
MOST_NUMBERED = 30
"""Weeks that get numbers under their columns; more would not be legible."""
ROW, BAR = 24.0, 12.0
NAME_END, VALUE = 286.0, 596.0
"""Where names end and bars begin, where bars end."""
CUT_SHARE = 0.5
"""Where the first line is a larger share of the bill the axis begins inside of it."""
KIND_COLOURS = {
    "phase": "forward-0", "input": "other", "ramp": "weight-0", "lost": "optimizer", "spare": "pair-0",
}  # fmt: skip
KIND_WORDS = {
    "phase": "a phase at its steady rate", "input": "put in, not predicted", "ramp": "growing the batch",
    "lost": "lost to failures, checkpoints, pauses", "spare": "spare nodes",
}  # fmt: skip


def weeks(table: pd.DataFrame) -> Picture:
    """A column a week as high as its tokens, with its failures and restarts below."""
    tokens = [float(one) for one in table["tokens"]]
    most, pitch = max(tokens) or 1.0, (RIGHT - LEFT) / len(tokens)
    drawn = [
        svg.rectangles(
            [(LEFT + week * pitch, TOP + HIGH * (1 - one / most), pitch * (1 - GAP_SHARE), HIGH * one / most)],
            "forward-0",
            f"week {week + 1}: {words.quantity(one, 'tokens')}",
        )
        for week, one in enumerate(tokens)
    ]
    drawn += _counts(table, pitch)
    drawn.append(svg.text(0.0, TOP + 10, str(words.quantity(most, "tokens", 3)), "axis"))
    stops = int(table["failures"].sum()), int(table["restarts"].sum())
    alt = (
        f"{len(tokens)} weeks; the most tokens in one of them: {words.quantity(most, 'tokens')}; {stops[0]} failures "
        f"and {stops[1]} restarts in all."
    )
    caption = "Tokens that are kept, by week; the last week ends with the run."
    picture = svg.picture("weeks", (WIDTH, TOP + HIGH + 66), alt, drawn)
    return Picture("weeks", "Tokens, failures and restarts", picture, caption, (), "tables/weeks.csv")


def _counts(table: pd.DataFrame, pitch: float) -> Iterator[Markup]:
    """Number, failures and restarts under each column."""
    below = TOP + HIGH
    for row, name in enumerate(("week", "failures", "restarts"), start=1):
        yield svg.text(0.0, below + 4 + 17 * row, name, "axis")
        each = -(-len(table) // MOST_NUMBERED)
        for place in range(0, len(table), each):
            number = table[name].iloc[place : place + each]
            told = number.iloc[0] if name == "week" else number.sum()
            middle = LEFT + (place + (1 - GAP_SHARE) / 2) * pitch
            yield svg.text(middle, below + 4 + 17 * row, str(int(told)), "axis", "middle")


def bill(table: pd.DataFrame) -> Picture:
    """The bill as a waterfall: each line begins where the one before ends, the last is the whole."""
    costs, total_usd = [float(one) for one in table["usd"]], float(table["usd"].sum())
    start_usd = _start_usd(costs[0], total_usd)
    drawn: list[Markup] = []
    at_usd = 0.0
    for place, (what, kind, usd) in enumerate(zip(table["what"], table["kind"], costs, strict=True)):
        ends = [_place(one, start_usd, total_usd) for one in (at_usd, at_usd + usd)]
        at_usd += usd
        drawn += _row(str(what), (usd, total_usd), place)
        bar = [(ends[0], TOP + ROW * place, max(ends[1] - ends[0], 1.0), BAR)]
        drawn.append(svg.rectangles(bar, KIND_COLOURS[str(kind)], f"{what}: {words.quantity(usd, 'USD')}"))
    drawn += _row("the whole run", (total_usd, total_usd), len(costs))
    drawn.append(svg.rectangles([(NAME_END, TOP + ROW * len(costs), VALUE - NAME_END, BAR)], "ink"))
    told = "; ".join(f"{what} {words.quantity(usd, 'USD')}" for what, usd in zip(table["what"], costs, strict=True))
    alt = f"The bill, line upon line: {told}; together {words.quantity(total_usd, 'USD')}."
    cut = f" The axis begins at {words.quantity(start_usd, 'USD', 3)}." if start_usd else ""
    kinds = [kind for kind in KIND_COLOURS if kind in set(table["kind"])]
    legend = tuple(Key(KIND_COLOURS[kind], KIND_WORDS[kind]) for kind in kinds)
    picture = svg.picture("bill", (WIDTH, TOP + ROW * (len(costs) + 1) + 4), alt, drawn)
    return Picture("bill", "From the phases to the whole run", picture, f"Rent in USD.{cut}", legend, "tables/bill.csv")


def _start_usd(first_usd: float, total_usd: float) -> float:
    """Where the axis begins: at nothing, or inside of a first line beside which the others would not be seen."""
    rest_usd = total_usd - first_usd
    return max(first_usd - rest_usd, 0.0) if first_usd > CUT_SHARE * total_usd else 0.0


def _place(usd: float, start_usd: float, total_usd: float) -> float:
    """Place on the axis; what lies before its beginning is put there."""
    return NAME_END + max(usd - start_usd, 0.0) / (total_usd - start_usd or 1.0) * (VALUE - NAME_END)


def _row(what: str, cost: tuple[float, float], place: int) -> Iterator[Markup]:
    """Name and money of a line."""
    y = TOP + ROW * place + 10
    yield svg.text(0.0, y, what[:1].upper() + what[1:], "axis")
    usd, total_usd = cost
    yield svg.text(WIDTH, y, f"{words.quantity(usd, 'USD', 3)}, {usd / total_usd:.1%}", "axis", "end")
