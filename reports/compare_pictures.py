"""Pictures of a comparison: waterfalls, parts of the step, networks."""

from __future__ import annotations

from collections.abc import Iterable

from reports.attribution_picture import Row, attribution_picture
from reports.differences import cut
from reports.document import Grid, Part, Picture
from reports.parts_picture import parts_picture
from reports.topology_picture import topology_picture
from reports.waterfall import LEGEND, waterfall
from simulator.comparing.comparison import Compared, Comparison
from topologies.layers import Layered

TITLE = 90
"""Letters of a picture's title."""
MOST_WATERFALLS = 2
MOST_NETWORKS = 2


def terms(comparison: Comparison) -> tuple[Part, ...]:
    """Every difference term by term in one picture, where there are several."""
    lines = comparison.tables["attribution"]
    if len(comparison.others) < 2 or not len(lines):
        return ()
    places = comparison.tables["ranking"][["place", "scenario"]].to_numpy().tolist()
    rows = [
        Row(f"{place}: {label}", dict(zip(own["thing"].tolist(), own["step_s"].tolist(), strict=True)))
        for place, label, own in ((place, label, lines[lines["scenario"] == label]) for place, label in places)
        if label != comparison.base.label
    ]
    return (attribution_picture(rows, "What each thing adds to the step", "s", "tables/attribution.csv"),)


def waterfalls(comparison: Comparison) -> tuple[Part, ...]:
    """Small waterfalls of the best placed of the scenarios in which more than one thing was changed."""
    lines = comparison.tables["attribution"]
    base_s = comparison.base.result.headline["step_s"].value
    counts = lines.groupby("scenario", sort=False).size()
    several = [label for label in comparison.tables["ranking"]["scenario"] if counts.get(label, 0) > 1]
    cells = []
    for place, label in enumerate(several[:MOST_WATERFALLS], start=1):
        own = lines[lines["scenario"] == label]
        lines_s = zip(own["thing"].tolist(), own["step_s"].tolist(), strict=True)
        steps = [(thing, adds_s) for thing, adds_s in lines_s if adds_s]
        cells.append(waterfall(f"waterfall-{place}", cut(label, TITLE), base_s, steps))
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


def networks(comparison: Comparison) -> tuple[tuple[Picture, ...], list[str]]:
    """Pictures of the MOST_NETWORKS different networks that most scenarios have, the base's first; names of the rest.

    Each stands under the names of the scenarios that have it.
    """
    whose: dict[tuple[str, Layered], list[Compared]] = {}
    for one in comparison.compared:
        whose.setdefault((one.scenario.cluster.topology.described(), one.layers), []).append(one)
    first, *others = whose.items()
    ordered = [first, *sorted(others, key=lambda pair: -len(pair[1]))]
    left_out = [f"{described} ({owners[0].label})" for (described, _), owners in ordered[MOST_NETWORKS:]]
    return tuple(_pictures(dict(ordered[:MOST_NETWORKS]))), left_out


def _pictures(whose: dict[tuple[str, Layered], list[Compared]]) -> Iterable[Picture]:
    """One picture a network."""
    for place, ((described, network), owners) in enumerate(whose.items(), start=1):
        more = f" and {len(owners) - 1} more" if len(owners) > 1 else ""
        title = f"{described}: {cut(owners[0].label, TITLE)}{more}"
        yield topology_picture(f"topology-{place}", title, network)
