"""Every headline figure of the scenarios compared, with what it is to the base's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports import tiles, words
from reports.differences import told
from reports.document import Cell, Column, Table
from simulator.comparing.comparison import Comparison

PARTS = {
    "1f": "Forward", "1b": "Backward", "1w": "Weight gradient", "1f1b": "Overlapped", "bubble": "Bubble",
    "optimizer": "Optimiser",
}  # fmt: skip
"""Parts of a step -> short heads of columns."""
NAMES = {
    "step_s": "Step", **{f"step_{part}_s": name for part, name in PARTS.items()},
    "tokens_per_day": "Tokens a day", "tokens_per_s_per_gpu": "Tokens/s a GPU",
    "gpu_hours_per_trillion_tokens": "GPU time per trillion tokens", "gpu_hours": "GPU time of the run",
    "cost_usd": "Rental of the run", "model_flop_per_s_per_gpu_causal": "Model FLOP/s a GPU, causal",
    "mfu_ratio_causal": "MFU, causal", "model_flop_per_s_per_gpu_full": "Model FLOP/s a GPU, full",
    "mfu_ratio_full": "MFU, full", "memory_bytes_per_gpu_max": "Memory of the fullest GPU",
}  # fmt: skip
"""Headline figures -> heads of columns."""
GROUPS = {
    "Time": ("step_s", *(f"step_{part}_s" for part in PARTS)),
    "Speed": ("tokens_per_day", "tokens_per_s_per_gpu", "gpu_hours_per_trillion_tokens"),
    "Money and memory": ("gpu_hours", "cost_usd", "memory_bytes_per_gpu_max"),
}
"""Title of a table of figures -> those in it; a last table has the rest."""
REST = "Arithmetic"
DIGITS = 5
"""Figures of the largest number of a column: differences of half a percent are then to be seen."""


def figures(comparison: Comparison) -> tuple[Table, ...]:
    """A few tables with one row a scenario, and what the figures count."""
    headline = comparison.base.result.headline
    grouped = {title: [name for name in names if name in headline] for title, names in GROUPS.items()}
    grouped[REST] = [name for name in headline if not any(name in names for names in GROUPS.values())]
    found = [_table(place, title, names, comparison) for place, (title, names) in enumerate(grouped.items())]
    counted = replace(tiles.definitions(headline), title="What the figures count, and the base's", data="")
    return (*found, counted)


def _table(place: int, title: str, names: Sequence[str], comparison: Comparison) -> Table:
    """Some figures, one column each on a scale of its own."""
    columns, texts = [Column("Scenario")], [[one.label for one in comparison.compared]]
    for name in names:
        head, cells = _figure(name, comparison)
        columns.append(head)
        texts.append(cells)
    rows = tuple(tuple(map(Cell, row)) for row in zip(*texts, strict=True))
    return Table(f"figures-{place}", title, tuple(columns), rows, "tables/figures.csv")


def _figure(name: str, comparison: Comparison) -> tuple[Column, list[str]]:
    """One figure of all scenarios, the base first."""
    base = comparison.base.result.headline[name]
    frame = comparison.tables["figures"]
    own = frame[frame["figure"] == name]
    together = frame["unit"] == "s" if base.unit == "s" else frame["figure"] == name
    values = [base.value, *frame.loc[together, "value"].tolist()]
    scale = words.of_column(values, base.unit, digits=DIGITS)
    cells = [scale.text(base.value)]
    for row in own.to_dict("records"):
        cells.append(told(row["value"], row["difference_ratio"], base.value, scale, row["verdict"]))
    return Column(NAMES.get(name, words.title_of(name)), scale.unit), cells
