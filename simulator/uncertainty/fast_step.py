"""A training step's headline figures as a fast function of its uncertain inputs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulator.collectives import Links
from simulator.estimates.choices import Choice
from simulator.estimates.estimator import Estimator
from simulator.headline import figures
from simulator.network import links_of
from simulator.uncertainty.scenario_inputs import ScenarioInputs, inputs_of
from workloads.scenario import Scenario

Floats = NDArray[np.float64]

KEPT = (
    "the cut into stages, the draws of uneven loads and, where flows collide, the share of a port's rate that is left "
    "to them are those of the nominal values",
    "MFU is over the nominal peak, which is its definition",
    "choices of the job and the layout, expert loads and their variation among them, are not varied",
)
"""What a sample does not do anew."""


@dataclass(frozen=True, slots=True)
class FastStep:
    """Headline figures of a scenario's step for given factors on its inputs.

    nominal   the scenario, its stages cut once and for all;  collided   share of the network's rates, large messages
              and small, that collisions leave
    """

    inputs: ScenarioInputs
    choice: Choice
    collided: tuple[float, float] | None
    metrics: tuple[str, ...]

    @property
    def nominal(self) -> Scenario:
        """The scenario at its nominal values."""
        return self.inputs.scenario

    def __call__(self, factors: Floats) -> Floats:
        """Every headline figure of each sample; factors [sample, input]; returns [sample, metric]."""
        return np.array([self._one(row) for row in factors.tolist()])

    def _one(self, factors: list[float]) -> list[float]:
        """The figures of one sample."""
        scenario = self.inputs.put(factors)
        found = Estimator(scenario, self._links).parts(self.choice)
        parts_s = {part: max(seconds, 0.0) for part, seconds in found.parts_s.items()}
        told = self.nominal.model_copy(update={"price": scenario.price})
        named = figures(told, found.step_s, parts_s, found.memory_bytes)
        return [named[metric].value for metric in self.metrics]

    def _links(self, scenario: Scenario) -> Links:
        """The sample's links, with what collisions leave of them at the nominal values."""
        plain = _plain(scenario)
        if self.collided is None:
            return plain
        large, small = self.collided
        return replace(
            plain,
            network_bytes_per_s=plain.network_bytes_per_s * large,
            port_bytes_per_s=plain.port_bytes_per_s * small,
        )


def fast_step(scenario: Scenario) -> FastStep:
    """Prepare a scenario: find its inputs, cut its stages, follow its flows once. Raises as `Estimator.parts`."""
    choice = Choice(scenario.layout, scenario.job.sequences_per_micro_batch, scenario.job.recompute)
    estimator = Estimator(scenario)
    found = estimator.parts(choice)
    named = figures(scenario, found.step_s, found.parts_s, found.memory_bytes)
    layout = scenario.layout.model_copy(update={"layers_per_stage": estimator.layers_per_stage(choice)})
    collided = None
    if scenario.cluster.collides:
        plain, links = _plain(scenario), next(iter(estimator.links.values()))
        large = links.network_bytes_per_s / plain.network_bytes_per_s
        collided = (large, links.port_bytes_per_s / plain.port_bytes_per_s)
    return FastStep(inputs_of(scenario), choice._replace(layout=layout), collided, tuple(named))


def _plain(scenario: Scenario) -> Links:
    """A scenario's links without collisions."""
    cluster = scenario.cluster
    return links_of(cluster.node, cluster.nodes, cluster.topology)
