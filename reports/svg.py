"""Inline SVG by hand: many rectangles in one path, text that is always escaped."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from reports import palette

HATCH = Markup(
    '<pattern id="{0}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="var(--bubble)"/>'
    '<rect width="1.2" height="6" fill="var(--hatch)"/></pattern>'
)

Rectangle = tuple[float, float, float, float]
"""x, y, width, height in the picture's own units."""


def short(value: float) -> str:
    """A coordinate to a tenth of a unit, without the digits that say nothing."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def across(value: float, span: tuple[float, float], edges: tuple[float, float]) -> float:
    """Place of a value between two edges that stand for the ends of a span; the left one where the span is a point."""
    low, high = span
    return edges[0] + (value - low) / ((high - low) or 1.0) * (edges[1] - edges[0])


def rectangles(shapes: Iterable[Rectangle], colour: str, title: str = "", opacity: float = 1.0) -> Markup:
    """All rectangles of one colour as a single path; `title` is shown on hovering, less than 1 lets paper through."""
    path = "".join(
        f"M{short(x)} {short(y)}h{short(width)}v{short(height)}h-{short(width)}z" for x, y, width, height in shapes
    )
    inner = Markup("<title>{}</title>").format(title) if title else Markup("")
    faint = Markup(' fill-opacity="{}"').format(f"{opacity:g}") if opacity < 1 else Markup("")
    return Markup('<path fill="{}"{} d="{}">{}</path>').format(palette.fill(colour), faint, path, inner)


def skyline(columns: Iterable[Rectangle], floor: float, colour: str) -> Markup:
    """Columns side by side that stand on a floor, as one outline."""
    path, start, end = "", 0.0, 0.0
    for x, y, width, _ in columns:
        start, end = (start if path else x), x + width
        path += f"V{short(y)}H{short(end)}"
    outline = f"M{short(start)} {short(floor)}{path}V{short(floor)}z"
    return Markup('<path fill="{}" d="{}"/>').format(palette.fill(colour), outline)


def hatched(shapes: Iterable[Rectangle], picture: str) -> Markup:
    """Rectangles filled with the hatching that stands for waiting."""
    path = "".join(f"M{short(x)} {short(y)}h{short(w)}v{short(h)}h-{short(w)}z" for x, y, w, h in shapes)
    return Markup('<path fill="url(#{}-hatch)" d="{}"/>').format(picture, path)


def text(x: float, y: float, content: str, style: str = "", anchor: str = "start") -> Markup:
    """A line of text; `style` is a class of style.css, `anchor` start, middle or end."""
    return Markup('<text x="{}" y="{}" class="{}" text-anchor="{}">{}</text>').format(
        short(x), short(y), style, anchor, content
    )


def line(x: float, top: float, bottom: float) -> Markup:
    """A thin vertical line."""
    return Markup('<path class="grid" d="M{} {}V{}"/>').format(short(x), short(top), short(bottom))


def dot(x: float, y: float, colour: str, hollow: bool, title: str) -> Markup:
    """A round mark, filled or a ring; `title` is shown on hovering."""
    filled = palette.fill("paper" if hollow else colour)
    return Markup(
        '<path fill="{}" stroke="{}" stroke-width="2" d="M{} {}a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z">'
    ).format(filled, palette.fill(colour), short(x - 4.5), short(y)) + Markup("<title>{}</title></path>").format(title)


def polyline(points: Iterable[tuple[float, float]], colour: str, dashes: str = "") -> Markup:
    """Straight strokes from point to point; `dashes` as in SVG."""
    path = "L".join(f"{short(x)} {short(y)}" for x, y in points)
    return Markup('<path fill="none" stroke="{}" stroke-width="1.5" stroke-dasharray="{}" d="M{}"/>').format(
        palette.fill(colour), dashes or "none", path
    )


def stroke(points: Iterable[tuple[float, float]], colour: str, width: float, dashes: str, title: str) -> Markup:
    """Strokes from point to point of a width; `title` is shown on hovering."""
    path = "L".join(f"{short(x)} {short(y)}" for x, y in points)
    return Markup(
        '<path fill="none" stroke="{}" stroke-width="{}" stroke-dasharray="{}" stroke-linejoin="round" d="M{}">'
        "<title>{}</title></path>"
    ).format(palette.fill(colour), short(width), dashes, path, title)


def picture(name: str, size: tuple[float, float], alt: str, content: Iterable[Markup]) -> Markup:
    """The whole drawing: `name` makes its ids unique on the page, `alt` says it in words."""
    width, height = size
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(short(width), short(height), alt)
    defs = Markup("<defs>") + HATCH.format(escape(name)) + Markup("</defs>")
    return head + defs + Markup("").join(content) + Markup("</svg>")
