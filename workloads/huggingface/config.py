"""Fields of a config.json, read with their types; every problem is collected with its line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from topologies.problems import InvalidInput, Mark, Problem, listed, shown

MAX_BYTES = 500_000
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Config:
    """The mapping of one config.json, or of a part of it.

    values    as the file has them
    text      the file, to tell the line of a field
    problems  found so far
    """

    name: str
    values: Mapping[str, Any]
    text: str
    problems: list[Problem] = field(default_factory=list)

    def has(self, key: str) -> bool:
        """Whether the field is there and not null."""
        return self.values.get(key) is not None

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number from 1, or from the default downwards if the default is smaller; 1 after a problem."""
        value = self._value(key, default)
        least = min(1, default) if default is not None else 1
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        return self._refused(key, value, f"a whole number, {least} or more", 1)

    def number(self, key: str, default: float | None = None) -> float:
        """A positive number; 1 after a problem."""
        value = self._value(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf"):
            return float(value)
        return self._refused(key, value, "a finite number, 0 or more", 1.0)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._value(key, default)
        return value if isinstance(value, bool) else self._refused(key, value, "true or false", default)

    def part(self, key: str) -> Config:
        """A mapping inside this one; empty where there is none."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, Mapping):
            value = self._refused(key, value, "a mapping", {})
        return Config(self.name, value or {}, self.text, self.problems)

    def only(self, key: str, allowed: Sequence[Any], why: str) -> None:
        """Refuse a field whose value would change the mathematics in a way the core does not know."""
        if self.has(key) and self.values[key] not in allowed:
            self.refuse(key, f"read {shown(self.values[key])}; {why}; known: {listed(map(shown, allowed))}")

    def refuse(self, key: str, message: str) -> None:
        """Note a problem at a field."""
        self.problems.append(Problem.at(self._mark(key), key, message))

    def settle(self) -> None:
        """Raise InvalidInput with all problems, if there are any."""
        if self.problems:
            raise InvalidInput(self.problems)

    def _value(self, key: str, default: Any) -> Any:
        """The field, or its default."""
        return self.values[key] if self.has(key) else default

    def _refused(self, key: str, value: object, wanted: str, instead: D) -> D:
        """Note what was read and what is wanted; go on with something harmless."""
        self.refuse(key, f"`{key}` is missing" if value is None else f"read {shown(value)}; write {wanted}")
        return instead

    def _mark(self, key: str) -> Mark:
        """Where the field stands."""
        at = self.text.find(f'"{key}"')
        if at < 0:
            return Mark(self.name)
        return Mark(self.name, self.text.count("\n", 0, at) + 1, at - self.text.rfind("\n", 0, at))


def read_config(path: Path) -> Config:
    """Read a config.json. Raises InvalidInput where it is none."""
    name = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInput([Problem.at(Mark(name), "", f"cannot be read: {error.strerror}")]) from None
    if len(data) > MAX_BYTES:
        raise InvalidInput([Problem.at(Mark(name), "", f"larger than {MAX_BYTES:,} bytes; this is no config.json")])
    return parse_config(data, name)


def parse_config(data: bytes, name: str) -> Config:
    """Read the bytes of a config.json. Raises InvalidInput where they are none."""
    try:
        text = data.decode("utf-8-sig")
        values = json.loads(text)
    except json.JSONDecodeError as error:
        mark = Mark(name, error.lineno, error.colno)
        raise InvalidInput([Problem.at(mark, "", f"not JSON: {error.msg}")]) from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise InvalidInput([Problem.at(Mark(name), "", "not JSON text")]) from None
    if not isinstance(values, Mapping):
        raise InvalidInput([Problem.at(Mark(name), "", f"read {shown(values)}; a config.json is a mapping")])
    return Config(name, values, text)
