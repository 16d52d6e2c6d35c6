"""Text with a unit to an SI float and back; the only place that knows prefixes, bits and hours.

Inside the program every quantity is a float in SI (bytes, seconds, FLOP, USD, watts, hertz). In YAML it is
text that carries its unit. `parse` and `render` are exact inverses: `parse(render(x, u), u) == x`.
"""

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
BITS_PER_BYTE = 8
EXAMPLES = {
    "bytes": "80 GiB",
    "bytes/s": "400 Gb/s",
    "s": "3.3 us",
    "flop": "250 GFLOP",
    "flop/s": "989 TFLOP/s",
    "USD": "3000 USD",
    "USD/s": "2 USD/h",
    "W": "700 W",
    "Hz": "1.6 GHz",
    "tokens": "14.8 T tokens",
    "J": "2 kWh",
    "USD/tokens": "0.55 USD/M tokens",
    "kg": "1.5 t",
    "requests/s": "10 requests/s",
}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MAX_TEXT = 60
CACHED = 4096
"""Texts and values kept once worked out: a what-if writes and reads the same catalogue values again."""


class UnitError(ValueError):
    """Text that is no quantity of the wanted dimension; the message says what to write."""


def _prefixed(symbol: str, prefixes: str, worth: Fraction = Fraction(1)) -> dict[str, Fraction]:
    """Every prefix of the list before the symbol, with what one of it is worth in SI."""
    return {p + symbol: worth * DECIMAL[p] for p in ["", *prefixes]}


_SYMBOLS: Mapping[str, Mapping[str, Fraction]] = {
    "bytes": _prefixed("B", "kMGTPE")
    | {p + "B": Fraction(n) for p, n in BINARY.items()}
    | _prefixed("b", "kMGTP", Fraction(1, BITS_PER_BYTE))
    | {"bytes": Fraction(1), "byte": Fraction(1)},
    "s": {
        "s": Fraction(1),
        "ms": Fraction(1, 10**3),
        "us": Fraction(1, 10**6),
        "ns": Fraction(1, 10**9),
        "min": Fraction(60),
        "h": Fraction(3600),
        "days": Fraction(86400),
        "day": Fraction(86400),
        "years": Fraction(365 * 86400),
        "year": Fraction(365 * 86400),
    },
    "flop": _prefixed("FLOP", "kMGTPE"),
    "USD": _prefixed("USD", "kM"),
    "W": _prefixed("W", "kMG"),
    "Hz": _prefixed("Hz", "kMG"),
    "J": _prefixed("J", "kMG") | _prefixed("Wh", "kMG", Fraction(3600)),
    "kg": {"kg": Fraction(1), "g": Fraction(1, 10**3), "t": Fraction(10**3)},
    "tokens": {f"{p} tokens".strip(): Fraction(n) for p, n in DECIMAL.items() if p in ("", "k", "M", "T")}
    | {"B tokens": Fraction(10**9), "token": Fraction(1)},
    "requests": {"requests": Fraction(1), "request": Fraction(1)},
}
_OTHER_SPELLINGS = (
    (r"(?i)flops?(/s)?$", "FLOP/s"),
    (r"(?i)gbit", "Gb"),
    (r"ps$", "/s"),
    (r"(?i)/?sec(onds?)?$", "/s"),
    (r"(?i)/?(hours?|hr)$", "/h"),
    ("(?i)dollars?|\\$", "USD"),
    ("micros|\u00b5s|\u03bcs", "us"),
    ("(?i)/([kmbt])tok(ens?)?$", r"/\1 tokens"),
)
"""Written often, meant clearly, and still not accepted silently: the message names the one spelling."""
_PER_SECOND_SHORT = {p + "FLOPS": p + "FLOP/s" for p in DECIMAL}


@cache
def _factors(unit: str) -> Mapping[str, Fraction]:
    """Symbols allowed for one canonical unit, each with its worth in SI."""
    top, _, bottom = unit.partition("/")
    if top not in _SYMBOLS or (bottom and bottom not in _SYMBOLS):
        raise UnitError(f"no such dimension: {unit!r}; known are {', '.join(sorted(_SYMBOLS))} and their ratios")
    if not bottom:
        return dict(_SYMBOLS[top])
    return {f"{a}/{b}": fa / fb for a, fa in _SYMBOLS[top].items() for b, fb in _SYMBOLS[bottom].items()}


def example(unit: str) -> str:
    """Text a user could write for this dimension."""
    if unit in EXAMPLES:
        return EXAMPLES[unit]
    return f"3 {next(iter(_factors(unit)))}"


def symbols(unit: str) -> tuple[str, ...]:
    """Unit spellings accepted for one canonical unit, for a schema or a message."""
    short = _PER_SECOND_SHORT if unit == "flop/s" else {}
    return (*_factors(unit), *short)


def pattern(unit: str) -> str:
    """Regular expression of the text that `parse` takes (or of a percentage, for `%`), for a schema."""
    above, _, below = unit.partition("/")
    spelled = "%" if unit == "%" else f"({'|'.join(_SYMBOLS[above])})"
    spelled += f"/({'|'.join(_SYMBOLS[below])})" if below else ""
    short = "|[kMGTPE]?FLOPS" if unit == "flop/s" else ""
    return rf"^ *([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)? *({spelled}{short}) *$"


@lru_cache(maxsize=CACHED)
def parse(text: str, unit: str) -> float:
    """Read text such as `400 Gb/s` as a float in the canonical unit (`bytes/s`).

    Raises UnitError when the number, the unit or the dimension is not as expected, or the value is not finite.
    """
    said = text.strip()
    match = _NUMBER.match(said)
    if match is None or len(said) > _MAX_TEXT:
        raise UnitError(f"read `{said[:_MAX_TEXT]}`; write a number and a unit, for example `{example(unit)}`")
    symbol = said[match.end() :].strip()
    if symbol[0:1] == "_" or re.match(r"[xXoO][0-9a-fA-F]", symbol):
        raise UnitError(f"read `{said}`; write the number in plain digits")
    if not symbol:
        raise UnitError(f"a bare number {said}: write a unit, for example `{example(unit)}`")
    factor = _factors(unit).get(_PER_SECOND_SHORT.get(symbol, symbol) if unit == "flop/s" else symbol)
    if factor is None:
        raise UnitError(_unknown_symbol(said, symbol, unit))
    try:
        value = float(Fraction(match.group()) * factor)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise UnitError(f"`{said}` is too large to be a quantity")
    return value


def _unknown_symbol(said: str, symbol: str, unit: str) -> str:
    """Say why a unit is refused and which one may be meant."""
    close = _meant(symbol, symbols(unit))
    hint = f" (did you mean `{close}`?)" if close else ""
    bits = "; b is bits, B is bytes" if unit.startswith("bytes") else ""
    return f"`{said}`: `{symbol}` is no unit of {unit}{hint}; write for example `{example(unit)}`{bits}"


def _meant(symbol: str, known: tuple[str, ...]) -> str | None:
    """Known spelling that another spelling stands for."""
    other = symbol
    for pattern, spelling in _OTHER_SPELLINGS:
        other = re.sub(pattern, spelling, other)
    for guess in (other, other.lstrip("/")):
        same = [name for name in known if name == guess] or [name for name in known if name.lower() == guess.lower()]
        if same:
            return same[0]
    return next(iter(difflib.get_close_matches(symbol, known, n=1)), None)


@lru_cache(maxsize=CACHED)
def render(value: float, unit: str) -> str:
    """Write a float with the unit that reads shortest; parsing it gives the same float back, bit for bit."""
    if not math.isfinite(value):
        raise UnitError(f"{value} cannot be written as a quantity")
    candidates = [f"{repr(value + 0.0).removesuffix('.0')} {_plain_symbol(unit)}"]
    for symbol, factor in _written(unit).items():
        exact = Fraction(value) / factor
        if Fraction(1, 100) <= abs(exact) < 10_000:
            number = float(exact)
            texts = (f"{number:.{digits}g} {symbol}" for digits in (6, 9, 15, 16, 17))
            candidates += [text for text in texts if "e" not in text.split()[0] and parse(text, unit) == value][:1]
    return min(candidates, key=lambda text: len(text.split()[0]))


def pretty(value: float, unit: str, digits: int = 4, like: float | None = None) -> str:
    """Write a float for people: the decimal prefix that leaves 1 to 1000 in front, rounded to `digits` figures.

    like   the prefix that suits this value, beside which the other one is told
    """
    if not math.isfinite(value):
        return str(value)
    ladder = sorted((factor, symbol) for symbol, factor in _written(unit).items() if not _BITS_OR_BINARY.search(symbol))
    fitting = [step for step in ladder if abs(value if like is None else like) >= step[0]] or ladder[:1]
    factor, symbol = fitting[-1] if value else (Fraction(1), _plain_symbol(unit))
    number = float(Fraction(value) / factor)
    rounded = float(f"{number:.{digits}g}")
    return f"{rounded:,.0f} {symbol}" if abs(rounded) >= 10**digits else f"{rounded:.{digits}g} {symbol}"


_BITS_OR_BINARY = re.compile(r"b(/|$)|i")


def _plain_symbol(unit: str) -> str:
    """Symbol worth exactly one in SI."""
    return next(s for s, f in _factors(unit).items() if f == 1)


_WRITTEN_BELOW = frozenset({"", "s", "h", "tokens", "M tokens", "B", "kWh"})
"""What the program itself writes below a fraction bar."""


@cache
def _written(unit: str) -> Mapping[str, Fraction]:
    """Spellings that the program itself writes, one for each worth; hours and millions of tokens only below money."""
    chosen: dict[str, Fraction] = {}
    for symbol, factor in _factors(unit).items():
        below = symbol.partition("/")[2]
        usual = below in _WRITTEN_BELOW and (below not in ("h", "M tokens") or symbol.startswith("USD"))
        if usual and factor not in chosen.values():
            chosen[symbol] = factor
    return chosen


AS_TEXT = {"as": "text"}
"""Context of reading from and writing to text: quantities carry their unit."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Marks a float field of a Spec: text with a unit in a file, SI inside; python code may give SI floats."""

    unit: str
    least: float = 0.0
    open_end: bool = True

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by `check`; write text with a unit where text is asked for, else the SI float."""

        def put(value: float, info: core_schema.SerializationInfo) -> str | float:
            return render(value, self.unit) if info.context == AS_TEXT else value

        write = core_schema.plain_serializer_function_ser_schema(put, info_arg=True)
        return core_schema.with_info_plain_validator_function(self.check, serialization=write)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the text a user may write."""
        return {"type": "string", "pattern": pattern(self.unit), "examples": [example(self.unit)]}

    def check(self, value: object, info: ValidationInfo) -> float:
        """Return the SI float, or raise with what to write."""
        if isinstance(value, str):
            try:
                number = parse(value, self.unit)
            except UnitError as error:
                raise PydanticCustomError("quantity", "{why}", {"why": str(error)}) from None
        elif isinstance(value, bool) or not isinstance(value, int | float):
            what = "a mapping" if isinstance(value, dict) else f"`{str(value).lower()}`"
            what = "a list" if isinstance(value, list | tuple) else what
            why = f"read {what}; write a number and a unit, for example `{example(self.unit)}`"
            raise PydanticCustomError("quantity", "{why}", {"why": why})
        elif info.context == AS_TEXT:
            why = f"a bare number {value}: write a unit, for example `{example(self.unit)}`"
            raise PydanticCustomError("quantity", "{why}", {"why": why})
        else:
            number = float(value)
        self._bound(number, value)
        return number

    def _bound(self, number: float, said: object) -> None:
        """Refuse what is not finite, negative, or zero where zero makes no sense."""
        if math.isfinite(number) and (number > self.least or (number == self.least and not self.open_end)):
            return
        limit = "more than zero" if self.open_end else "zero or more"
        raise PydanticCustomError("quantity", "{why}", {"why": f"read `{said}`; it must be finite and {limit}"})


@dataclass(frozen=True, slots=True)
class Numeral:
    """Marks a plain number field that may also be text: a share as `85 %`, a count of tokens as `14.8 T tokens`."""

    unit: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Turn text into a number, then let the field's own bounds decide."""
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A number, or text with the unit."""
        return {"anyOf": [handler(schema), {"type": "string", "pattern": pattern(self.unit)}]}

    def read(self, value: object) -> object:
        """Number behind the text; anything else is passed on."""
        if not isinstance(value, str):
            return value
        try:
            return percent(value) if self.unit == "%" else _whole(value, self.unit)
        except UnitError as error:
            raise PydanticCustomError("quantity", "{why}", {"why": str(error)}) from None


def percent(text: str) -> float:
    """`85 %` as 0.85. Raises UnitError for anything else."""
    match = re.fullmatch(_NUMBER.pattern + r"\s*%", text.strip())
    if match is None or len(text) > _MAX_TEXT:
        raise UnitError(f"read `{text[:_MAX_TEXT]}`; write a number from 0 to 1, or a share such as `85 %`")
    return float(Fraction(text.strip().removesuffix("%").strip()) / 100)


def _whole(text: str, unit: str) -> int:
    """`14.8 T tokens` as a whole number."""
    value = parse(text, unit)
    if value != int(value):
        raise UnitError(f"`{text}` is not a whole number of {unit}")
    return int(value)


LARGEST_COUNT = 2**63 - 1
_Whole = Field(ge=1, le=LARGEST_COUNT)

Bytes = Annotated[float, Quantity("bytes")]
BytesPerS = Annotated[float, Quantity("bytes/s")]
Seconds = Annotated[float, Quantity("s")]
SecondsOrZero = Annotated[float, Quantity("s", open_end=False)]
Flop = Annotated[float, Quantity("flop")]
FlopPerS = Annotated[float, Quantity("flop/s")]
Usd = Annotated[float, Quantity("USD")]
UsdOrZero = Annotated[float, Quantity("USD", open_end=False)]
UsdPerS = Annotated[float, Quantity("USD/s")]
UsdPerSOrZero = Annotated[float, Quantity("USD/s", open_end=False)]
UsdPerToken = Annotated[float, Quantity("USD/tokens")]
UsdPerTokenOrZero = Annotated[float, Quantity("USD/tokens", open_end=False)]
UsdPerJ = Annotated[float, Quantity("USD/J")]
KgPerJ = Annotated[float, Quantity("kg/J", open_end=False)]
Watts = Annotated[float, Quantity("W")]
WattsOrZero = Annotated[float, Quantity("W", open_end=False)]
RequestsPerS = Annotated[float, Quantity("requests/s")]
Hertz = Annotated[float, Quantity("Hz")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), Numeral("%")]
Count = Annotated[int, _Whole]
CountOrZero = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Tokens = Annotated[int, _Whole, Numeral("tokens")]
TokensOrZero = Annotated[int, Field(ge=0, le=LARGEST_COUNT), Numeral("tokens")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
