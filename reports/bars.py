"""Stacked bars, one a rank, drawn by matplotlib and coloured by the page's theme."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from reports import palette

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INCHES, ROW_INCHES, EDGE_INCHES = 11.6, 0.215, 0.62
SALT = "clustercast"
INK, SOFT, LINE = "#010203", "#010204", "#010205"
"""Stand-ins for the theme's colours; the finished drawing carries CSS variables in their place."""


@dataclass(frozen=True, slots=True)
class Bars:
    """What to draw.

    rows    names, top to bottom
    parts   label -> one value a row, in `unit`
    colours one palette name a part
    limit   (value, label) of a vertical line, None for none
    """

    name: str
    alt: str
    rows: Sequence[str]
    parts: Mapping[str, Sequence[float]]
    colours: Sequence[str]
    unit: str
    limit: tuple[float, str] | None = None


def stacked(bars: Bars) -> Markup:
    """Inline SVG of the bars; same values give the same text."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: Any = {
        "svg.fonttype": "none", "svg.hashsalt": SALT + bars.name, "font.family": "sans-serif", "font.size": 9,
        "text.parse_math": False,
        "axes.edgecolor": LINE, "axes.labelcolor": SOFT, "xtick.color": LINE, "ytick.color": LINE,
        "xtick.labelcolor": SOFT, "ytick.labelcolor": SOFT, "text.color": INK,
    }  # fmt: skip
    out = StringIO()
    with mpl.rc_context(settings):
        figure = Figure(figsize=(INCHES, ROW_INCHES * len(bars.rows) + EDGE_INCHES))
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        _draw(figure, bars)
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _themed(out.getvalue(), bars)


def _draw(figure: Figure, bars: Bars) -> None:
    """Put axes, bars and the limit into the figure."""
    height = ROW_INCHES * len(bars.rows) + EDGE_INCHES
    top = 0.26 if bars.limit else 0.06
    axes = figure.add_axes((0.058, 0.36 / height, 0.925, 1 - (0.36 + top) / height))
    axes.patch.set_visible(False)
    places = range(len(bars.rows))
    left = [0.0] * len(bars.rows)
    for place, values in enumerate(bars.parts.values()):
        axes.barh(places, values, left=left, height=0.8, color=_stand_in(place), linewidth=0)
        left = [start + value for start, value in zip(left, values, strict=True)]
    axes.set_yticks(list(places), list(bars.rows))
    axes.set_ylim(len(bars.rows) - 0.4, -0.6)
    axes.tick_params(length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} {bars.unit}")
    if bars.limit:
        value, label = bars.limit
        axes.axvline(value, color=INK, linewidth=1.4, linestyle=(0, (5, 3)))
        axes.text(value, -0.72, label, ha="right", va="bottom")
        axes.set_xlim(0, max([*left, value]) * 1.02)
    else:
        axes.set_xlim(0, max([*left, 0.0]) or 1.0)


def _stand_in(place: int) -> str:
    """Colour by which `_themed` finds the part again."""
    return f"#0203{place:02x}"


def _themed(text: str, bars: Bars) -> Markup:
    """Cut the SVG out of its file, make ids unique on the page, put the theme's colours in, say it in words."""
    body = text[text.index("<svg") :]
    body = re.sub(r"<svg[^>]*viewBox=\"([^\"]*)\"[^>]*>", _head(bars), body, count=1)
    body = re.sub(r"\b(id=\"|href=\"#|url\(#)", rf"\g<1>{bars.name}-", body)
    body = re.sub(r"<(metadata|style)\b.*?</\1>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"font-family: [^;]*; ", "", body)
    named = {INK: "ink", SOFT: "soft", LINE: "line"}
    named |= {_stand_in(place): colour for place, colour in enumerate(bars.colours)}
    for stand_in, colour in named.items():
        body = body.replace(stand_in, palette.fill(colour))
    return Markup(re.sub(r"\n\s*", "\n", body))


def _head(bars: Bars) -> str:
    """Opening tag with alt text, as a replacement that keeps the drawing's own size."""
    alt = str(escape(bars.alt)).replace("\\", r"\\")
    return rf'<svg viewBox="\g<1>" role="img" aria-label="{alt}">'
