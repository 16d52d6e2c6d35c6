"""From a service to its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.result import Reproduction
from simulator.serving.answers import answers
from simulator.serving.figures import figures
from simulator.serving.planning import plan_service
from simulator.serving.result import ServiceResult
from simulator.serving.stands_on import assumptions
from simulator.serving.steady_tables import tables
from simulator.summary import versions
from topologies.spec import digest, dump
from workloads.service import Service


def serve(service: Service, command: str = "", say: Callable[[str], None] = lambda _: None) -> ServiceResult:
    """Work out a service. command   how it was asked for

    Raises DoesNotFit where a unit's weights, or the sequences asked for, do not fit.
    """
    say("Planning")
    plan = plan_service(service)
    say("Timing steps")
    found, headline = tables(plan), figures(plan)
    return ServiceResult(
        name=service.name,
        title=", ".join([service.title or service.name, *service.changes]),
        headline=headline,
        answer=answers(plan, found, headline),
        warnings=tuple(_warnings(service)),
        tables=found,
        assumptions=assumptions(service),
        reproduction=Reproduction(dump(service), digest(service), versions(), service.seed, command),
        promises=service.promises,
    )


def _warnings(service: Service) -> Iterator[str]:
    """What a reader should know before using the numbers."""
    gpu, priced = service.cluster.node.gpu.name, service.price.gpu
    if gpu != priced:
        yield f"The price {service.price.name} is for {priced}, but the cluster has {gpu}: only a stand-in."
    idle = service.cluster.gpus - service.gpus
    if idle:
        yield f"{idle} of {service.cluster.gpus} GPUs belong to no unit; their rent is in no figure."
