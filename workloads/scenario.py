"""A scenario: which model on which cluster, how it is laid out, what is to be done, at what price."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from topologies.catalogue import BUILT_IN, Catalogue, FromCatalogue, Root, built_in, open_catalogue
from topologies.discovery import Discovered
from topologies.hardware import Node
from topologies.kinds.base import TopologyError, TopologySpec
from topologies.problems import FieldErrors
from topologies.spec import Spec, load
from topologies.units import Count
from workloads.faults import NetworkFault
from workloads.fit import Demands, misfits
from workloads.jobs.training import Training
from workloads.layout import Layout
from workloads.model import ModelSpec
from workloads.price import Price

FOLDER = Path(__file__).parent
SCENARIOS = FOLDER / "scenarios"


class Cluster(Spec):
    """Identical nodes on one network.

    faults   what of the network is down or slow while the step runs
    """

    node: Annotated[Node, FromCatalogue("nodes")]
    nodes: Count
    topology: Annotated[TopologySpec, Discovered("topologies.kinds")]
    faults: tuple[NetworkFault, ...] = ()

    @model_validator(mode="after")
    def _fits_the_network(self) -> Self:
        """Every network port finds a place, and nodes can reach each other."""
        try:
            self.topology.endpoints_of(self.node, self.nodes)
        except TopologyError as error:
            raise FieldErrors([("topology", str(error))]) from None
        return self

    @property
    def collides(self) -> bool:
        """Whether flows may collide or meet what is broken; sprayed packets on a whole full tree follow from counts."""
        topology = self.topology
        if topology.routing != "spray" or self.faults or not topology.carries_any:
            return True
        return topology.uniform_ratio(topology.endpoints_of(self.node, self.nodes)) < 1

    @property
    def gpus(self) -> int:
        """GPUs in all."""
        return self.nodes * self.node.gpus


class Scenario(Spec):
    """One question to the simulator, with every value put in.

    changes   what was changed of the file, as a reader is told ("cluster.nodes=128")
    seed      the one source of randomness
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    title: str = ""
    changes: tuple[str, ...] = ()
    model: Annotated[ModelSpec, FromCatalogue("models")]
    cluster: Cluster
    job: Annotated[Training, Discovered("workloads.jobs")]
    layout: Layout
    price: Annotated[Price, FromCatalogue("prices")]
    seed: Annotated[int, Field(ge=0)] = 0

    @property
    def demands(self) -> Demands:
        """What model, cluster and job bring to the layout."""
        dims = self.model.dims()
        return Demands(
            gpus=self.cluster.gpus,
            layers=dims.layers,
            heads=dims.attention.heads,
            experts=dims.experts.gate.experts if dims.experts else 0,
            sequence_tokens=self.job.sequence_length,
            global_batch_sequences=self.job.sequences_per_step,
            micro_batch_sequences=self.job.sequences_per_micro_batch,
            expert_width=dims.experts.inter if dims.experts else 0,
            gpus_per_node=self.cluster.node.gpus * min(self.cluster.node.nvlink_nodes or 1, self.cluster.nodes),
        )

    @model_validator(mode="after")
    def _layout_fits(self) -> Self:
        """Refuse a layout that cluster, model or batch do not allow, with all reasons at once."""
        found = [(f"layout.{misfit.field}", misfit.message) for misfit in misfits(self.layout, self.demands)]
        if found := [*found, *self._unrated()]:
            raise FieldErrors(found)
        return self

    def _unrated(self) -> list[tuple[str, str]]:
        """A number format that the GPU has no rate for."""
        gpu = self.cluster.node.gpu
        if self.model.linear_format != "fp8" or gpu.fp8_flop_per_s is not None:
            return []
        return [("model", f"linear_format: fp8, but the GPU {gpu.name} has no FP8 rate; write linear_format: bf16")]


class Setting(Scenario):
    """A scenario whose layout is still to be found: its own need not fit the cluster."""

    @model_validator(mode="after")
    def _layout_fits(self) -> Self:
        """Refuse only what no layout would mend."""
        if found := self._unrated():
            raise FieldErrors(found)
        return self


def catalogue(scenario: Path | None = None, folders: tuple[Path, ...] = ()) -> Catalogue:
    """Everything that may be named: the folders given, those beside the scenario and of the user, the built-in."""
    return open_catalogue(scenario, folders, (*built_in(), Root(FOLDER, BUILT_IN)))


def changed(scenario: Scenario, changes: Mapping[str, object], names: Catalogue | None = None) -> Scenario:
    """The scenario with dotted paths set, checked again, which says what was changed; raises InvalidInput."""
    told = (*scenario.changes, *(f"{path}={value}" for path, value in changes.items()))
    return scenario.with_changes({**changes, "changes": told}, names if names is not None else catalogue())


def load_scenario(path: Path, folders: tuple[Path, ...] = ()) -> Scenario:
    """Read a scenario file; raises InvalidInput with every error of the file."""
    return load(path, Scenario, catalogue(path, folders))
