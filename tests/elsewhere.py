"""Models, nodes and rigs of serving with weights outside of the GPUs, as its tests use them."""

from __future__ import annotations

from functools import cache

from simulator.serving.elsewhere.layers import Batch
from simulator.serving.elsewhere.rig import Rig, rig
from simulator.serving.elsewhere.step import Case, Step, step
from topologies.hardware import Node
from topologies.spec import load_entry
from workloads.model import ModelSpec
from workloads.scenario import catalogue
from workloads.serving_unit import WholeUnit
from workloads.weights.base import WeightsSpec


@cache
def model(name: str, top_k: int = 0) -> ModelSpec:
    """A model of the catalogue; top_k   experts that a token chooses, as released if 0."""
    found = load_entry("models", name, ModelSpec, catalogue())
    return found.with_changes({"experts.gate.top_k": top_k}) if top_k else found


@cache
def node(name: str, host: str = "", sockets: int = 0) -> Node:
    """A node of the catalogue; host, sockets   instead of its own."""
    found = load_entry("nodes", name, Node, catalogue())
    found = found.with_changes({"host": host}, catalogue()) if host else found
    return found.with_changes({"host.sockets": sockets}, catalogue()) if sockets else found


@cache
def h100s(gpus: int, host: str = "xeon-8480c") -> Rig:
    """Some GPUs of a DGX H100."""
    return rig(WholeUnit(gpus=gpus, cuda_graphs=True), node("h100-node", host))


@cache
def alone(name: str, sockets: int = 0) -> Rig:
    """The one GPU of a node."""
    return rig(WholeUnit(gpus=1, cuda_graphs=True), node(name, sockets=sockets))


def decoded(spec: ModelSpec, own: Rig, weights: WeightsSpec, sequences: int = 1, past: int = 500) -> Step:
    """One step in which each sequence gets a token."""
    return step(Case(spec, own, weights), Batch(sequences, 1, past))
