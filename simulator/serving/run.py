"""From a service to its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from simulator.refusal import Refused
from simulator.result import Figure, Reproduction
from simulator.serving.answers import answers
from simulator.serving.asked import asked_of
from simulator.serving.elsewhere.answered import elsewhere, is_elsewhere
from simulator.serving.figures import figures
from simulator.serving.fleet_day import fleet_day
from simulator.serving.fleet_found import found_fleet
from simulator.serving.planning import ServicePlan, plan_service
from simulator.serving.requests_played import Say, Served, played_service
from simulator.serving.result import ServiceResult
from simulator.serving.stands_on import assumptions
from simulator.serving.steady_tables import tables
from simulator.summary import versions
from topologies.spec import digest, dump
from workloads.service import Service

Figures = Mapping[str, Figure]
Tables = Mapping[str, pd.DataFrame]


def serve(service: Service, command: str = "", say: Say = lambda _: None) -> ServiceResult:
    """Work out a service. command   how it was asked for

    Raises Refused for what would be ignored, DoesNotFit where a unit's weights, or the sequences asked for, do not fit.
    """
    _admit(service)
    if is_elsewhere(service):
        say("Timing steps")
        other = elsewhere(service)
        return _result(service, command, (other.figures, other.tables, other.answer))
    say("Planning")
    plan = plan_service(service)
    say("Timing steps")
    found, headline = tables(plan), figures(plan)
    said = answers(plan, found, headline)
    first: list[str] = []
    for more in _more(plan, say):
        headline, found = {**headline, **more.figures}, {**found, **more.tables}
        first += more.answer
    said = (*first, *said)
    return _result(service, command, (headline, found, said))


def _admit(service: Service) -> None:
    """Raise Refused for what of the cluster a service would ignore."""
    cluster = service.cluster
    if cluster.faults:
        raise Refused("cluster.faults: what is broken slows no service yet; leave it out")
    if cluster.topology.routing != "spray":
        how = cluster.topology.routing
        raise Refused(f"cluster.topology.routing: {how}: flows of a service do not collide yet; write spray")


def _result(service: Service, command: str, worked_out: tuple[Figures, Tables, Sequence[str]]) -> ServiceResult:
    """All that is told of a service."""
    headline, found, said = worked_out
    return ServiceResult(
        name=service.name,
        title=", ".join([service.title or service.name, *service.changes]),
        headline=headline,
        answer=tuple(said),
        warnings=tuple(_warnings(service)),
        tables=found,
        assumptions=assumptions(service),
        reproduction=Reproduction(dump(service), digest(service), versions(), service.seed, command),
        promises=service.promises,
    )


def _more(plan: ServicePlan, say: Say) -> Iterator[Served]:
    """What is asked beyond steps: requests one by one, the fleet for them, its day. Raises Refused or InvalidInput."""
    service = plan.service
    requests = None
    if service.traffic is not None:
        say("Drawing requests")
        requests = service.traffic.requests(service.seed)
    if requests is not None and _whole_service(plan):
        yield played_service(plan, requests, say)
    if service.search is None and service.demand is None:
        return
    asked = asked_of(service, requests)
    told, best = found_fleet(service, asked, say)
    yield told
    yield fleet_day(service, asked, best, say)


def _whole_service(plan: ServicePlan) -> bool:
    """Whether the units that there are answer requests from beginning to end; a fleet may be searched without them."""
    return plan.service.search is None or set(plan.units) in ({"whole"}, {"prefill", "decode"})


def _warnings(service: Service) -> Iterator[str]:
    """What a reader should know before using the numbers."""
    gpu, priced = service.cluster.node.gpu.name, service.price.gpu
    if gpu != priced:
        yield f"The price {service.price.name} is for {priced}, but the cluster has {gpu}: only a stand-in."
    idle = service.cluster.gpus - service.gpus
    if idle:
        yield f"{idle} of {service.cluster.gpus} GPUs belong to no unit; their rent is in no figure."
