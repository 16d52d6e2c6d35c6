"""The parts of the step of several scenarios, as bars on one scale."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from reports import svg, terms, words
from reports.differences import cut
from reports.document import Key, Picture

WIDTH, PITCH, BAR, TOP = 1160.0, 38.0, 15.0, 4.0
RIGHT = 70.0
LABEL = 110


def parts_picture(scenarios: Mapping[str, Mapping[str, float]]) -> Picture:
    """Draw one bar a scenario.

    scenarios  label -> part of the step -> seconds
    """
    longest_s = max(sum(parts.values()) for parts in scenarios.values()) or 1.0
    drawn: list[Markup] = []
    for place, (label, parts) in enumerate(scenarios.items()):
        y, x = TOP + PITCH * place, 0.0
        drawn.append(svg.text(0.0, y + 11, cut(label, LABEL), "axis"))
        for part, seconds in parts.items():
            width = seconds / longest_s * (WIDTH - RIGHT)
            title = f"{terms.PARTS[part]}: {words.quantity(seconds, 's')}"
            drawn.append(svg.rectangles([(x, y + 15, width, BAR)], terms.PART_COLOURS[part], title))
            x += width
        drawn.append(svg.text(x + 6, y + 27, str(words.quantity(sum(parts.values()), "s")), "axis"))
    told = "; ".join(f"{label} {words.quantity(sum(parts.values()), 's')}" for label, parts in scenarios.items())
    picture = svg.picture("parts", (WIDTH, TOP + PITCH * len(scenarios) + 4), f"Steps by part: {told}.", drawn)
    legend = tuple(Key(terms.PART_COLOURS[part], label) for part, label in terms.PARTS.items())
    caption = "One bar a scenario, as long as its step; mean over pipeline ranks."
    return Picture("parts", "The parts of the step", picture, caption, legend, "tables/parts.csv")
