"""A service: which model answers whose requests on which units of a cluster, and what is promised."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from topologies.catalogue import Catalogue, FromCatalogue
from topologies.discovery import Discovered
from topologies.problems import FieldErrors, InvalidInput, Problem, listed
from topologies.spec import Spec, load
from topologies.units import Count, CountOrZero, Seconds, Share
from workloads.autoscaling import Autoscaling
from workloads.demand import Demand
from workloads.divide import nearest_divisors
from workloads.fleet_search import FleetSearch
from workloads.handling import Handling
from workloads.model import ModelSpec
from workloads.price import Price
from workloads.scenario import FOLDER, Cluster, catalogue
from workloads.serving_unit import DecodeUnit, PrefillUnit, Unit, WholeUnit
from workloads.token_price import TokenPrices
from workloads.traffic_kind import TrafficSpec

SERVICES = FOLDER / "services"
KINDS = ("prefill", "decode", "whole")


class Typical(Spec):
    """The request that a steady step is made of.

    input_tokens    of the prompt;  output_tokens   generated: a sequence has half of them, on average
    cached_share    of the prompt, what is in a cache already
    """

    input_tokens: Count
    output_tokens: CountOrZero = 0
    cached_share: Annotated[Share, Field(lt=1)] = 0.0

    @property
    def mean_kv_tokens(self) -> float:
        """Tokens that a sequence has cached on average while it is answered."""
        return self.input_tokens + self.output_tokens / 2


class Promises(Spec):
    """What a request is promised.

    ttft_s   time to the first token;  tpot_s   time per output token after it, mean of a request
    share    of the requests that are to get both
    """

    ttft_s: Seconds
    tpot_s: Seconds
    share: Annotated[Share, Field(gt=0, lt=1)] = 0.9


class Service(Spec):
    """One question to the serving simulator.

    prefill, decode   units that read prompts and units that write answers; one alone is timed by itself
    whole             units that do both; instead of the two
    typical           what a steady step holds
    traffic           requests that are played one by one; null: only steady steps are looked at
    handling          what happens to them beside their steps
    demand            tokens of a day, and when in the day: what nodes, rent and income follow from
    token_prices      what users pay;  autoscaling   how a fleet follows the day
    search            which units to try: the cheapest fleet that keeps the promises is found
    """

    group: ClassVar[str] = "services"
    name: Annotated[str, Field(min_length=1, max_length=200)]
    title: str = ""
    changes: tuple[str, ...] = ()
    model: Annotated[ModelSpec, FromCatalogue("models")]
    cluster: Cluster
    prefill: PrefillUnit | None = None
    decode: DecodeUnit | None = None
    whole: WholeUnit | None = None
    typical: Typical
    traffic: Annotated[TrafficSpec, Discovered("workloads.traffics")] | None = None
    handling: Handling = Handling()
    promises: Promises | None = None
    demand: Annotated[Demand, FromCatalogue("demands")] | None = None
    token_prices: Annotated[TokenPrices, FromCatalogue("token-prices")] | None = None
    autoscaling: Autoscaling | None = None
    search: FleetSearch | None = None
    price: Annotated[Price, FromCatalogue("prices")]
    seed: Annotated[int, Field(ge=0)] = 0

    @property
    def units(self) -> Mapping[str, Unit]:
        """Kinds of units that are there, by their field."""
        kinds: dict[str, Unit | None] = {"prefill": self.prefill, "decode": self.decode, "whole": self.whole}
        return {name: unit for name, unit in kinds.items() if unit is not None}

    @property
    def gpus(self) -> int:
        """GPUs of all units."""
        return sum(unit.units * unit.gpus for unit in self.units.values())

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse units that cluster or model do not allow, with all reasons at once."""
        found = [*self._kinds(), *self._places(), *self._needed()]
        for name, unit in self.units.items():
            found += [(f"{name}.{field}", why) for field, why in self._on_model(unit)]
        if found:
            raise FieldErrors(found)
        return self

    def _kinds(self) -> Iterator[tuple[str, str]]:
        """Kinds of units that do not go together."""
        if not self.units:
            yield "prefill", "no units: describe `prefill` and `decode`, one of them, or `whole`"
        if self.whole is not None and len(self.units) > 1:
            yield "whole", "units that do both stand alone: leave `prefill` and `decode` out, or `whole`"

    def _needed(self) -> Iterator[tuple[str, str]]:
        """Parts that mean nothing without others."""
        needs = [("token_prices", "demand"), ("autoscaling", "demand"), ("autoscaling", "promises")]
        needs += [("search", "promises")]
        for one, other in needs:
            if getattr(self, one) is not None and getattr(self, other) is None:
                yield one, f"needs `{other}`, which is missing: write both or neither"
        if self.traffic is None and self.search is None and self.handling != Handling():
            yield "handling", "says what happens to requests, but there are none: write `traffic`, or leave it out"
        for field, why in self.handling.ignored(self.units):
            yield f"handling.{field}", why
        if self.search is not None and self.traffic is None and self.demand is None:
            yield "search", "needs `traffic` or `demand`: what the fleet is to serve"
        if (self.demand or self.search) and not self.typical.output_tokens:
            yield "typical.output_tokens", "is 0, but a fleet is to be sized: write what a request gets as an answer"

    def _places(self) -> Iterator[tuple[str, str]]:
        """Units that the cluster has no place for."""
        if self.gpus > self.cluster.gpus:
            asked = " + ".join(f"{unit.units} x {unit.gpus} ({name})" for name, unit in self.units.items())
            yield "cluster.nodes", f"units take {asked} = {self.gpus} GPUs, but the cluster has {self.cluster.gpus}"

    def _on_model(self, unit: Unit) -> Iterator[tuple[str, str]]:
        """Sizes that the model does not allow."""
        heads, experts = self.model.dims().attention.heads, self.model.experts
        if heads % unit.tp:
            yield "tp", f"read `{unit.tp}`; it must divide {heads} heads: use {nearest_divisors(heads, unit.tp)}"
        if experts is None:
            if unit.ep > 1:
                yield "ep", f"read `{unit.ep}`; {self.model.name} has no routed experts: write 1"
            return
        yield from self._copying(unit)
        slots = unit.slots(experts.gate.experts)
        if unit.ep > 1 and slots % unit.ep:
            spare = -experts.gate.experts % unit.ep
            yield (
                "eplb.redundant_experts" if unit.eplb else "ep",
                f"{slots} experts and replicas do not share out over ep = {unit.ep}; with "
                f"eplb.redundant_experts: {spare} they would",
            )
        if unit.ep == 1 and experts.width % unit.tp:
            yield "tp", f"read `{unit.tp}`; it must divide the experts' width {experts.width}"

    def _copying(self, unit: Unit) -> Iterator[tuple[str, str]]:
        """Multiprocessors for normal all-to-all kernels that a GPU does not have, or of which nobody copies tokens."""
        gpu, held = self.cluster.node.gpu, unit.communication_sms
        if unit.all_to_all != "normal" or unit.ep == 1:
            return
        channel = gpu.kernels.all_to_all.normal.sms_per_channel
        if held >= gpu.sms:
            yield "communication_sms", f"read `{held}`; it leaves none of the {gpu.sms} of a {gpu.name}"
        elif held < channel:
            library = gpu.kernels.all_to_all.name
            yield (
                "communication_sms",
                f"read `{held}`; a channel of {library} takes {channel}: nobody would copy tokens to their experts",
            )


def load_service(path: Path, folders: tuple[Path, ...] = ()) -> Service:
    """Read a service's file; raises InvalidInput with every error of the file."""
    return load(path, Service, catalogue(path, folders))


def changed_service(service: Service, changes: Mapping[str, object], names: Catalogue | None = None) -> Service:
    """The service with dotted paths set, checked again, which says what was changed; raises InvalidInput."""
    if problems := list(of_units_not_there(service, changes)):
        raise InvalidInput(problems)
    told = (*service.changes, *(f"{path}={as_told(value)}" for path, value in changes.items()))
    return service.with_changes({**changes, "changes": told}, names if names is not None else catalogue())


def of_units_not_there(service: Service, changes: Mapping[str, object]) -> Iterator[Problem]:
    """Changes of a field of units that the service does not have, and that the changes do not describe."""
    for path in changes:
        kind, _, field = path.partition(".")
        if kind in KINDS and field and kind not in service.units and not {kind, f"{kind}.gpus"} & changes.keys():
            there = listed([f"`{name}`" for name in service.units])
            why = f"this service has no `{kind}` units, only {there}; to add some, give `{kind}.gpus` as well"
            yield Problem("changes", 0, 0, path, why)


def as_told(value: object) -> str:
    """A value as YAML on one line."""
    return json.dumps(value) if isinstance(value, dict | list | tuple | bool) or value is None else str(value)
