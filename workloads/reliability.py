"""What fails during a run, how the job comes back, and what else stops it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from topologies.catalogue import FromCatalogue
from topologies.fields import Named
from topologies.spec import Spec
from topologies.units import CountOrZero, Positive, Seconds, SecondsOrZero, Share
from workloads.failure_rates import FailureRates

Slower = Annotated[float, Field(ge=1, allow_inf_nan=False)]
"""How many times as long a step takes."""


class Recovery(Spec):
    """How a job comes back after a failure.

    detection_s      from a failure until all processes have stopped
    restart_s        until steps run again, loading the checkpoint not counted: scheduling, start of all processes,
                     communicators
    spare_nodes      kept beside those that run; a node whose part failed is replaced by one of them
    repair_s         until a failed node is a spare; without a spare the job waits for the next one
    fails            while-running: parts fail while the job runs; always: also while it is down, and a failure during
                     a restart begins it anew
    """

    detection_s: SecondsOrZero
    restart_s: SecondsOrZero
    spare_nodes: CountOrZero
    repair_s: Seconds
    fails: Literal["while-running", "always"] = "always"


class SilentCorruption(Spec):
    """Wrong numbers that no part reports: work since the last checkpoint before them is lost when they are found.

    found_s          from the first wrong number until it is known
    detected_share   of such failures, those that hardware reports at once, so that they stop the job as others do
    """

    found_s: SecondsOrZero
    detected_share: Share = 0.0


class Stragglers(Spec):
    """Nodes that become slow and slow all.

    node_between_s   mean time between two times that one node becomes slow
    slowdown_ratio   how many times as long a step takes meanwhile
    found_s          until it is known which node it is; as soon as a spare is free it is then replaced: checkpoint,
                     restart, no work lost
    """

    node_between_s: Seconds
    slowdown_ratio: Slower
    found_s: Seconds


class NetworkLoss(Spec):
    """A network of several planes, where a lost link or switch slows the job instead of stopping it.

    slowdown_ratio   how many times as long a step takes with one such loss; each further one adds as much
    repair_s         until it is mended
    """

    slowdown_ratio: Slower
    repair_s: Seconds


class Pause(Spec):
    """Steps wait at equal intervals, for example for an evaluation or for data.

    interval_s   of work between two, rounded to whole steps;  length_s   of each
    """

    interval_s: Seconds
    length_s: SecondsOrZero


class Reliability(Spec):
    """What interrupts a run.

    rate_ratio     all failure rates as multiples of those observed
    silent         what silent failures do; needed where `rates` has any
    stragglers, network_loss   absent: nodes do not become slow; a lost link or switch stops the job
    planned        planned interruptions: checkpoint, so long down, restart
    pauses         steps wait, the job stays up
    """

    rates: Annotated[FailureRates, FromCatalogue("failure-rates")]
    rate_ratio: Positive = 1.0
    recovery: Recovery
    silent: SilentCorruption
    stragglers: Stragglers | None = None
    network_loss: NetworkLoss | None = None
    planned: Pause | None = None
    pauses: Named[Pause] = Field(default_factory=dict, validate_default=True)
