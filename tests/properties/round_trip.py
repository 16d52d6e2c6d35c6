"""Any Spec as a strategy, and the check that it survives its own YAML; used by the tests of every room."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeAlias, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from hypothesis import strategies as st
from pydantic import BaseModel

from topologies.discovery import Discovered
from topologies.resolving import Shape
from topologies.spec import Spec, digest, dump, loads
from topologies.units import Quantity

Strategy: TypeAlias = st.SearchStrategy[Any]
Given: TypeAlias = Mapping[type[BaseModel], Callable[[dict[str, Strategy]], Strategy]]
"""How a class with rules across its fields is made: from the strategies of its fields to one of the class."""

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
    """A Spec equals what is read from its own YAML, without a catalogue; so do its digest and its pickle."""
    again = loads(dump(spec), type(spec))
    assert again == spec
    assert digest(again) == digest(spec)
    assert hash(again) == hash(spec)
    assert pickle.loads(pickle.dumps(spec)) == spec


def made(kind: type[BaseModel], given: Given) -> Strategy:
    """Values of a Spec, each field by its type; classes in `given` are made as told there."""
    fields = {name: _of(Shape.of_field(info), info.annotation, given) for name, info in kind.model_fields.items()}
    build = given.get(kind)
    return build(fields) if build is not None else st.fixed_dictionaries(fields).map(lambda data: kind(**data))


def _of(shape: Shape, annotation: Any, given: Given) -> Strategy:
    """Values for one field."""
    if type(None) in get_args(annotation):
        return st.none() | _of(shape, shape.annotation, given)
    found = shape.mark(Discovered)
    spec = shape.spec()
    if spec is not None:
        kinds = found.classes(spec).values() if found is not None else [spec]
        return st.one_of([made(kind, given) for kind in kinds])
    if get_origin(shape.annotation) is Literal:
        return st.sampled_from(get_args(shape.annotation))
    if get_origin(shape.annotation) is tuple:
        return _tuple(shape, given)
    if get_origin(shape.annotation) is dict:
        return st.dictionaries(TEXT, _of(shape.inside(), None, given), max_size=3)
    return _scalar(shape)


def _tuple(shape: Shape, given: Given) -> Strategy:
    """Lists of one type, or of fixed places."""
    args = get_args(shape.annotation)
    least = next((mark.min_length for mark in shape.marks if isinstance(mark, MinLen)), 0)
    if args[-1] is Ellipsis:
        return st.lists(_of(Shape.of(args[0]), args[0], given), min_size=least, max_size=least + 3).map(tuple)
    return st.tuples(*(_of(Shape.of(arg), arg, given) for arg in args))


def _scalar(shape: Shape) -> Strategy:
    """Text, truth values and numbers within their bounds."""
    if shape.mark(Quantity) is not None:
        return st.floats(1e-300, 1e300)
    bounds = _Bounds(shape.marks)
    scalars: dict[object, Strategy] = {
        bool: st.booleans(),
        str: TEXT,
        int: st.integers(int(bounds.least(-1000)), int(bounds.most(1000))),
        float: st.floats(bounds.least(-1e300), bounds.most(1e300), exclude_min=bounds.open, allow_nan=False),
    }
    if shape.annotation not in scalars:
        raise TypeError(f"no strategy for {shape.annotation}; give one for the class that has it")
    return scalars[shape.annotation]


class _Bounds:
    """Least and greatest value that a field's marks allow."""

    def __init__(self, marks: tuple[Any, ...]) -> None:
        flat = [inner for mark in marks for inner in (getattr(mark, "metadata", None) or [mark])]
        self.low: list[Any] = [m.ge if isinstance(m, Ge) else m.gt for m in flat if isinstance(m, Ge | Gt)]
        self.high: list[Any] = [m.le if isinstance(m, Le) else m.lt for m in flat if isinstance(m, Le | Lt)]
        self.open = any(isinstance(m, Gt) for m in flat)
        self.longest = next((m.max_length for m in flat if isinstance(m, MaxLen)), None)

    def least(self, otherwise: float) -> Any:
        """Lower bound."""
        return max(self.low, default=otherwise)

    def most(self, otherwise: float) -> Any:
        """Upper bound, near enough that sums of it stay small."""
        return min(min(self.high, default=otherwise), 1000) if self.high else otherwise
