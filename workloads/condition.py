"""A condition on the columns of a table or the figures of a headline: `step_s < 20 and memory_bytes <= 80 GB`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from topologies import scalars, units
from topologies.problems import InvalidInput, Problem, listed, meant

LONGEST = 2_000
DEEPEST = 30
"""Characters of a condition, and parentheses and `not` inside each other: more is no condition that a person writes."""
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, ">": operator.gt, "=": operator.eq,
}  # fmt: skip
AND, OR, NOT = "and", "or", "not"
OPEN, CLOSE = "(", ")"
PERCENT = "%"
EXAMPLE = "step_s < 20 and memory_bytes <= 80 GB"
_TOKEN = re.compile(r"""\s*(<=|>=|==|!=|[<>=()]|"[^"]*"|'[^']*'|[^\s()<>=!"']+)""")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_UNIT = re.compile(
    r"(?:^|[.]|(?<!_per)_)(?P<unit>(?:bytes|flop|usd)_per_s|bytes|flop|usd|s|w|j|hz|kg|ratio|share)"
    r"(?:_per_(?:gpu|node)|_max|_min|_mean|_causal|_full)*$"
)
_SPELLED = {
    "bytes_per_s": "bytes/s", "flop_per_s": "flop/s", "usd_per_s": "USD/s", "usd": "USD", "w": "W", "j": "J",
    "hz": "Hz", "ratio": "%", "share": "%",
}  # fmt: skip

Truth = bool | None
"""None where a value that a comparison needs is missing: neither true nor false, as in SQL."""
Test = Callable[[Mapping[str, object]], Truth]


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked of a row.

    text      as it was written;  columns   that it speaks of, in their order
    """

    text: str
    columns: tuple[str, ...]
    test: Test

    def holds(self, row: Mapping[str, object]) -> bool:
        """Whether a row (column -> value) meets the condition; one that lacks a value it needs does not.

        Raises InvalidInput where text and numbers are put in order.
        """
        return self.test(row) is True


def condition(text: str, known: Collection[str], what: str = "column") -> Condition:
    """Read a condition: comparisons of a column with a value, joined by `and`, `or`, `not` and parentheses.

    known   columns that there are;  what   what a message calls them
    A value is a number, with a unit where the column's name carries one (`step_s < 300 ms`), `true`, `false`, or text,
    in quotes where it holds blanks. Raises InvalidInput, for an unknown column with the nearest one.
    """
    reader = _Reader(text, tuple(known), what)
    test = reader.either(0)
    if reader.left:
        reader.refuse(f"read `{reader.left[0]}` where `and`, `or` or the end belongs")
    return Condition(text, tuple(dict.fromkeys(reader.columns)), test)


def unit_of(column: str) -> str:
    """Unit in which a column's values may be written (`s`, `bytes`, `%`), empty where its name carries none."""
    found = _UNIT.search(column)
    return _SPELLED.get(found["unit"], found["unit"]) if found else ""


class _Reader:
    """Reads a condition word by word, from left to right."""

    def __init__(self, text: str, known: tuple[str, ...], what: str) -> None:
        self.text, self.known, self.what = text, known, what
        self.columns: list[str] = []
        self.example = EXAMPLE if set(_NAME.findall(EXAMPLE)) <= {*known, AND, "GB"} else f"{(*known, 'step_s')[0]} > 1"
        if len(text) > LONGEST:
            self.refuse(f"{len(text):,} characters; up to {LONGEST:,} are read")
        self.left = list(self._tokens())

    def refuse(self, why: str) -> NoReturn:
        """Raise InvalidInput for the condition."""
        raise InvalidInput([Problem(f"condition `{self.text[:80]}`", 0, 0, "", why)])

    def _tokens(self) -> Iterator[str]:
        """Words, comparisons and parentheses."""
        at, end = 0, len(self.text.rstrip())
        while at < end:
            found = _TOKEN.match(self.text, at)
            if found is None:
                self.refuse(f"cannot read `{self.text[at:].strip()[:20]}`; write for example `{self.example}`")
            yield found[1]
            at = found.end()

    def _next(self, wanted: str) -> str:
        """The next word, which has to be there."""
        if not self.left:
            self.refuse(f"ends where {wanted} belongs; write for example `{self.example}`")
        return self.left.pop(0)

    def _takes(self, word: str) -> bool:
        """Whether the next word is this one, which is then taken."""
        if self.left and self.left[0].lower() == word:
            del self.left[0]
            return True
        return False

    def either(self, depth: int) -> Test:
        """Parts joined by `or`."""
        parts = [self._all(depth)]
        while self._takes(OR):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else lambda row: _any(test(row) for test in parts)

    def _all(self, depth: int) -> Test:
        """Parts joined by `and`, which binds closer."""
        parts = [self._one(depth)]
        while self._takes(AND):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else lambda row: _not(_any(_not(test(row)) for test in parts))

    def _one(self, depth: int) -> Test:
        """A comparison, `not`, or a condition in parentheses."""
        if depth > DEEPEST:
            self.refuse(f"more than {DEEPEST} parentheses inside each other")
        if self._takes(NOT):
            inner = self._one(depth + 1)
            return lambda row: _not(inner(row))
        if self._takes(OPEN):
            inside = self.either(depth + 1)
            if self._next(f"`{CLOSE}`") != CLOSE:
                self.refuse(f"a `{OPEN}` is not closed")
            return inside
        return self._comparison()

    def _comparison(self) -> Test:
        """A column, how it is compared, and with what."""
        column = self._next(f"a {self.what}")
        if column not in self.known:
            near = meant(column, self.known)
            said = (
                f"no {self.what} `{column}`{near}" if _NAME.fullmatch(column) else f"read `{column}` as a {self.what}"
            )
            self.refuse(f"{said}; there are: {listed(sorted(self.known), 60)}")
        self.columns.append(column)
        sign = self._next("a comparison")
        if sign not in COMPARISONS:
            self.refuse(f"read `{sign}` after `{column}`; write one of {' '.join(COMPARISONS)}")
        value = self._value(column)
        compare = COMPARISONS[sign]
        return lambda row: self._compared(column, compare, row.get(column), value)

    def _value(self, column: str) -> object:
        """Words up to the next `and`, `or` or `)` as a value of the column."""
        words = [self._next("a value")]
        if words[0][0] in "\"'":
            return words[0][1:-1]
        while self.left and self.left[0].lower() not in (AND, OR, CLOSE):
            words.append(self.left.pop(0))
        said, unit = " ".join(words), unit_of(column)
        if any(word in COMPARISONS or word == OPEN for word in words):
            self.refuse(f"read `{said}` as the value of `{column}`; write a value, then `and` or `or`")
        try:
            value = scalars.read(said)
            if isinstance(value, str) and unit:
                return units.percent(said) if unit == PERCENT else units.parse(said, unit)
            return value
        except ValueError as error:
            self.refuse(f"{column}: {error}")

    def _compared(self, column: str, compare: Callable[[Any, Any], Any], here: object, value: object) -> Truth:
        """Whether a value of a row compares as asked; None where it is missing."""
        if here is None or here != here:
            return None
        try:
            return bool(compare(here, value))
        except TypeError:
            if unit_of(column) and isinstance(here, str):
                return None  # what was varied could not be read as a quantity
            self.refuse(f"`{column}` is `{here}` in some rows, which is not more or less than `{value}`: use == or !=")


def _any(found: Iterator[Truth]) -> Truth:
    """True if one is, else None if one is missing."""
    every = list(found)
    return True if True in every else None if None in every else False


def _not(found: Truth) -> Truth:
    """The contrary; what is missing stays so."""
    return None if found is None else not found
