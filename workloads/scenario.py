"""A scenario: which model on which cluster, how it is laid out, what is to be done, at what price."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from topologies.catalogue import BUILT_IN, Catalogue, FromCatalogue, Root, built_in, open_catalogue
from topologies.discovery import Discovered
from topologies.hardware import Node
from topologies.kinds.base import TopologySpec
from topologies.problems import FieldErrors
from topologies.spec import Spec, load
from topologies.units import Count
from workloads.fit import Demands, misfits
from workloads.jobs.training import Training
from workloads.layout import Layout
from workloads.model import ModelSpec
from workloads.price import Price

FOLDER = Path(__file__).parent
SCENARIOS = FOLDER / "scenarios"


class Cluster(Spec):
    """Identical nodes on one network."""

    node: Annotated[Node, FromCatalogue("nodes")]
    nodes: Count
    topology: Annotated[TopologySpec, Discovered("topologies.kinds")]

    @model_validator(mode="after")
    def _fits_the_network(self) -> Self:
        """Every network port finds a place; the topology says what would fit."""
        self.topology.count(self.nodes * self.node.nics)
        return self

    @property
    def gpus(self) -> int:
        """GPUs in all."""
        return self.nodes * self.node.gpus


class Scenario(Spec):
    """One question to the simulator, with every value put in.

    seed   the one source of randomness
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    title: str = ""
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
        )

    @model_validator(mode="after")
    def _layout_fits(self) -> Self:
        """Refuse a layout that cluster, model or batch do not allow, with all reasons at once."""
        if found := misfits(self.layout, self.demands):
            raise FieldErrors((f"layout.{misfit.field}", misfit.message) for misfit in found)
        return self


def catalogue(scenario: Path | None = None, folders: tuple[Path, ...] = ()) -> Catalogue:
    """Everything that may be named: the folders given, those beside the scenario and of the user, the built-in."""
    return open_catalogue(scenario, folders, (*built_in(), Root(FOLDER, BUILT_IN)))


def load_scenario(path: Path, folders: tuple[Path, ...] = ()) -> Scenario:
    """Read a scenario file; raises InvalidInput with every error of the file."""
    return load(path, Scenario, catalogue(path, folders))
