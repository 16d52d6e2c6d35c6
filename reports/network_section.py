"""The network under a step's traffic: what each kind reaches, where links are full, what one fault would cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from markupsafe import Markup

from reports import svg
from reports.document import Key, Part, Picture, Section
from reports.tables import Look, table

PATTERNS = Look(
    "What each kind of traffic reaches",
    "Of the rate that its port alone would have, all ranks sending at once; each kind by itself. The slowest group of "
    "ranks sets the rate of the step, for others wait for it.",
    titles={"traffic": "Traffic", "flows": "Flows", "slowest_ratio": "Slowest group", "mean_ratio": "Mean group"},
)
LINKS = Look(
    "How full the links are",
    titles={"traffic": "Traffic", "links": "Links", "number": "Number", "mean_share": "Mean", "most_share": "Fullest"},
)
HOTTEST = Look(
    "The fullest links between switches",
    "Where flows meet that could have gone another way. Switches are numbered as the topology builds them.",
    titles={"traffic": "Traffic", "from": "From", "to": "To", "used_share": "Used", "over_mean": "Times the mean"},
)
FAULTS = Look(
    "What one fault would cost",
    "The same step with one part of the network gone and traffic sent round it: flows of a lost plane go over NVLink "
    "to the node's other ports.",
    titles={"fault": "Gone", "pairs_ratio": "Ports that reach each other", "ports_ratio": "Rate of ports left",
            "step_s": "Step", "change_ratio": "Longer by"},
)  # fmt: skip
TABLES = {
    "network_patterns": PATTERNS,
    "network_links": LINKS,
    "network_hottest": HOTTEST,
    "network_faults": FAULTS,
}
HEAT = "network_heat"
SHOWN = frozenset({HEAT, *TABLES})
"""Tables of a result that this section shows."""
WIDTH, LEFT, TOP, TALLEST, WIDEST = 1160.0, 70.0, 20.0, 16.0, 30.0
MOST_MAPS = 6
STEPS = ("bubble", "forward-0", "pair-0", "weight-0", "optimizer")
"""Colours of empty links and of those up to a quarter, half, three quarters, all full."""
CAPTION = (
    "A row is a leaf, a cell one of its uplinks, in the plane that has the fullest one, under the kind of traffic that "
    "reaches least."
)
LABELS = ("nothing", "up to 25 %", "up to 50 %", "up to 75 %", "more")


def section(tables: Mapping[str, pd.DataFrame], maps: int = MOST_MAPS) -> Section | None:
    """The section, if the network was looked at; of one scenario, or of several with a column that names them.

    maps   how many scenarios' maps are drawn at most
    """
    parts: list[Part] = [*list(_heats(tables.get(HEAT, pd.DataFrame())))[:maps]]
    parts += [table(name, tables[name], look) for name, look in TABLES.items() if len(tables.get(name, ()))]
    if not parts:
        return None
    lead = "Every flow of the step's traffic, on every link that it takes."
    return Section("load", "Load", "The network under load", (lead,), tuple(parts))


def _heats(frame: pd.DataFrame) -> Iterable[Picture]:
    """A map of each scenario, the first MOST_MAPS of them."""
    if not len(frame):
        return
    if "scenario" not in frame:
        yield _heat(frame, "heat", "Uplinks of the leaves")
        return
    for number, (label, own) in enumerate(frame.groupby("scenario", sort=False)):
        if number < MOST_MAPS:
            yield _heat(own, f"heat-{number}", f"Uplinks of the leaves: {label}")


def _heat(frame: pd.DataFrame, name: str, title: str) -> Picture:
    """Leaves as rows, their uplinks as columns, coloured by how full they are."""
    leaf, uplink, used = (frame[name].to_numpy() for name in ("leaf", "uplink", "used_share"))
    leaves, row = np.unique(leaf, return_inverse=True)
    width = min(WIDEST, (WIDTH - LEFT) / (int(uplink.max()) + 1))
    level = np.minimum(np.ceil(used * 4 - 1e-9), 4).astype(int)
    drawn: list[Markup] = []
    for at, colour in enumerate(STEPS):
        chosen = np.flatnonzero(level == at).tolist()
        shapes = [(LEFT + uplink[i] * width, TOP + row[i] * TALLEST, width - 1, TALLEST - 1) for i in chosen]
        if shapes:
            drawn.append(svg.rectangles(shapes, colour, f"{LABELS[at]}: {len(shapes)} links"))
    for place, number in enumerate(leaves.tolist()):
        drawn.append(svg.text(LEFT - 8, TOP + (place + 0.75) * TALLEST, f"leaf {number}", "axis", "end"))
    most = int(used.argmax())
    alt = (
        f"Uplinks of {len(leaves)} leaves by how full they are. The fullest is uplink {uplink[most]} of leaf "
        f"{leaf[most]}, {100 * used[most]:.0f} % used; the mean is {100 * used.mean():.0f} %."
    )
    picture = svg.picture(name, (WIDTH, TOP + len(leaves) * TALLEST + 8), alt, drawn)
    legend = tuple(Key(colour, label) for colour, label in zip(STEPS, LABELS, strict=True))
    return Picture(name, title, picture, CAPTION, legend, f"tables/{HEAT}.csv")
