"""Which units a search for the cheapest fleet tries: values of their fields, in all combinations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from topologies.fields import Named
from topologies.problems import FieldErrors, meant
from topologies.spec import Spec
from topologies.units import Count
from workloads.serving_unit import DecodeUnit, PrefillUnit, Unit, WholeUnit

Value = str | int | float | bool
Values = Annotated[tuple[Value, ...], Field(min_length=1)]
Grid = Named[Values]


class FleetSearch(Spec):
    """Values of fields of a service's units, by dotted path; fields that are not named stay as the service has them.

    prefill, decode, whole   values to try, all combinations; a kind that the service lacks is refused by whoever asks
    most_gpus                that the fleet may have
    `ep` alone also sets `gpus`: the experts are shared by all GPUs of the unit.
    """

    KINDS: ClassVar[Mapping[str, type[Unit]]] = {"prefill": PrefillUnit, "decode": DecodeUnit, "whole": WholeUnit}
    most_gpus: Count
    prefill: Grid = Field(default_factory=dict, validate_default=True)
    decode: Grid = Field(default_factory=dict, validate_default=True)
    whole: Grid = Field(default_factory=dict, validate_default=True)

    @model_validator(mode="after")
    def _names_are_fields(self) -> Self:
        """Every path begins with a field of the unit, and `units` is what is searched for, not given."""
        found = []
        for kind, unit in self.KINDS.items():
            for path in getattr(self, kind):
                first = path.split(".")[0]
                if first == "units":
                    found.append((f"{kind}.{path}", "how many units there are is what the search finds: leave it out"))
                elif first not in unit.model_fields:
                    found.append((f"{kind}.{path}", f"no field of a unit{meant(first, sorted(unit.model_fields))}"))
        if found:
            raise FieldErrors(found)
        return self

    def variants(self, kind: str) -> Iterator[dict[str, Value]]:
        """Changes of a kind's unit, one after the other, the last field changing fastest; one empty one for none."""
        grid: Mapping[str, tuple[Value, ...]] = getattr(self, kind)
        for values in product(*grid.values()):
            changes = dict(zip(grid, values, strict=True))
            yield {"gpus": changes["ep"], **changes} if "ep" in changes and "gpus" not in changes else changes
