"""Tables of a comparison: ranking, what differs, why, networks, limits."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from reports import words
from reports.compare_figures import DIGITS, PARTS
from reports.compare_money import scaled
from reports.differences import difference, percent
from reports.document import Cell, Column, Table
from reports.tables import Look, once, table
from simulator.comparing.comparison import IMMATERIAL_SHARE, Comparison
from simulator.comparing.deltas import NO_CHANGE
from simulator.comparing.limits import LIMITS

MOST_FIELDS = 3
"""Fields of one thing that are written out; the others are counted."""
LIMITS_LOOK = Look(
    "Share of each limit that is used",
    titles={
        **{column: f"{limit[:1].upper()}{limit[1:]}" for limit, column in LIMITS.items()},
        "nearest": "Nearest",
        "binds": "What binds the step",
    },
    bars=tuple(LIMITS.values()),
)


def ranking(comparison: Comparison) -> Table:
    """Place, what decides, and what step and cost are to the base's."""
    frame = comparison.tables["ranking"]
    units = {"step_s": ("Step", "s"), "cost_usd": ("Rental", "USD"), "mfu_ratio_causal": ("MFU", "ratio"),
             "memory_bytes_per_gpu_max": ("Memory", "bytes"), "network_usd": ("Network", "USD")}  # fmt: skip
    heads, texts = [Column("Place", numeric=True), Column("Scenario")], [frame["place"].map(str).tolist()]
    texts.append(frame["scenario"].tolist())
    for name, (title, unit) in units.items():
        column, cells = scaled(title, frame[name].tolist(), unit)
        heads.append(column)
        texts.append(cells)
        if name in ("step_s", "cost_usd"):
            heads.append(Column("to the base"))
            texts.append([_to_base(comparison, label, name) for label in frame["scenario"]])
    note = "Ranked by rental of the whole run. The network is a capital expense and in no other column."
    rows = tuple(tuple(map(Cell, row)) for row in zip(*texts, strict=True))
    return Table("ranking", "Ranking", tuple(heads), rows, "tables/ranking.csv", note)


def refused(comparison: Comparison) -> Table:
    """Scenarios that were left out, and why."""
    rows = tuple((Cell(label), Cell(why)) for label, why in comparison.refused.items())
    return Table("refused", "Scenarios left out", (Column("Scenario"), Column("Why")), rows)


def differences(comparison: Comparison) -> Table:
    """What differs, one line a thing, the first fields with both values."""
    rows = []
    for (label, thing), own in comparison.tables["differences"].groupby(["scenario", "thing"], sort=False):
        fields = [
            f"{row['field']}: {row['base'] or 'none'} → {row['here'] or 'none'}"
            for row in own.head(MOST_FIELDS).to_dict("records")
        ]
        left = len(own) - MOST_FIELDS
        more = f"; and {left} more field{'s' * (left > 1)}" if left > 0 else ""
        rows.append([str(label), str(thing), "; ".join(fields) + more])
    columns = (Column("Scenario"), Column("What"), Column("Fields: in the base → here"))
    return Table("differences", "Fields that differ", columns, once(_cells(rows)), "tables/differences.csv")


def what_ifs(comparison: Comparison) -> tuple[Table, ...]:
    """What-ifs of lists, each with the figure that it moves; nothing where there are none."""
    frame = comparison.tables.get("what_ifs")
    if frame is None or not len(frame):
        return ()
    rows = []
    for row in frame.to_dict("records"):
        figure = str(row["moves"])
        unit = words.unit_of(figure.rpartition(".")[2])
        values = [str(words.quantity(float(row[name]), unit)) for name in ("base", "here")]
        change = percent(float(row["change_ratio"])) if row["base"] else "–"
        rows.append([str(row["scenario"]), figure, *values, change, str(row["assumed"])])
    heads = (Column("What if"), Column("Moves"), Column("Base", numeric=True), Column("Here", numeric=True))
    columns = (*heads, Column("Change", numeric=True), Column("What was assumed"))
    return (Table("what_ifs", "What-ifs and the figure that each moves", columns, _cells(rows), "tables/what_ifs.csv"),)


def attribution(comparison: Comparison) -> Table:
    """Each thing's share of the difference, and the sums."""
    base_s = comparison.base.result.headline["step_s"].value
    frame = pd.concat([_with_sum(other.label, comparison) for other in comparison.others])
    steps_s = frame["step_s"].tolist()
    numbers = [
        _differences("Step", steps_s, "s"),
        (Column("of the base", numeric=True), [percent(step_s / base_s) for step_s in steps_s]),
        _differences("Rental", frame["cost_usd"].tolist(), "USD"),
        _differences("Network", frame["network_usd"].tolist(), "USD"),
    ]
    heads = (Column("Scenario"), Column("What was changed"), *(head for head, _ in numbers))
    texts = [frame["scenario"].tolist(), frame["thing"].tolist(), *(cells for _, cells in numbers)]
    rows = once(_cells(list(zip(*texts, strict=True))))
    return Table("attribution", "What each thing adds", heads, rows, "tables/attribution.csv")


def _with_sum(label: str, comparison: Comparison) -> pd.DataFrame:
    """The lines of one scenario with their notes, and their sum unless there is one line only."""
    frame = comparison.tables["attribution"]
    own = frame[frame["scenario"] == label]
    noted = own["thing"].where(own["note"] == "", own["thing"] + " (" + own["note"] + ")")
    lines = own.assign(thing=noted).drop(columns="note")
    if len(own) == 1:
        return lines
    sums = lines[["step_s", "cost_usd", "network_usd"]].sum(skipna=False)
    whole = {"scenario": label, "thing": "all together" if len(own) else "nothing differs", **sums.to_dict()}
    return pd.concat([lines, pd.DataFrame([whole])]) if len(own) else pd.DataFrame([whole])


def parts(comparison: Comparison) -> Table:
    """One row a scenario: its step, and by how much each part differs from the base's."""
    frame = comparison.tables["parts"]
    scale = words.scale([one.result.headline["step_s"].value for one in comparison.compared], "s", DIGITS)
    titles = ("Step", "Difference", *PARTS.values())
    rows = []
    for one in comparison.others:
        own = frame[frame["scenario"] == one.label].set_index("part")["difference_s"]
        cells = [difference(float(own[part]), scale) for part in PARTS]
        step_s = one.result.headline["step_s"].value
        rows.append((one.label, scale.text(step_s), difference(float(own.sum()), scale), *cells))
    columns = (Column("Scenario"), *(Column(title, numeric=True) for title in titles))
    note = "A row's parts add up to its difference to the base."
    return Table("step-parts", f"Difference by part, in {scale.unit}", columns, _cells(rows), "tables/parts.csv", note)


def limits(comparison: Comparison) -> Table:
    """Use of memory, network and NVLink."""
    return table("limits", comparison.tables["limits"], LIMITS_LOOK)


def _differences(title: str, values: Sequence[float], unit: str) -> tuple[Column, list[str]]:
    """A column of differences on one scale."""
    scale = words.of_column(values, unit, DIGITS)
    return Column(title, scale.unit, numeric=True), [difference(value, scale) for value in values]


def _to_base(comparison: Comparison, label: str, figure: str) -> str:
    """Percent and words."""
    if label == comparison.base.label:
        return "the base"
    frame = comparison.tables["figures"]
    row = frame[(frame["scenario"] == label) & (frame["figure"] == figure)].iloc[0]
    said = NO_CHANGE if row["verdict"] == NO_CHANGE else percent(float(row["difference_ratio"]))
    immaterial = abs(float(row["difference_ratio"])) <= IMMATERIAL_SHARE
    if immaterial or "low_ratio" not in frame or pd.isna(row["low_ratio"]):
        return said
    return f"{said} ({percent(float(row['low_ratio']))} to {percent(float(row['high_ratio']))})"


def _cells(rows: Sequence[Sequence[str]]) -> tuple[tuple[Cell, ...], ...]:
    """Rows of text as cells."""
    return tuple(tuple(map(Cell, row)) for row in rows)
