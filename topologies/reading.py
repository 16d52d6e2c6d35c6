"""From the bytes of a YAML file to a tree with places; hostile input is refused before anything is built."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from topologies.nodes import BROKEN, Broken, Entry, Items, Key, Node, Scalar, Table
from topologies.problems import InvalidInput, Mark, Problem, listed, nearest, shown

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
MAX_VALUES = 20_000
MAX_ALIASES = 1_000
MAX_EXPANDED = 100_000
LARGEST_WHOLE = 2**63

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# What the YAML reader complains about, in words for the person who wrote the file.
_SYNTAX = (
    (r"cannot start any token", "a tab or a reserved character starts a value; indent with spaces, or quote the text"),
    (r"mapping values are not allowed", "a second `name:` where a value belongs; check the indentation, or quote it"),
    (r"could not find expected ':'", "expected `name: value`; is a colon missing?"),
    (r"expected <block end>", "the indentation does not match the lines above"),
    (r"expected the node content", "a value is missing here"),
    (r"expected ',' or '[\]}]'", "a list or mapping in brackets is not closed, or lacks a comma"),
    (r"unexpected end of stream", "the quoted text is not closed"),
    (r"undefined alias", "an alias `*name` without its anchor `&name`"),
    (r"special characters are not allowed", "a character that does not belong into a text file"),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A tree, and what is wrong with single values of it (they are Broken in the tree)."""

    root: Node
    problems: tuple[Problem, ...]


def read_file(path: Path) -> Reading:
    """Read one YAML document from a file. Raises InvalidInput when it cannot be read at all."""
    return read_text(_text(path), str(path))


def read_text(text: str, name: str) -> Reading:
    """Read one YAML document from text; `name` stands for the file in messages."""
    if len(text) > MAX_BYTES:
        raise _refusal(Mark(name), f"larger than {MAX_BYTES:,} bytes; keep long tables in CSV files")
    builder = _Builder(name, _events(text, name))
    root = builder.document()
    return Reading(root, tuple(builder.problems))


def _refusal(mark: Mark, message: str) -> InvalidInput:
    return InvalidInput([Problem.at(mark, "", message)])


def _text(path: Path) -> str:
    """Contents of a regular, small, UTF-8 file."""
    mark = Mark(str(path))
    if path.is_dir():
        raise _refusal(mark, "this is a folder; give a YAML file in it")
    if not path.exists():
        raise _refusal(mark, "no such file" + _neighbour(path))
    if not path.is_file():
        raise _refusal(mark, "this is not a regular file")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refusal(mark, f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise _refusal(mark, f"larger than {MAX_BYTES:,} bytes; keep long tables in CSV files")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise _refusal(Mark(str(path), line, column), "not UTF-8 text; is this a binary file?") from None


def _neighbour(path: Path) -> str:
    """Name of the nearest existing file, for a message."""
    folder = path.parent
    if not folder.is_dir():
        return f"; the folder {folder} does not exist either"
    names = sorted(entry.name for entry in folder.iterdir())
    close = nearest(path.name, names)
    if close:
        return f"; did you mean `{folder / close}`?"
    yaml_files = [name for name in names if name.endswith((".yaml", ".yml"))]
    return f"; YAML files in {folder}: {listed(yaml_files, 8)}"


def _events(text: str, name: str) -> Iterator[Event]:
    """Parser events, one at a time; a syntax error becomes a refusal with its place."""
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = Mark(name, at.line + 1, at.column + 1) if at else Mark(name)
        said = str(error.problem or error.context or "")
        raise _refusal(mark, _syntax(said)) from None
    except YAMLError as error:
        raise _refusal(_reader_mark(error, text, name), _syntax(str(error))) from None
    except (ValueError, IndexError, RecursionError, OverflowError):
        raise _refusal(Mark(name), "this is not YAML that can be read") from None


def _reader_mark(error: YAMLError, text: str, name: str) -> Mark:
    """Place of a character that the reader refused."""
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return Mark(name)
    return Mark(name, text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))


def _syntax(said: str) -> str:
    """A syntax error in plain words."""
    for pattern, words in _SYNTAX:
        if re.search(pattern, said):
            return words
    return f"this is not valid YAML: {said.splitlines()[0]}" if said else "this is not valid YAML"


@dataclass(slots=True)
class _Builder:
    """Builds the tree from events and counts depth, values and aliases as they come.

    `size` of an anchor is the number of values it stands for, aliases expanded.
    """

    name: str
    events: Iterator[Event]
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int] | None] = field(default_factory=dict)
    values: int = 0
    aliases: int = 0
    expanded: int = 0

    def document(self) -> Node:
        """The only document of the text."""
        root: Node | None = None
        documents = 0
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _refusal(self.mark(event), "a second document (`---`); one file holds one document")
            elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent | AliasEvent):
                root = self.node(event, 1)
        if root is None or (isinstance(root, Scalar) and root.value is None):
            raise _refusal(Mark(self.name, 1, 1), "the file is empty")
        return root

    def mark(self, event: Event) -> Mark:
        """Place of an event, counted from 1."""
        return Mark(self.name, event.start_mark.line + 1, event.start_mark.column + 1)

    def node(self, event: Event, depth: int) -> Node:
        """One value with all that is in it."""
        self.count(event, depth)
        if isinstance(event, AliasEvent):
            return self.alias(event)
        before = self.expanded
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self.anchors[str(anchor)] = None
        built: Node
        if isinstance(event, ScalarEvent):
            built = self.scalar(event)
        elif isinstance(event, SequenceStartEvent):
            built = self.sequence(event, depth)
        else:
            built = self.mapping(event, depth)
        if anchor is not None:
            self.anchors[str(anchor)] = (built, self.expanded - before + 1)
        return built

    def count(self, event: Event, depth: int) -> None:
        """Refuse what is too deep or too much."""
        self.values += 1
        self.expanded += 1
        if depth > MAX_DEPTH:
            raise _refusal(self.mark(event), f"nested deeper than {MAX_DEPTH} levels")
        if self.values > MAX_VALUES:
            raise _refusal(self.mark(event), f"more than {MAX_VALUES:,} values; keep long tables in CSV files")
        if getattr(event, "tag", None) is not None:
            message = f"the tag `{event.tag}` is not used here; write the plain value"
            self.problems.append(Problem.at(self.mark(event), "", message))

    def alias(self, event: AliasEvent) -> Node:
        """The value an alias stands for."""
        self.aliases += 1
        known = self.anchors.get(str(event.anchor), (None, 0))
        if known is None:
            raise _refusal(self.mark(event), f"`*{event.anchor}` stands inside its own anchor")
        node, size = known
        if node is None:
            raise _refusal(self.mark(event), f"`*{event.anchor}` has no anchor `&{event.anchor}` before it")
        self.expanded += size
        if self.aliases > MAX_ALIASES or self.expanded > MAX_EXPANDED:
            limit = f"{MAX_ALIASES:,} aliases or {MAX_EXPANDED:,} values once aliases are expanded"
            raise _refusal(self.mark(event), f"more than {limit}")
        return node

    def sequence(self, event: Event, depth: int) -> Items:
        """A list."""
        items = []
        for inner in self.events:
            if isinstance(inner, SequenceEndEvent):
                break
            items.append(self.node(inner, depth + 1))
        return Items(self.mark(event), tuple(items))

    def mapping(self, event: Event, depth: int) -> Table:
        """A mapping whose keys are text or whole numbers, each once."""
        entries: dict[Key, Entry] = {}
        for inner in self.events:
            if isinstance(inner, MappingEndEvent):
                break
            mark = self.mark(inner)
            key = self.key(self.node(inner, depth + 1), mark)
            entry = Entry(mark, self.node(next(self.events), depth + 1))
            if key in entries:
                message = f"`{key}` is written twice; the first is at line {entries[key].mark.line}"
                self.problems.append(Problem.at(mark, str(key), message))
            elif key is not None:
                entries[key] = entry
        return Table(self.mark(event), entries)

    def key(self, node: Node, mark: Mark) -> Key | None:
        """Key of an entry, None when it is refused."""
        if not isinstance(node, Scalar):
            self.problems.append(Problem.at(mark, "", "a list or a mapping cannot be a name; is a brace too many?"))
            return None
        if node.raw == "<<" and node.value == "<<":
            message = "merge keys (`<<`) are not read; write `base: name` to build on a catalogue entry"
            self.problems.append(Problem.at(mark, "<<", message))
            return None
        is_whole = isinstance(node.value, int) and not isinstance(node.value, bool)
        return node.value if is_whole and isinstance(node.value, int) else node.raw

    def scalar(self, event: ScalarEvent) -> Scalar:
        """One value by the core schema of YAML 1.2."""
        mark = self.mark(event)
        raw = str(event.value)
        quoted = event.style is not None
        try:
            value = raw if quoted else _core(raw)
        except ValueError as error:
            self.problems.append(Problem.at(mark, "", str(error)))
            value = BROKEN
        return Scalar(mark, value, raw)


def _core(raw: str) -> None | bool | int | float | str | Broken:
    """Plain text as null, a truth value, a number or text. Raises ValueError for numbers without a meaning here.

    Octal, hexadecimal, underscored numbers and dates stay text: where a number is wanted the message says how.
    """
    if raw in _WORDS:
        return None
    if raw in _WORDS_BOOL:
        return _WORDS_BOOL[raw]
    if _NOT_FINITE.fullmatch(raw):
        raise ValueError(f"read {shown(raw)}; a value must be a finite number")
    if _INT.fullmatch(raw):
        if len(raw) > 20 or abs(int(raw)) >= LARGEST_WHOLE:
            raise ValueError(f"read {shown(raw)}; whole numbers go up to {LARGEST_WHOLE - 1}")
        return int(raw)
    if _FLOAT.fullmatch(raw) and not re.fullmatch(r"[-+]?0[0-9]+", raw):
        number = float(raw)
        if not math.isfinite(number):
            raise ValueError(f"read {shown(raw)}; a value must be a finite number")
        return number
    return raw
