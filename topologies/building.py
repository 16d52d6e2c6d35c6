"""From YAML events to a tree; depth, values and aliases are counted as they come, so nothing large is ever built."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from topologies import scalars
from topologies.nodes import BROKEN, Entry, Items, Key, Node, Scalar, Table
from topologies.problems import InvalidInput, Mark, Problem, join

MAX_DEPTH = 64
MAX_VALUES = 10_000
MAX_ALIASES = 1_000
MAX_EXPANDED = 100_000


def refusal(mark: Mark, message: str) -> InvalidInput:
    """A problem that ends the reading."""
    return InvalidInput([Problem.at(mark, "", message)])


@dataclass(slots=True)
class Builder:
    """Builds the only document of a file.

    anchors    value of each anchor and how many values it stands for, aliases expanded; None while it is being built
    problems   what is wrong with single values; they are Broken in the tree
    """

    name: str
    events: Iterator[Event]
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int] | None] = field(default_factory=dict)
    values: int = 0
    aliases: int = 0
    expanded: int = 0

    def document(self) -> Node:
        """Root of the tree. Raises InvalidInput for what is empty, too deep, too much, or more than one document."""
        root: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise refusal(self.mark(event), "a second document (`---`); one file holds one document")
            elif isinstance(event, NodeEvent):
                root = self.node(event, "", 1)
        if root is None or (isinstance(root, Scalar) and root.value is None):
            raise refusal(Mark(self.name, 1, 1), "the file is empty")
        return root

    def mark(self, event: Event) -> Mark:
        """Place of an event, counted from 1."""
        return Mark(self.name, event.start_mark.line + 1, event.start_mark.column + 1)

    def node(self, event: Event, path: str, depth: int) -> Node:
        """One value with all that is in it."""
        self._count(event, depth)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        before = self.expanded
        anchor = event.anchor if isinstance(event, NodeEvent) else None
        if anchor is not None:
            self.anchors[str(anchor)] = None
        built = self._built(event, path, depth)
        if anchor is not None:
            self.anchors[str(anchor)] = (built, self.expanded - before + 1)
        return built

    def _built(self, event: Event, path: str, depth: int) -> Node:
        """A value of each sort, or Broken where it carries a tag."""
        built: Node
        if isinstance(event, ScalarEvent):
            built = self._scalar(event, path)
        elif isinstance(event, SequenceStartEvent):
            built = self._items(event, path, depth)
        else:
            built = self._table(event, path, depth)
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
            said = f"the tag `{event.tag}` is not used here; write the plain value"
            self.problems.append(Problem.at(self.mark(event), path, said))
            return Scalar(built.mark, BROKEN)
        return built

    def _count(self, event: Event, depth: int) -> None:
        """Refuse what is too deep or too much."""
        self.values += 1
        self.expanded += 1
        if depth > MAX_DEPTH:
            raise refusal(self.mark(event), f"nested deeper than {MAX_DEPTH} levels")
        if self.values > MAX_VALUES:
            raise refusal(self.mark(event), f"more than {MAX_VALUES:,} values; keep long tables in CSV files")

    def _alias(self, event: AliasEvent) -> Node:
        """The value that an alias stands for."""
        name = str(event.anchor)
        if name not in self.anchors:
            raise refusal(self.mark(event), f"`*{name}` has no anchor `&{name}` before it")
        known = self.anchors[name]
        if known is None:
            raise refusal(self.mark(event), f"`*{name}` stands inside its own anchor")
        node, size = known
        self.aliases += 1
        self.expanded += size
        if self.aliases > MAX_ALIASES or self.expanded > MAX_EXPANDED:
            limits = f"{MAX_ALIASES:,} aliases, or than {MAX_EXPANDED:,} values once they are expanded"
            raise refusal(self.mark(event), f"more than {limits}")
        return node

    def _items(self, event: Event, path: str, depth: int) -> Items:
        """A list."""
        items: list[Node] = []
        for inner in self.events:
            if isinstance(inner, SequenceEndEvent):
                break
            items.append(self.node(inner, join(path, len(items)), depth + 1))
        return Items(self.mark(event), tuple(items))

    def _table(self, event: Event, path: str, depth: int) -> Table:
        """A mapping whose keys are text or whole numbers, each once."""
        entries: dict[Key, Entry] = {}
        for inner in self.events:
            if isinstance(inner, MappingEndEvent):
                break
            mark = self.mark(inner)
            key = self._key(inner, path, depth)
            entry = Entry(mark, self.node(next(self.events), join(path, key), depth + 1))
            if key in entries:
                said = f"written twice; the first is at line {entries[key].mark.line}"
                self.problems.append(Problem.at(mark, join(path, key), said))
            elif key is not None:
                entries[key] = entry
        return Table(self.mark(event), entries)

    def _key(self, event: Event, path: str, depth: int) -> Key | None:
        """Key of an entry, None when it is refused."""
        node = self.node(event, path, depth + 1)
        if not isinstance(node, Scalar):
            said = "a list or a mapping cannot be a name; is a brace too many?"
            self.problems.append(Problem.at(self.mark(event), path, said))
            return None
        if node.raw == "<<" and isinstance(event, ScalarEvent) and event.style is None:
            said = "merge keys are not read; write `base: name` to build on a catalogue entry"
            self.problems.append(Problem.at(self.mark(event), join(path, "<<"), said))
            return None
        is_whole = isinstance(node.value, int) and not isinstance(node.value, bool)
        return node.value if is_whole and isinstance(node.value, int) else node.raw

    def _scalar(self, event: ScalarEvent, path: str) -> Scalar:
        """One value; what stands in quotes is text."""
        mark, raw = self.mark(event), str(event.value)
        try:
            return Scalar(mark, raw if event.style is not None else scalars.read(raw), raw)
        except ValueError as error:
            self.problems.append(Problem.at(mark, path, str(error)))
            return Scalar(mark, BROKEN, raw)
