"""Pictures of a comparison: waterfalls, parts of the step, networks."""

from __future__ import annotations

from collections.abc import Iterable

from reports.differences import cut
from reports.document import Grid, Part, Picture
from reports.parts_picture import parts_picture
from reports.topology_picture import topology_picture
from reports.waterfall import LEGEND, waterfall
from simulator.comparing.comparison import Compared, Comparison
from topologies.layers import Layered

TITLE = 90
"""Letters of a picture's title."""


def waterfalls(comparison: Comparison) -> tuple[Part, ...]:
    """One small waterfall for each scenario in which more than one thing was changed."""
    lines = comparison.tables["attribution"]
    base_s = comparison.base.result.headline["step_s"].value
    cells: list[Picture] = []
    for place, other in enumerate(comparison.others, start=1):
        own = lines[lines["scenario"] == other.label]
        if len(own) > 1:
            lines_s = zip(own["thing"].tolist(), own["step_s"].tolist(), strict=True)
            steps = [(thing, adds_s) for thing, adds_s in lines_s if adds_s]
            cells.append(waterfall(f"waterfall-{place}", cut(other.label, TITLE), base_s, steps))
    return (Grid(LEGEND, tuple(cells)),) if cells else ()


def parts(comparison: Comparison) -> Picture:
    """The step of every scenario, part by part."""
    table = comparison.tables["parts"]
    steps = {
        one.label: dict(
            zip(
                table.loc[table["scenario"] == one.label, "part"].tolist(),
                table.loc[table["scenario"] == one.label, "seconds"].tolist(),
                strict=True,
            )
        )
        for one in comparison.compared
    }
    return parts_picture(steps)


def networks(comparison: Comparison) -> Grid:
    """Every network once, under the names of the scenarios that have it."""
    whose: dict[tuple[str, Layered], list[Compared]] = {}
    for one in comparison.compared:
        whose.setdefault((one.scenario.cluster.topology.described(), one.layers), []).append(one)
    return Grid((), tuple(_pictures(whose)))


def _pictures(whose: dict[tuple[str, Layered], list[Compared]]) -> Iterable[Picture]:
    """One picture a network."""
    for place, ((described, network), owners) in enumerate(whose.items(), start=1):
        more = f" and {len(owners) - 1} more" if len(owners) > 1 else ""
        title = f"{described}: {cut(owners[0].label, TITLE)}{more}"
        yield topology_picture(f"topology-{place}", title, network)
