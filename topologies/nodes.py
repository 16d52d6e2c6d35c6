"""YAML as a tree in which every value remembers its place, so that a late error still points to a line."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from topologies.problems import Mark

Key: TypeAlias = str | int
Plain: TypeAlias = "bool | int | float | str | tuple[Plain, ...] | dict[Key, Plain] | Broken | None"


class Broken:
    """Stands for a value that was already reported, so that it is not reported twice."""


BROKEN = Broken()


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value; `raw` is what the file says."""

    mark: Mark
    value: bool | int | float | str | Broken | None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list of values."""

    mark: Mark
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value`, with the place of the key."""

    mark: Mark
    node: "Node"


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, in the order of the file."""

    mark: Mark
    entries: Mapping[Key, Entry]

    def with_entry(self, key: Key, node: "Node", mark: Mark | None = None) -> "Table":
        """The same mapping with one entry set."""
        return Table(self.mark, {**self.entries, key: Entry(mark or node.mark, node)})


Node: TypeAlias = Scalar | Items | Table


def plain(node: Node) -> Plain:
    """The tree as python data: lists as tuples, mappings as dicts."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Items):
        return tuple(plain(item) for item in node.items)
    return {key: plain(entry.node) for key, entry in node.entries.items()}


def from_plain(data: object, mark: Mark) -> Node:
    """Python data as a tree whose every value is at one place."""
    if isinstance(data, Mapping):
        return Table(mark, {key: Entry(mark, from_plain(value, mark)) for key, value in data.items()})
    if isinstance(data, list | tuple):
        return Items(mark, tuple(from_plain(item, mark) for item in data))
    if data is None or isinstance(data, bool | int | float | str):
        return Scalar(mark, data, str(data))
    return Scalar(mark, str(data), str(data))


def text_at(node: Node, key: Key) -> str | None:
    """Text under a key of a mapping, None when it is absent or no text."""
    if not isinstance(node, Table) or key not in node.entries:
        return None
    found = node.entries[key].node
    return found.value if isinstance(found, Scalar) and isinstance(found.value, str) else None
