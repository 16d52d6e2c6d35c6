"""Options that belong together as one dataclass: a command takes the value, the terminal sees the options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """The command with each parameter that is a dataclass replaced by the dataclass's fields, as typer reads them."""
    hints = get_type_hints(command, include_extras=True)
    signature = inspect.signature(command)
    groups: dict[str, type[Any]] = {
        name: kind for name, kind in hints.items() if isinstance(kind, type) and is_dataclass(kind)
    }

    @wraps(command)
    def called(**given: Any) -> None:
        for name, kind in groups.items():
            given[name] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        command(**given)

    taken = [
        one
        for name, parameter in signature.parameters.items()
        for one in (_fields(groups[name]) if name in groups else [parameter.replace(annotation=hints[name])])
    ]
    vars(called)["__signature__"] = signature.replace(parameters=taken, return_annotation=None)
    called.__annotations__ = {one.name: one.annotation for one in taken}
    return called


def _fields(kind: type[Any]) -> Iterator[inspect.Parameter]:
    """The fields of a dataclass as parameters with defaults."""
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        shape = inspect.Parameter.POSITIONAL_OR_KEYWORD
        yield inspect.Parameter(field.name, shape, default=field.default, annotation=hints[field.name])
