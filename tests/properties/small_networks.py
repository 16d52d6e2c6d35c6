"""Topologies of every kind, with small switches."""

from __future__ import annotations

from typing import Literal

from hypothesis import assume
from hypothesis import strategies as st
from pydantic import ValidationError

from topologies.catalogue import Catalogue, built_in
from topologies.drawing import DrawnAttachment, DrawnLink
from topologies.hardware import Switch
from topologies.kinds.base import TopologySpec
from topologies.kinds.dragonfly import Dragonfly
from topologies.kinds.drawn import Drawn
from topologies.kinds.fat_tree import FatTree
from topologies.kinds.mpft import MultiPlaneFatTree
from topologies.kinds.mrft import MultiRailFatTree
from topologies.kinds.nvlink import NvlinkDomain
from topologies.kinds.rail_only import RailOnly
from topologies.kinds.rail_optimised import RailOptimised
from topologies.kinds.slim_fly import SlimFly
from topologies.spec import load_entry

SWITCH = load_entry("switches", "quantum-2", Switch, Catalogue(built_in()))
Trees = FatTree | MultiPlaneFatTree | MultiRailFatTree | RailOptimised


def switch(ports: int) -> Switch:
    """The catalogue's switch with another number of ports."""
    return SWITCH.model_copy(update={"ports": ports})


@st.composite
def trees(draw: st.DrawFn) -> Trees:
    """A fat tree of any kind."""
    small = switch(2 * draw(st.integers(1, 5)))
    layers: Literal[2, 3] = draw(st.sampled_from((2, 3)))
    parts = draw(st.integers(1, 3))
    thin = draw(st.sampled_from((1.0, 1.5, 2.0, 3.0)))
    kind = draw(st.sampled_from((FatTree, MultiPlaneFatTree, MultiRailFatTree, RailOptimised)))
    try:
        if kind is MultiPlaneFatTree:
            return MultiPlaneFatTree(switch=small, layers=layers, planes=parts, oversubscription=thin)
        if kind is MultiRailFatTree:
            return MultiRailFatTree(switch=small, layers=layers, rails=min(parts, 2), oversubscription=thin)
        if kind is RailOptimised:
            core = draw(st.sampled_from((1.0, 2.0)))
            return RailOptimised(switch=small, rails=min(parts, 2), oversubscription=thin, core_oversubscription=core)
        return FatTree(switch=small, layers=layers, oversubscription=thin)
    except ValidationError:
        assume(False)
        raise


@st.composite
def others(draw: st.DrawFn) -> TopologySpec:
    """A topology that is no tree."""
    parts = draw(st.integers(1, 3))
    sizes = [draw(st.integers(1, 3)) for _ in range(3)]
    groups = draw(st.integers(1, sizes[1] * sizes[2] + 1))
    made: list[TopologySpec] = [
        RailOnly(switch=switch(draw(st.integers(2, 9))), rails=parts),
        NvlinkDomain(switch=switch(8), gpus=draw(st.integers(1, 8)), nvswitches=parts, links_per_gpu=parts),
        SlimFly(switch=switch(11), q=draw(st.sampled_from((3, 4, 5)))),
        Dragonfly(
            switch=switch(max(2, sum(sizes) - 1)),
            endpoints_per_switch=sizes[0],
            switches_per_group=sizes[1],
            global_links=sizes[2],
            groups=groups,
        ),
        drawn_ring(3 + parts, parts),
    ]
    return draw(st.sampled_from(made))


def drawn_ring(switches: int, endpoints: int) -> Drawn:
    """A ring of switches, drawn by hand."""
    names = [f"s{place}" for place in range(switches)]
    return Drawn(
        switch=switch(8),
        switches=tuple(names),
        links=tuple(DrawnLink(between=(a, b)) for a, b in zip(names, names[1:] + names[:1], strict=True)),
        endpoints=tuple(DrawnAttachment(switch=name, count=endpoints) for name in names),
    )


@st.composite
def networks(draw: st.DrawFn) -> tuple[TopologySpec, int]:
    """A topology of any kind and a number of endpoints that it holds."""
    topology = draw(st.one_of(trees(), others()))
    return topology, draw(st.integers(1, topology.full_size))
