"""A question to the planner about serving: which GPUs, units and how many of them, within promises and limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from topologies.catalogue import FromCatalogue
from topologies.fields import Named
from topologies.problems import FieldErrors, listed, meant
from topologies.spec import Spec
from topologies.units import Count, Seconds, Share, UsdPerS
from workloads.fleet_search import FleetSearch
from workloads.plan_limits import known_networks
from workloads.plan_question import Question, Search
from workloads.price import Price
from workloads.service import Service

Objective = Literal["cost", "gpus", "tpot"]
SHORT = {"nodes": "cluster.nodes", "node": "cluster.node", "gpu": "cluster.node.gpu", "topology": "cluster.topology"}
"""Beginnings of paths that may be written for longer ones."""
FOUND = {
    "cluster.nodes": "how many nodes there are is what is looked for: limits.most_gpus bounds it",
    "search": "give values of the units' fields under fleets",
    "price": "give prices of several GPUs under prices",
}
"""Paths that are not varied, and what to do."""
TPOT = "promises.tpot_s"
CALLED = frozenset({"name", "title", "changes"})


class ServingLimits(Spec):
    """What the answer must keep; what is left out is not limited, or as the service has it.

    most_gpus          of the fleet
    budget_usd_per_s   for its rent
    ttft_s, tpot_s, share   promises in place of the service's
    networks           kinds of topology that may be built
    """

    most_gpus: Count | None = None
    budget_usd_per_s: UsdPerS | None = None
    ttft_s: Seconds | None = None
    tpot_s: Seconds | None = None
    share: Annotated[Share, Field(gt=0, lt=1)] | None = None
    networks: Annotated[tuple[str, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        """Kinds of networks are known."""
        known = known_networks()
        found = [
            ("networks", f"read `{kind}`; allowed: {listed(known)}{meant(kind, known)}")
            for kind in self.networks or ()
            if kind not in known
        ]
        if found:
            raise FieldErrors(found)
        return self


class MostTraffic(Spec):
    """An inverse question: how many times the service's traffic so many nodes carry within the promises."""

    what: Literal["most-traffic"]
    nodes: Count


class ServingQuestion(Question):
    """A question about serving.

    service      model, traffic or demand, promises, units: a shipped name, a file, or `base:` with changes
    objective    one, or several: then the best compromises between them. cost: rent of the fleet; gpus: its GPUs;
                 tpot: the promised time a token, of which `vary` then gives values
    alternatives changes of the service that go together, one set of which holds: a kind of node with its network, units
                 that do both in place of two kinds
    fleets       values of the units' fields to try, as a service's `search`; left out: the service's own
    size_for     of a `demand`, the hour that the fleet is sized for
    limits       what the answer must keep
    find         an inverse question
    prices       of GPUs other than the service's
    """

    service: Annotated[Service, FromCatalogue("services")]
    objective: Annotated[tuple[Objective, ...], Field(min_length=1)] = ("cost",)
    alternatives: tuple[Named[Any], ...] = ()
    fleets: FleetSearch | None = None
    size_for: Literal["peak", "mean"] = "peak"
    limits: ServingLimits = ServingLimits()
    find: MostTraffic | None = None
    prices: tuple[Annotated[Price, FromCatalogue("prices")], ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """Refuse paths that no service has or that are searched anyway, and parts that mean nothing without others."""
        found = [*self._paths(), *self._needs()]
        if found:
            raise FieldErrors(found)
        return self

    def _paths(self) -> list[tuple[str, str]]:
        """What is wrong with the paths of `vary` and of the alternatives."""
        found = [(f"vary.{path}", why) for path in self.vary if (why := wrong_with(path))]
        for at, changes in enumerate(self.alternatives):
            found += [(f"alternatives.{at}.{path}", why) for path in changes if (why := wrong_with(path))]
        return found

    def _needs(self) -> list[tuple[str, str]]:
        """Parts that need another part."""
        found, service = [*self._objectives(), *self._promised(), *self._not_asked()], self.service
        if service.traffic is None and service.demand is None:
            found.append(("service", "needs `traffic` or `demand`: what the fleet is to serve"))
        if not service.typical.output_tokens:
            found.append(("service.typical.output_tokens", "is 0, but a fleet is to be sized: write what answers have"))
        return found

    def _objectives(self) -> Iterator[tuple[str, str]]:
        """Objectives that do not go together, or miss what they choose from."""
        if len(set(self.objective)) < len(self.objective):
            yield "objective", "one of them is given twice"
        if "tpot" in self.objective and TPOT not in self.vary:
            yield "objective", "tpot needs promised times to choose from: vary: {promises.tpot_s: [30 ms, 50 ms]}"
        if self.find is not None and len(self.objective) > 1:
            yield "objective", "an inverse question has one objective"

    def _promised(self) -> Iterator[tuple[str, str]]:
        """Promises that are missing, or given twice."""
        for name in ("ttft_s", "tpot_s"):
            value, varied = getattr(self.limits, name), f"promises.{name}" in self.vary
            if self.service.promises is None and value is None and not varied:
                yield f"limits.{name}", "missing: the service promises nothing, so that one unit would always do"
            if value is not None and varied:
                yield f"limits.{name}", f"is varied: leave it out, or vary.promises.{name}"

    def _not_asked(self) -> Iterator[tuple[str, str]]:
        """What a question about serving would ignore."""
        plain = Search()
        for name in ("method", "most_clusters", "tries", "seed"):
            if getattr(self.search, name) not in (getattr(plain, name), "exhaustive"):
                yield f"search.{name}", "every fleet is weighed, none is drawn: leave it out"
        if self.service.demand is None and self.size_for != "peak":
            yield "size_for", "is for a `demand` with its hours; traffic is played as it comes: leave it out"
        names = [price.gpu for price in self.prices]
        if len(set(names)) < len(names):
            yield "prices", "two are for one GPU"


def full_service_path(path: str) -> str:
    """A path of a service written out: `node` is `cluster.node`."""
    head, dot, rest = path.partition(".")
    return f"{SHORT.get(head, head)}{dot}{rest}"


def wrong_with(path: str) -> str:
    """Why a path of a service cannot be varied; empty where it can."""
    whole = full_service_path(path)
    head = whole.partition(".")[0]
    known = [name for name in Service.model_fields if name not in CALLED]
    if head not in known:
        return f"unknown field `{head}`{meant(head, [*known, *SHORT])}; a path begins with {listed([*known, *SHORT])}"
    for taken, why in FOUND.items():
        if whole == taken or whole.startswith(f"{taken}."):
            return why
    if whole.endswith(".units"):
        return "how many units there are is what is looked for: leave it out"
    return ""
