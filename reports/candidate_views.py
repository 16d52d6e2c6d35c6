"""Candidates, best first, as a table, by two figures, and across their variables."""

from __future__ import annotations

from collections.abc import Sequence

from reports.candidates import Candidates, shown, text, unit_of_variable
from reports.compare_money import scaled
from reports.differences import cut
from reports.document import Cell, Column, Picture, Table
from reports.parallel_picture import Line, Role, Scale, parallel
from reports.pareto_picture import Measure, Point, front, pareto

MOST_ROWS, MOST_LINES, MOST_POINTS = 20, 20, 40
"""Candidates of a table, of a parallel view, of a picture of two figures."""
MOST_FIGURES = 5
LABEL = 60


def ranking(of: Candidates, name: str, title: str, data: str) -> Table:
    """The best candidates: place, variables that differ, figures, why each is not the choice."""
    top = Candidates(of.frame.head(MOST_ROWS), of.variables, of.figures, of.objective)
    heads, texts = [Column("Place", numeric=True)], [top.frame["place"].map(str).tolist()]
    if "number" in top.frame:
        heads.append(Column("Point", numeric=True))
        texts.append(top.frame["number"].map(str).tolist())
    if not of.varied:
        heads.append(Column("Candidate"))
        texts.append([str(label) for label in top.frame["label"]])
    telling = of.telling()[:MOST_FIGURES]
    for column in [*telling[:1], *(["lost"] if "lost" in top.frame else []), *of.varied, *telling[1:]]:
        head, cells = _column(top, column)
        heads.append(head)
        texts.append(cells)
    left = len(of.frame) - len(top.frame)
    same = [f"{_head(one)} {text(of.frame[one].iloc[0], one)}" for one in of.variables if one not in of.varied]
    note = (f"The same in all: {', '.join(same)}. " if same else "") + (f"{left} more in the file." if left else "")
    rows = tuple(tuple(map(Cell, row)) for row in zip(*texts, strict=True))
    return Table(name, title, tuple(heads), rows, data, note)


def _column(of: Candidates, name: str) -> tuple[Column, list[str]]:
    """One column of the ranking."""
    if name in of.figures:
        return scaled(shown(name).title, of.values(name), shown(name).unit)
    title = "Why not the choice" if name == "lost" else _head(name)
    return Column(title), [text(value, name) for value in of.frame[name].tolist()]


def two_by_two(of: Candidates, most: int, data: str) -> tuple[Picture, ...]:
    """The objective over other figures that say something else, the choice marked."""
    head = of.frame.head(MOST_POINTS)
    numbers = list(zip(head["place"].tolist(), head["label"].tolist(), strict=True))
    found = []
    for figure in of.telling()[1 : most + 1]:
        along, upwards = (Measure(one.title, one.unit, one.less) for one in (shown(figure), shown(of.objective)))
        values = list(zip(of.values(figure, MOST_POINTS), of.values(of.objective, MOST_POINTS), strict=True))
        ahead = front(values, along, upwards)
        points = [
            Point(int(number), cut(str(label), LABEL), *value, first, int(number) == 1)
            for (number, label), value, first in zip(numbers, values, ahead, strict=True)
        ]
        found.append(pareto(f"pareto-{figure.replace('_', '-')}", points, (along, upwards), data))
    return tuple(found)


def across(of: Candidates, title: str, data: str) -> Picture:
    """The best candidates across the variables that differ and the figures that say something, the objective last."""
    head = of.frame.head(MOST_LINES)
    lines = [
        Line(int(number), cut(str(label), LABEL), _role(int(number)))
        for number, label in zip(head["place"].tolist(), head["label"].tolist(), strict=True)
    ]
    scales = [Scale(_head(name), _values(head[name].tolist(), name), unit_of_variable(name)) for name in of.independent]
    figures = [
        Scale(shown(name).title, tuple(of.values(name, MOST_LINES)), shown(name).unit, True)
        for name in reversed(of.telling()[:MOST_FIGURES])
    ]
    return parallel("parallel", title, lines, (scales, figures), data)


def _role(number: int) -> Role:
    """What a candidate is among the others."""
    return "chosen" if number == 1 else "second" if number == 2 else "other"


def _head(variable: str) -> str:
    """A variable as the head of a column."""
    return variable.replace("_", " ")


def _values(found: Sequence[object], variable: str) -> tuple[float | str | None, ...]:
    """Values of a variable: numbers where all are, else text."""
    if all(isinstance(one, int | float) and not isinstance(one, bool) for one in found):
        return tuple(float(one) for one in found if isinstance(one, int | float))
    return tuple(text(one, variable) or None for one in found)
