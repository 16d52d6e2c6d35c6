"""Any Spec as a strategy, and the check that it survives its own YAML."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from topologies.discovery import Discovered
from topologies.hardware import Entry
from topologies.resolving import Shape
from topologies.spec import Spec, digest, dump, loads
from topologies.units import Quantity

Strategy: TypeAlias = st.SearchStrategy[Any]
Fields: TypeAlias = dict[str, Strategy]
Given: TypeAlias = Mapping[type[BaseModel], Callable[[Fields], Strategy]]
"""How a class with rules across its fields is made: from the strategies of its fields to one of the class."""

WHOLE = (1, 2, 4, 8, 16, 64, 0, -3, 1000)
"""Mostly powers of two, so that rules of divisibility are often met."""
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


def specs_in(room: str) -> list[type[Spec]]:
    """Every concrete Spec that the modules of a package define, sorted by name."""
    found = {
        member
        for module in modules_in(room)
        for member in vars(importlib.import_module(module)).values()
        if isinstance(member, type) and issubclass(member, Spec) and member.__module__ == module
    }
    concrete = (spec for spec in found if not inspect.isabstract(spec) and spec.model_fields)
    return sorted(concrete, key=lambda spec: (spec.__module__, spec.__name__))


def modules_in(room: str) -> Iterator[str]:
    """Names of a package's modules, inner packages included."""
    package = importlib.import_module(room)
    for found in pkgutil.walk_packages(package.__path__, f"{room}."):
        yield found.name


def assert_round_trip(spec: Spec) -> None:
    """A Spec equals what is read from its own YAML, without a catalogue; so do its digest, its hash and its pickle."""
    again = loads(dump(spec), type(spec))
    assert again == spec
    assert dump(again) == dump(spec)
    assert digest(again) == digest(spec)
    assert hash(again) == hash(spec)
    assert pickle.loads(pickle.dumps(spec)) == spec


def made(kind: type[BaseModel], given: Given) -> Strategy:
    """Values of a Spec, each field by its type; classes in `given` are made as told there, the rest by their rules."""
    fields = {name: _of(Shape.of_field(info), info.annotation, given) for name, info in kind.model_fields.items()}
    if kind in given:
        return given[kind](fields)
    if issubclass(kind, Entry):
        own = set(fields) - {"name", "title", "sources", "notes"}
        source = made(kind.model_fields["sources"].annotation.__args__[1], given)  # type: ignore[union-attr]
        fields["sources"] = st.fixed_dictionaries(dict.fromkeys(sorted(own), source))
    return st.fixed_dictionaries(fields).map(lambda data: _built(kind, data))


def _built(kind: type[BaseModel], data: Mapping[str, Any]) -> BaseModel:
    """A value, or a rejected example where the fields break a rule of the class together."""
    try:
        return kind(**data)
    except ValidationError:
        reject()


def _of(shape: Shape, annotation: Any, given: Given) -> Strategy:
    """Values for one field."""
    if get_origin(annotation) in (Union, UnionType):
        return st.one_of([_of(Shape.of(arg, shape.marks), arg, given) for arg in get_args(annotation)])
    if annotation is type(None):
        return st.none()
    spec, found = shape.spec(), shape.mark(Discovered)
    if spec is not None:
        kinds = found.classes(spec).values() if found is not None else [spec]
        return st.one_of([made(kind, given) for kind in kinds])
    origin, args = get_origin(shape.annotation), get_args(shape.annotation)
    if origin is Literal:
        return st.sampled_from(args)
    if origin is tuple and args[-1] is Ellipsis:
        least = _bound(shape, "min_length", 0)
        return st.lists(_of(Shape.of(args[0]), args[0], given), min_size=least, max_size=least + 3).map(tuple)
    if origin is tuple:
        return st.tuples(*(_of(Shape.of(arg), arg, given) for arg in args))
    if origin is dict:
        return st.dictionaries(TEXT, _of(shape.inside(), args[-1], given), max_size=3)
    return _scalar(shape)


def _scalar(shape: Shape) -> Strategy:
    """Text, truth values and numbers within their bounds."""
    if shape.mark(Quantity) is not None:
        return st.floats(1e-300, 1e300)
    pattern, step = _bound(shape, "pattern", None), _bound(shape, "multiple_of", 1)
    low, high = _bound(shape, "ge", _bound(shape, "gt", -1000)), min(_bound(shape, "le", 1000), 1000)
    strategies: dict[object, Strategy] = {
        bool: st.booleans(),
        str: st.from_regex(f"^(?:{pattern})$", fullmatch=True) if pattern else TEXT,
        int: st.sampled_from([number * step for number in WHOLE if low <= number <= high]),
        float: st.floats(low, high, exclude_min=_bound(shape, "gt", None) is not None),
    }
    if shape.annotation not in strategies:
        raise TypeError(f"no strategy for {shape.annotation}; give one for the class that has it")
    return strategies[shape.annotation]


def _bound(shape: Shape, name: str, otherwise: Any) -> Any:
    """A limit that one of the field's marks sets."""
    flat = [inner for mark in shape.marks for inner in (*getattr(mark, "metadata", ()), mark)]
    return next((getattr(mark, name) for mark in flat if getattr(mark, name, None) is not None), otherwise)
