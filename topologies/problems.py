"""What is wrong with a user's input: where, what was read, what is allowed, and the nearest valid name."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

SHOWN = 40
SHORTEST_BEGINNING = 3


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file; line and column count from 1, line 0 means the input has no lines."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`file:line:column`, as editors and compilers write it."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `field` is dotted (`topology.planes`), empty for the file as a whole."""

    file: str
    line: int
    column: int
    field: str
    message: str

    @classmethod
    def at(cls, mark: Mark, field: str, message: str) -> "Problem":
        """A problem at a place."""
        return cls(mark.file, mark.line, mark.column, field, message)

    def __str__(self) -> str:
        """`file:line:column: field: message`."""
        where = str(Mark(self.file, self.line, self.column))
        return ": ".join(part for part in (where, self.field, self.message) if part)


class InvalidInput(Exception):
    """Input that was refused, with every problem found in it, in the order of the file."""

    problems: tuple[Problem, ...]

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems, sorted by place, each once."""
        unique = dict.fromkeys(problems)
        self.problems = tuple(sorted(unique, key=lambda p: (p.file, p.line, p.column, p.field)))
        super().__init__(self.problems)

    def __str__(self) -> str:
        """One line a problem."""
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        left = len(self.problems) - SHOWN
        return "\n".join([*lines, f"and {left} more problems"] if left > 0 else lines)


class FieldErrors(ValueError):
    """What a Spec's own check finds: pairs of a dotted path below the Spec and a message, each shown at its place."""

    def __init__(self, found: Iterable[tuple[str, str]]) -> None:
        """Keep the pairs."""
        self.found = tuple(found)
        super().__init__("; ".join(f"{field}: {message}" if field else message for field, message in self.found))


def join(path: str, key: object) -> str:
    """Dotted path of a field."""
    return f"{path}.{key}" if path else str(key)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Known name that reads most like the given one, or begins with it; None when none is close."""
    choices = {known_name.lower(): known_name for known_name in known}
    close = difflib.get_close_matches(name.lower(), list(choices), n=1, cutoff=0.6)
    begun = [choice for choice in choices if len(name) >= SHORTEST_BEGINNING and choice.startswith(name.lower())]
    return choices[(close or begun)[0]] if close or begun else None


def meant(name: str, known: Iterable[str]) -> str:
    """` (did you mean `x`?)`, or nothing."""
    close = nearest(name, known)
    return f" (did you mean `{close}`?)" if close else ""


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names in a row, cut when there are many."""
    every = list(names)
    tail = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + tail if every else "none"


def shown(value: object, most: int = 60) -> str:
    """A value as the user wrote it, cut when long."""
    words = {True: "true", False: "false", None: "null"}
    if value is None or isinstance(value, bool):
        return f"`{words[value]}`"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    return f"`{text[:most]}...`" if len(text) > most else f"`{text}`"
