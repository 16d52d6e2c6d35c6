"""What a service may ask of a unit whose weights are elsewhere, and what this version would ignore."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.refusal import Refused
from workloads.service import Service
from workloads.serving_unit import WholeUnit
from workloads.weights.streamed import Streamed


def admitted(service: Service) -> WholeUnit:
    """The service's `whole` unit; raises Refused where there is none, or for choices that would be ignored."""
    unit = service.whole
    if unit is None:
        raise Refused(f"{service.name} has no units that both read and write: describe `whole`")
    if found := [*_beyond_steps(service), *_ignored(unit)]:
        raise Refused("; ".join(found))
    return unit


def _beyond_steps(service: Service) -> Iterator[str]:
    """Parts of a service that ask for more than its steps, which is all that is worked out here."""
    for part in ("traffic", "search", "demand"):
        if getattr(service, part) is not None:
            yield f"{part}: only steps are worked out with weights outside of the GPUs, or packed; leave it out"


def _ignored(unit: WholeUnit) -> Iterator[str]:
    """Every choice that would make no difference here, with what to write."""
    split = 1 if isinstance(unit.weights, Streamed) else unit.gpus
    if unit.tp != split:
        how = "streamed weights are whole on each GPU" if split == 1 else "all GPUs split each layer"
        yield f"whole.tp: {unit.tp}, but {how}; write {split}"
    if unit.ep != 1:
        yield f"whole.ep: {unit.ep} is not simulated with weights.kind: {_kind(unit)}; write 1"
    if unit.speculation is not None:
        yield "whole.speculation is not simulated with weights outside of the GPUs; leave it out"
    if unit.precision.weights != "fp8":
        yield f"whole.precision.weights: {unit.precision.weights}, but weights.bits_per_weight says it; leave it out"
    if unit.units != 1:
        yield f"whole.units: {unit.units}, but one unit is timed at a time; write 1"


def _kind(unit: WholeUnit) -> str:
    """Kind of place as a user writes it."""
    return str(getattr(unit.weights, "kind", type(unit.weights).__name__))
