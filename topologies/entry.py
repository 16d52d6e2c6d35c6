"""What every entry of the catalogue has: a name, a title, and a source for each value."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from topologies.fields import Named
from topologies.problems import FieldErrors
from topologies.spec import Spec
from topologies.units import Share


class Provenance(Spec):
    """Where a value comes from, and how far it may be off."""

    basis: Literal["published", "measured", "derived", "assumed"]
    source: Annotated[str, Field(min_length=1)]
    spread: Share | None = None
    """Relative half width of the interval that holds 9 values of 10."""


class Entry(Spec):
    """An entry of the catalogue: a named thing whose every value has a source."""

    group: ClassVar[str]
    name: str
    title: str
    sources: Named[Provenance]
    notes: str = ""

    @model_validator(mode="after")
    def _every_value_has_a_source(self) -> Self:
        """Each value that is set is named in `sources`, itself or by a path above it."""
        told = {"name", "title", "sources", "notes"}
        values = {name for name in type(self).model_fields if name not in told}
        unknown = [key for key in self.sources if key.split(".")[0] not in values]
        if unknown:
            raise FieldErrors([("sources", f"`sources` names {', '.join(unknown)}, which is no field of this entry")])
        bare = [name for name in sorted(values) if self._needs_source(name)]
        if bare:
            raise FieldErrors([("sources", f"no source for {', '.join(bare)}; add them under `sources`")])
        return self

    def _needs_source(self, name: str) -> bool:
        """True for a value of this entry's own, other than its default, that `sources` does not speak of."""
        value, usual = getattr(self, name), type(self).model_fields[name].default
        own = value is not None and value != usual and not isinstance(value, Entry)
        return own and not any(key.split(".")[0] == name for key in self.sources)

    def provenance(self, field: str) -> Provenance | None:
        """Source of a field by dotted path; a source given for a whole part holds for everything in it."""
        parts = field.split(".")
        paths = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((self.sources[path] for path in paths if path in self.sources), None)
