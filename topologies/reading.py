"""From the bytes of a YAML file to a tree with places; hostile input is refused before anything is built."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import Event

from topologies.building import Builder, refusal
from topologies.nodes import Node
from topologies.problems import Mark, Problem, listed, nearest

MAX_BYTES = 250_000
REMEMBERED = 64
_TOO_LARGE = f"larger than {MAX_BYTES:,} bytes; keep long tables in CSV files"

# What the YAML reader complains about, in words for the person who wrote the file.
_SYNTAX = (
    (r"'\\t' that cannot start", "a tab; indent with spaces"),
    (r"cannot start any token", "a character that YAML reserves starts a value; put the text in quotes"),
    (
        r"mapping values are not allowed",
        "a `:` where none may stand; quote the text, or see to colon and indents above",
    ),
    (r"could not find expected ':'", "expected `name: value`; is a colon missing?"),
    (r"expected <block end>", "the indentation does not match the lines above"),
    (r"did not find expected <block", "the indentation does not match the lines above"),
    (r"expected the node content", "a value is missing here"),
    (r"expected ',' or '[\]}]'", "a list or mapping in brackets is not closed, or lacks a comma"),
    (r"end of stream|document separator", "the quoted text is not closed"),
    (r"special characters are not allowed", "a character that does not belong into a text file"),
    (r"escape", "a backslash in double quotes that starts no known escape; use single quotes"),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A tree, and what is wrong with single values of it (they are Broken in the tree)."""

    root: Node
    problems: tuple[Problem, ...] = ()


def read_file(path: Path) -> Reading:
    """Read one YAML document from a file. Raises InvalidInput when it cannot be read at all."""
    return read_text(_text(path), str(path))


@lru_cache(maxsize=REMEMBERED)
def read_text(text: str, name: str) -> Reading:
    """Read one YAML document from text; `name` stands for the file in messages. Raises InvalidInput.

    Many what-ifs name the same entries of the catalogue: the last texts are remembered, and trees never change.
    """
    if len(text) > MAX_BYTES:
        raise refusal(Mark(name), _TOO_LARGE)
    builder = Builder(name, _events(text, name))
    root = builder.document()
    return Reading(root, tuple(builder.problems))


def _text(path: Path) -> str:
    """Contents of a regular, small, UTF-8 file."""
    mark = Mark(str(path))
    if path.is_dir():
        raise refusal(mark, "this is a folder; give a YAML file in it")
    if not path.exists():
        raise refusal(mark, "no such file" + _neighbour(path))
    if not path.is_file():
        raise refusal(mark, "this is not a regular file")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise refusal(mark, f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise refusal(mark, _TOO_LARGE)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise refusal(Mark(str(path), line, column), "not UTF-8 text; is this a binary file?") from None


def _neighbour(path: Path) -> str:
    """Name of the nearest existing file, for a message."""
    folder = path.parent
    if not folder.is_dir():
        return f"; the folder `{folder}` does not exist either"
    names = sorted(entry.name for entry in folder.iterdir())
    close = nearest(path.name, names)
    if close:
        return f" (did you mean `{folder / close}`?)"
    yaml_files = [name for name in names if name.endswith((".yaml", ".yml"))]
    return f"; YAML files in `{folder}`: {listed(yaml_files, 8)}"


def _events(text: str, name: str) -> Iterator[Event]:
    """Parser events, one at a time; a syntax error becomes a refusal with its place."""
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        mark = Mark(name, at.line + 1, at.column + 1) if at else Mark(name)
        raise refusal(mark, _syntax(f"{error.context or ''}: {error.problem or ''}")) from None
    except YAMLError as error:
        raise refusal(_reader_mark(error, text, name), _syntax(str(error))) from None
    except (ValueError, IndexError, AttributeError, TypeError, RecursionError, OverflowError):
        # The YAML reader has a few gaps where it fails on broken text in other ways than by its own errors.
        raise refusal(Mark(name), "this is not YAML that can be read") from None


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
    return f"this is not valid YAML: {said.strip(': ').splitlines()[0]}" if said.strip(": ") else "not valid YAML"
