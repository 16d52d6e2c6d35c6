"""A network as a picture: layers of switches with counts, and every switch where there are only a few."""

from __future__ import annotations

import math
from collections.abc import Iterator

from markupsafe import Markup

from reports import palette, svg
from reports.document import Picture
from topologies.layers import Each, Joint, Layered

WIDTH, PITCH, BOX, TOP, EDGE = 560.0, 92.0, 34.0, 10.0, 8.0
BELOW_MARGIN = 10.0
WIDEST, NARROWEST = 420.0, 190.0
LETTER = 6.4
CURVE = 40.0
"""How far a line between two switches of one layer is bent."""
COLOURS = ("forward-0", "backward-0", "weight-0", "pair-0", "optimizer", "input-0")
"""Endpoints, leaves, and upwards."""
NAMES = {
    1: ("switches",),
    2: ("leaf switches", "spine switches"),
    3: ("leaf switches", "middle switches", "core switches"),
}

"""Layers of switches -> what they are called in a tree."""
FLAT = ("switches with endpoints",)
"""What the first layer is called where switches of a layer are joined with each other, so that nothing is above."""


def topology_picture(name: str, title: str, network: Layered) -> Picture:
    """Draw layers as boxes, the endpoints at the bottom, with the number of cables between them."""
    if network.each is not None:
        return _every_vertex(name, title, network, network.each)
    layers = len(network.vertices)
    inside = {joint.lower: joint for joint in network.joints if joint.lower == joint.upper}
    drawn: list[Markup] = []
    for joint in network.joints:
        if joint.lower != joint.upper:
            drawn += _between(joint, network)
    for layer in range(layers):
        drawn += _layer(layer, network, inside.get(layer))
    height = TOP + PITCH * (layers - 1) + BOX + BELOW_MARGIN
    alt = f"{title}: {'; '.join(sentences(network))}."
    picture = svg.picture(name, (WIDTH, height), alt, drawn)
    return Picture(name, title, picture, _caption(network), (), "tables/network.csv")


def _every_vertex(name: str, title: str, network: Layered, each: Each) -> Picture:
    """Draw every endpoint, every switch and a line between any two that are joined, the thicker the more cables."""
    places = _places(network, each)
    drawn = []
    for low, high, times in each.pairs:
        (x, y), (to_x, to_y) = places[low], places[high]
        lift = -CURVE if y == to_y else 0.0
        middle = f"Q{(x + to_x) / 2:.1f} {(y + to_y) / 2 + lift:.1f}"
        drawn.append(
            Markup('<path fill="none" stroke="{}" stroke-width="{:.1f}" d="M{:.1f} {:.1f}{} {:.1f} {:.1f}"/>').format(
                palette.fill("soft"), 0.8 * times**0.5, x, y, middle, to_x, to_y
            )
        )
    for layer, colour in zip(range(len(network.vertices)), COLOURS * 9, strict=False):
        own = [places[vertex] for vertex, at in enumerate(each.layer) if at == layer]
        drawn.append(svg.rectangles([(x - 5, y - 5, 10, 10) for x, y in own], colour))
        drawn.append(svg.text(0, own[0][1] + 20, layer_text(layer, network), "axis"))
    height = TOP + PITCH * (len(network.vertices) - 1) + BOX + BELOW_MARGIN
    picture = svg.picture(name, (WIDTH, height), f"{title}: {'; '.join(sentences(network))}.", drawn)
    return Picture(name, title, picture, "Every line is a joined pair; thicker lines are more cables.", (), "")


def _places(network: Layered, each: Each) -> list[tuple[float, float]]:
    """Where each vertex is: layers from the bottom up, the vertices of a layer side by side."""
    left = dict.fromkeys(range(len(network.vertices)), 0)
    places = []
    for layer in each.layer:
        x = (left[layer] + 0.5) / network.vertices[layer] * WIDTH
        left[layer] += 1
        places.append((x, _y(layer, network) + BOX / 2))
    return places


def sentences(network: Layered) -> list[str]:
    """The picture in words, from the endpoints up."""
    said = [layer_text(layer, network) for layer in range(len(network.vertices))]
    said += [f"{cables_text(joint)} {_where(joint, network)}" for joint in network.joints]
    return said


def layer_text(layer: int, network: Layered) -> str:
    """How many there are of a layer, and in each plane where planes are alike."""
    number, planes = network.vertices[layer], network.planes
    each = f", {number // planes:,} a plane" if planes > 1 and number % planes == 0 else ""
    return f"{number:,} {layer_name(layer, network)}{each}"


def layer_name(layer: int, network: Layered) -> str:
    """What the vertices of a layer are called."""
    if layer == 0:
        return "endpoints" if network.vertices[0] != 1 else "endpoint"
    layers = len(network.vertices) - 1
    flat = any(joint.lower == joint.upper for joint in network.joints)
    names = FLAT if flat and layers > 1 else NAMES.get(layers, ())
    name = names[layer - 1] if layer <= len(names) else f"switches {layer} cables from an endpoint"
    return name.replace("switches", "switch") if network.vertices[layer] == 1 else name


def cables_text(joint: Joint) -> str:
    """How many cables there are, and how many join one pair."""
    many = f"{joint.fewest}" if joint.fewest == joint.most else f"{joint.fewest} to {joint.most}"
    pair = f", {many} between a joined pair" if joint.most > 1 else ""
    return f"{joint.cables:,} cable{'s' * (joint.cables != 1)}{pair}"


def _where(joint: Joint, network: Layered) -> str:
    """Which layers a joint is between."""
    lower, upper = (layer_name(layer, network) for layer in (joint.lower, joint.upper))
    return f"among {lower}" if joint.lower == joint.upper else f"between {lower} and {upper}"


def _caption(network: Layered) -> str:
    """What a reader should know of the picture."""
    planes = f"{network.planes} networks of the same form with no way between them. " if network.planes > 1 else ""
    return f"{planes}Aggregated: a box is a layer, a band all cables between two layers."


def _y(layer: int, network: Layered) -> float:
    """Upper edge of a layer's box."""
    return TOP + PITCH * (len(network.vertices) - 1 - layer)


def _width(layer: int, network: Layered) -> float:
    """A box as wide as its layer is large, on a scale of its own, and never too small for its text."""
    share = math.sqrt(math.sqrt(network.vertices[layer] / max(network.vertices)))
    return max(NARROWEST, WIDEST * share, LETTER * len(layer_text(layer, network)) + 2 * EDGE)


def _layer(layer: int, network: Layered, inside: Joint | None) -> Iterator[Markup]:
    """A box with its text; planes as boxes behind it, cables inside the layer as a line of text beside it."""
    width, y = _width(layer, network), _y(layer, network)
    x, colour = (WIDTH - width) / 2, COLOURS[layer % len(COLOURS)]
    if network.planes > 1:
        yield svg.rectangles([(x + 8, y - 8, width, BOX)], "bubble")
        yield svg.rectangles([(x + 4, y - 4, width, BOX)], "hatch")
    yield svg.rectangles([(x, y, width, BOX)], colour)
    yield svg.text(WIDTH / 2, y + BOX / 2 + 4, layer_text(layer, network), "block", "middle")
    if inside is not None:
        yield svg.text(WIDTH / 2, y + BOX + 14, f"{cables_text(inside)}, among these", "axis", "middle")


def _between(joint: Joint, network: Layered) -> Iterator[Markup]:
    """A band between two boxes with the number of its cables."""
    low, high = _width(joint.lower, network) / 2, _width(joint.upper, network) / 2
    top, bottom = _y(joint.upper, network) + BOX, _y(joint.lower, network)
    middle = WIDTH / 2
    shape = f"M{middle - high:.0f} {top:.0f}H{middle + high:.0f}L{middle + low:.0f} {bottom:.0f}H{middle - low:.0f}z"
    yield Markup('<path fill="{}" d="{}"/>').format(palette.fill("bubble"), shape)
    y = bottom - 14 if joint.upper - joint.lower == 1 else (top + bottom) / 2
    yield svg.text(middle, y, cables_text(joint), "axis", "middle")
