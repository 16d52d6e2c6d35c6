"""The report of one training step: a Result as a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reports import (
    conditions_section,
    every_gpu,
    experts_section,
    intervals_section,
    memory_section,
    network_section,
    render,
    roofline,
    terms,
    tiles,
    time_sections,
    words,
)
from reports.document import Page, Section, Table, Terms
from reports.extra_tables import EXTRA
from reports.standing import assumed, reproduced
from reports.tables import Look, table
from simulator.conditions import TABLE as CONDITIONS
from simulator.gpus.tables import STEPS
from simulator.result import Result

TRAFFIC = Look(
    "Bytes and time by kind of traffic and link",
    titles={"traffic": "Traffic", "link": "Link", "bytes": "Volume", "seconds": "Time at the link's rate"},
    meanings={
        "bytes": "sent by one GPU in one step, or received where that is more",
        "spared_bytes": "of them, what the port's other direction does not carry: switches copy and add",
        "seconds": "bytes divided by the link's achievable rate",
    },
    names={"nvlink": "NVLink", "ib": "InfiniBand", "infiniband": "InfiniBand"},
)
COST = Look("What is paid for", titles={"what": "Item", "quantity": "Quantity", "unit": "Of", "usd": "Cost"})
NETWORK_BILL = "network_bill"
BOUGHT = Look(
    "What the network costs to buy",
    "A capital expense, counted from the topology at the catalogue's unit prices (isca25-table-3). It is not part of "
    "the rental above, whose price mostly holds a share of the network already.",
    titles={"what": "Item", "count": "Quantity", "each_usd": "Each", "total_usd": "Cost"},
)
SECTIONS = memory_section.DRAWN | network_section.SHOWN | experts_section.SHOWN | intervals_section.SHOWN
DRAWN_ELSEWHERE = SECTIONS | {roofline.TABLE, NETWORK_BILL, CONDITIONS, *every_gpu.TABLES}


def page(result: Result) -> str:
    """The HTML of one result."""
    return render.html(document(result))


def document(result: Result) -> Page:
    """The page's content, in the order in which it is read."""
    binds, *answer = result.answer or ("",)
    return Page(
        title=result.title,
        kicker=f"clustercast training step: {result.name}",
        binds=binds,
        answer=tuple(answer),
        warnings=result.warnings,
        tiles=tiles.tiles(result),
        sections=tuple(_sections(result)),
        foot=_foot(result),
    )


def _sections(result: Result) -> Iterable[Section]:
    """All sections; those of empty tables are left out."""
    yield from conditions_section.sections(result.tables)
    yield from time_sections.sections(result)
    if STEPS in result.tables:
        yield every_gpu.section(result)
    if (experts := experts_section.section(result.tables)) is not None:
        yield experts
    yield memory_section.section(result)
    if roofline.TABLE in result.tables:
        yield roofline.section(result.tables[roofline.TABLE])
    if len(result.traffic):
        traffic = table("traffic", result.traffic, TRAFFIC)
        yield Section("traffic", "Traffic", "Traffic", (terms.LEADS["traffic"],), (traffic,))
    if (network := network_section.section(result.tables)) is not None:
        yield network
    if len(result.cost):
        yield Section("cost", "Cost", "Cost", (), tuple(_money(result)))
    yield intervals_section.section(result.tables)
    extra = tuple(
        table(name, frame, EXTRA.get(name, Look(name)))
        for name, frame in result.tables.items()
        if len(frame) and name not in DRAWN_ELSEWHERE
    )
    if extra:
        yield Section("more", "Why ranks wait", "Why ranks wait, and what else was tried", (), extra)
    figures = tiles.definitions(result.headline)
    yield Section("figures", "Definitions", "Figures and definitions", (terms.LEADS["figures"],), (figures,))
    yield assumed(result.assumptions)
    yield Section("words", "Words", "Words used", (), (Terms(terms.TRAINING),))
    yield reproduced(result.reproduction, "scenario")


def _money(result: Result) -> Iterable[Table]:
    """What the run pays for, then what its network costs to buy: never added."""
    yield table("cost", result.cost, COST)
    bought = result.tables.get(NETWORK_BILL)
    if bought is not None and len(bought):
        whole = words.quantity(float(bought["total_usd"].sum()), "USD")
        yield table(NETWORK_BILL, bought, replace(BOUGHT, note=f"All together {whole}. {BOUGHT.note}"))


def _foot(result: Result) -> tuple[str, ...]:
    """Who wrote the page, and which files belong to it."""
    version = result.reproduction.versions.get("clustercast", "")
    return (
        f"Written by clustercast {version}, scenario {result.reproduction.digest[:12]}.".replace(" ,", ","),
        "Beside this report: result.json (all figures and tables), tables/ (CSV), scenario.yaml, and timeline.json, "
        "which opens in Perfetto (ui.perfetto.dev) or chrome://tracing.",
    )
