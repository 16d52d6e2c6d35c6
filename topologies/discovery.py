"""Spec classes chosen by their `kind:`, found in the modules of a package; there is no list to keep."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from topologies.problems import listed, meant, shown


@dataclass(frozen=True, slots=True)
class Discovered:
    """Marks a Spec field whose class is chosen by `kind:` among the Specs in the modules of `package`."""

    package: str

    def classes(self, base: type[BaseModel]) -> Mapping[str, type[BaseModel]]:
        """Class by kind: every subclass of `base` in the package that has a literal `kind`."""
        package = importlib.import_module(self.package)
        modules = (f"{self.package}.{found.name}" for found in pkgutil.iter_modules(package.__path__))
        members = [member for name in sorted(modules) for member in vars(importlib.import_module(name)).values()]
        specs = [m for m in members if isinstance(m, type) and issubclass(m, base) and "kind" in m.model_fields]
        return {kind: spec for spec in specs for kind in get_args(spec.model_fields["kind"].annotation)}

    def refusal(self, base: type[BaseModel], kind: object) -> str:
        """What to say about a `kind` that no module has."""
        known = sorted(self.classes(base))
        if kind is None:
            return f"`kind` is missing; allowed: {listed(known)}"
        return f"read {shown(kind)}; allowed: {listed(known)}{meant(str(kind), known)}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by the class that `kind` names; write the value with the fields of its own class."""

        def validate(value: object, info: ValidationInfo) -> object:
            if isinstance(value, source):
                return value
            if not isinstance(value, Mapping):
                raise PydanticCustomError("mapping", "{why}", {"why": f"read {shown(value)}; write a mapping"})
            spec = self.classes(source).get(str(value.get("kind")))
            if spec is None:
                why = self.refusal(source, value.get("kind"))
                raise PydanticCustomError("kind", "{why}", {"why": why})
            return spec.model_validate(value, context=info.context)

        def write(value: BaseModel, info: core_schema.SerializationInfo) -> object:
            return value.model_dump(mode=info.mode, context=info.context)

        def describe(_: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
            kinds = [handler(spec.__pydantic_core_schema__) for spec in self.classes(source).values()]
            return {"oneOf": [{"required": ["kind"], "allOf": [kind]} for kind in kinds]}

        return core_schema.with_info_plain_validator_function(
            validate,
            serialization=core_schema.plain_serializer_function_ser_schema(write, info_arg=True),
            metadata={"pydantic_js_functions": [describe]},
        )
