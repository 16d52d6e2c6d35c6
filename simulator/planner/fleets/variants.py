"""Services that a question about serving weighs against each other: what is varied, and what each costs at least."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from simulator.planner.fleets.floor import floor_usd_per_s
from simulator.refusal import Refused
from simulator.serving.asked import Asked, asked_of
from topologies.catalogue import Catalogue
from topologies.problems import InvalidInput, Problem
from topologies.units import AS_TEXT, parse
from workloads.fleet_search import FleetSearch
from workloads.price import Price
from workloads.service import Promises, Service, changed_service
from workloads.serving_question import ServingQuestion, full_service_path

NETWORK = "network: a kind that the limits do not allow"
NONE = "none"
REFUSED = "refused: the service cannot be so"


@dataclass(frozen=True)
class Variant:
    """A service with one value of everything that is varied.

    told    short path -> value, as a reader is told;  wanted   units that are tried on it
    asked   what it is to serve;  floor_usd_per_s   that no fleet of it can be cheaper than
    """

    told: Mapping[str, str]
    service: Service
    wanted: FleetSearch
    asked: Asked
    floor_usd_per_s: float

    @property
    def place(self) -> str:
        """What distinguishes it, in words."""
        return ", ".join(f"{path} {value}" for path, value in self.told.items() if value != NONE)


@dataclass
class Variants:
    """All of them, and how many were left out for which reason, with an example each."""

    kept: list[Variant] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    why: dict[str, str] = field(default_factory=dict)

    def leave_out(self, reason: str, told: Mapping[str, str], why: str) -> None:
        """Count one that cannot be."""
        self.left_out[reason] += 1
        self.why.setdefault(reason, f"{', '.join(told.values()) or 'the service'}: {why}")


def variants_of(question: ServingQuestion, names: Catalogue | None) -> Variants:
    """Every service that is weighed. Raises Refused where there is none, or a GPU without a price is to be weighed."""
    found, base = Variants(), promising(question)
    for changes in _combinations(question):
        told = {_short(path): _as_told(value) for path, value in changes.items()}
        try:
            service = _changed(base, changes, question, names)
        except InvalidInput as refused:
            found.leave_out(REFUSED, told, str(refused.problems[0].message))
            continue
        kind = service.cluster.topology.kind
        if question.limits.networks is not None and kind not in question.limits.networks:
            found.leave_out(NETWORK, told, kind)
            continue
        found.kept.append(_variant(question, told, service))
    if not found.kept:
        raise Refused("nothing is left to weigh. " + "; ".join(": ".join(pair) for pair in found.why.items()))
    _require_prices(question, found.kept)
    _require_kinds(question, found.kept)
    return found


def promising(question: ServingQuestion) -> Service:
    """The question's service with the promises that the limits put in place of its own."""
    service, limits = question.service, question.limits
    own = service.promises
    ttft_s = limits.ttft_s or (own.ttft_s if own else _first(question, "promises.ttft_s"))
    tpot_s = limits.tpot_s or (own.tpot_s if own else _first(question, "promises.tpot_s"))
    share = limits.share or (own.share if own else Promises.model_fields["share"].default)
    return service.model_copy(update={"promises": Promises(ttft_s=ttft_s, tpot_s=tpot_s, share=share)})


def _first(question: ServingQuestion, path: str) -> float:
    """The first of the times that are tried, until each has its turn. Raises InvalidInput for one that is none."""
    try:
        return parse(str(question.vary[path][0]), "s")
    except ValueError as error:
        raise InvalidInput([Problem("question", 0, 0, f"vary.{path}", str(error))]) from None


def most_gpus(question: ServingQuestion, service: Service) -> int:
    """GPUs that a fleet may have: those of the nodes asked about, the search's, else of the service's own cluster."""
    wanted = question.fleets or question.service.search
    own = question.service.cluster.gpus if wanted is None else wanted.most_gpus
    if question.find is not None:
        own = question.find.nodes * service.cluster.node.gpus
    return min(own, question.limits.most_gpus or own)


def _combinations(question: ServingQuestion) -> Iterator[dict[str, Any]]:
    """Changes of each variant: an alternative, then a value of every path."""
    paths = [full_service_path(path) for path in question.vary]
    for together in question.alternatives or ({},):
        first = {full_service_path(path): value for path, value in together.items()}
        for values in product(*question.vary.values()):
            yield {**first, **dict(zip(paths, values, strict=True))}


def _short(path: str) -> str:
    """A path as columns call it."""
    return path.removeprefix("cluster.").removeprefix("promises.").replace(".", "_")


def _as_told(value: object) -> str:
    """A value in a cell: an entry by the name it is based on, units that are left out as none."""
    if isinstance(value, Mapping):
        if "base" in value:
            return str(value["base"])
        return ", ".join(f"{name} {_as_told(one)}" for name, one in value.items())
    return NONE if value is None else str(value)


def _changed(base: Service, changes: Mapping[str, Any], question: ServingQuestion, names: Catalogue | None) -> Service:
    """The service with changes, on nodes for the largest fleet, at the price of its GPU. Raises InvalidInput."""
    here = {path: value for path, value in changes.items() if path.startswith("cluster.")}
    placed = changed_service(base, {"search": None, **here}, names)
    nodes = -(-most_gpus(question, placed) // placed.cluster.node.gpus)
    service = changed_service(placed, {**changes, "cluster.nodes": max(nodes, base.cluster.nodes)}, names)
    price = _price(question, service) or service.price
    return service.model_copy(update={"price": price, "changes": base.changes})


def _price(question: ServingQuestion, service: Service) -> Price | None:
    """Price of the service's GPU, where one is known."""
    gpu = service.cluster.node.gpu.name
    known = [price for price in (*question.prices, service.price) if price.gpu == gpu]
    return known[0] if known else None


def _require_prices(question: ServingQuestion, kept: list[Variant]) -> None:
    """Raise Refused where GPUs without a price of their own would be weighed by money against others."""
    gpus = {one.service.cluster.node.gpu.name: one.service for one in kept}
    without = sorted(gpu for gpu, service in gpus.items() if service.price.gpu != gpu)
    if without and len(gpus) > 1 and "cost" in question.objective:
        raise Refused(f"prices: none for {', '.join(without)}; give one each, or ask for `objective: [gpus]`")


def _require_kinds(question: ServingQuestion, kept: list[Variant]) -> None:
    """Raise Refused for values of units that no service has."""
    there = {kind for one in kept for kind in one.service.units}
    for kind in FleetSearch.KINDS:
        if question.fleets is not None and getattr(question.fleets, kind) and kind not in there:
            raise Refused(
                f"fleets.{kind}: values to try, but the services have units of {', '.join(sorted(there))} only"
            )


def _variant(question: ServingQuestion, told: Mapping[str, str], service: Service) -> Variant:
    """A service with what it is asked."""
    grid = question.fleets or question.service.search
    own = {kind: getattr(grid, kind) for kind in service.units} if grid is not None else {}
    wanted = FleetSearch(most_gpus=most_gpus(question, service), **own)
    asked = _asked(question, service)
    prepared = service.model_copy(update={"search": wanted})
    return Variant(told, prepared, wanted, asked, floor_usd_per_s(prepared, asked.offered))


def _asked(question: ServingQuestion, service: Service) -> Asked:
    """What is asked of the service, in the hour that it is sized for."""
    requests = service.traffic.requests(service.seed) if service.traffic is not None else None
    asked = asked_of(service, requests)
    if service.demand is None or question.size_for == "mean":
        return asked
    return replace(asked, offered=asked.offered.times(float(service.demand.profile.hourly().max())))


def promises_told(promises: Promises) -> str:
    """Promises as a reader is told."""
    told = promises.model_dump(context=AS_TEXT)
    return f"first token within {told['ttft_s']}, the others every {told['tpot_s']}"
