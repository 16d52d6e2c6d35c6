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
}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_MAX_TEXT = 60


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
        "day": Fraction(86400),
        "days": Fraction(86400),
        "year": Fraction(365 * 86400),
        "years": Fraction(365 * 86400),
    },
    "flop": _prefixed("FLOP", "kMGTPE"),
    "USD": _prefixed("USD", "kM"),
    "W": _prefixed("W", "kMG"),
    "Hz": _prefixed("Hz", "kMG"),
    "J": _prefixed("J", "kMG") | _prefixed("Wh", "kMG", Fraction(3600)),
    "tokens": {p + gap + "tokens": Fraction(n) for p, n in DECIMAL.items() for gap in ("", " ") if p or not gap}
    | {"token": Fraction(1), "B tokens": Fraction(10**9)},
}
# Written often, meant clearly, and still not accepted silently: the hint names the one spelling.
_HINTS = {
    "gbps": "Gb/s",
    "gbit/s": "Gb/s",
    "tflops": "TFLOP/s",
    "gflops": "GFLOP/s",
    "mbps": "Mb/s",
    "sec": "s",
    "hour": "h",
    "hours": "h",
    "hr": "h",
    "$": "USD",
    "usd/hour": "USD/h",
    "$/h": "USD/h",
    "\u00b5s": "us",
    "\u03bcs": "us",
    "micros": "us",
}
_PER_SECOND_SHORT = {p + "FLOPS": p + "FLOP/s" for p in DECIMAL}


def _factors(unit: str) -> dict[str, Fraction]:
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


def parse(text: str, unit: str) -> float:
    """Read text such as `400 Gb/s` as a float in the canonical unit (`bytes/s`).

    Raises UnitError when the number, the unit or the dimension is not as expected, or the value is not finite.
    """
    said = text.strip()
    match = _NUMBER.match(said)
    if match is None or len(said) > _MAX_TEXT:
        raise UnitError(f"read `{said[:_MAX_TEXT]}`; write a number and a unit, for example `{example(unit)}`")
    symbol = said[match.end() :].strip()
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
    known = symbols(unit)
    close = [s for s in known if s.lower() == symbol.lower()]
    close = close or [_HINTS[symbol.lower()]] if symbol.lower() in _HINTS else close
    close = close or difflib.get_close_matches(symbol, known, n=1, cutoff=0.6)
    hint = f"; did you mean `{close[0]}`?" if close and close[0] in known else ""
    if {s[-1:] for s in (symbol.split("/")[0], (close or [""])[0].split("/")[0])} == {"b", "B"}:
        hint += " (b is bits, B is bytes)"
    return f"`{said}`: `{symbol}` is no unit of {unit}; write for example `{example(unit)}`{hint}"


def render(value: float, unit: str) -> str:
    """Write a float with the unit that reads shortest; parsing it gives the same float back, bit for bit."""
    if not math.isfinite(value):
        raise UnitError(f"{value} cannot be written as a quantity")
    candidates = [f"{_digits(value)} {_plain_symbol(unit)}"]
    for symbol, factor in _written(unit).items():
        number = float(Fraction(value) / factor)
        text = f"{_digits(number)} {symbol}"
        if 1 <= abs(number) < 10_000 and parse(text, unit) == value:
            candidates.append(text)
    return min(candidates, key=lambda text: (len(text.split()[0]), len(text)))


def pretty(value: float, unit: str, digits: int = 4) -> str:
    """Write a float for people: the prefix that leaves 1 to 1000 in front, rounded to `digits` figures."""
    if not math.isfinite(value):
        return str(value)
    ladder = sorted((f, s) for s, f in _written(unit).items() if s not in _NOT_PRETTY)
    fitting = [(f, s) for f, s in ladder if abs(value) >= f] or ladder[:1]
    factor, symbol = fitting[-1] if value else (Fraction(1), _plain_symbol(unit))
    number = float(Fraction(value) / factor)
    text = f"{number:.{digits}g}"
    if "e" in text:
        text = f"{float(text):,.0f}" if abs(number) >= 1 else text
    return f"{text} {symbol}"


_NOT_PRETTY = frozenset(
    p + tail for p in (*DECIMAL, *BINARY) for tail in ("b", "b/s", "iB", "iB/s", "B", "B/s") if p in BINARY or "b" in tail
)


def _digits(number: float) -> str:
    """Shortest text of a float that reads back exactly; whole numbers without a point."""
    text = repr(number)
    return text.removesuffix(".0")


def _plain_symbol(unit: str) -> str:
    """Symbol worth exactly one in SI."""
    return next(s for s, f in _factors(unit).items() if f == 1)


def _written(unit: str) -> dict[str, Fraction]:
    """Spellings that the program itself writes: one a worth, no plural twins, only per second or per hour for money."""
    wanted: dict[str, Fraction] = {}
    for symbol, factor in _factors(unit).items():
        bottom = symbol.partition("/")[2]
        odd_bottom = bottom not in ("", "s", "token", "tokens", "B") and not (unit == "USD/s" and bottom == "h")
        if not odd_bottom and factor not in wanted.values():
            wanted[symbol] = factor
    return wanted


FROM_FILE = {"from_file": True}


@dataclass(frozen=True, slots=True)
class Quantity:
    """Marks a float field of a Spec: text with a unit in a file, SI inside; python code may give SI floats."""

    unit: str
    least: float = 0.0
    open_end: bool = True

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by `check`; write text with a unit in JSON mode, the SI float in python mode."""
        write = core_schema.plain_serializer_function_ser_schema(
            lambda value: render(value, self.unit), when_used="json"
        )
        return core_schema.with_info_plain_validator_function(self.check, serialization=write)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the text a user may write."""
        spellings = sorted((re.escape(s).replace(r"\ ", " ") for s in symbols(self.unit)), key=len, reverse=True)
        number = r"[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?"
        return {
            "type": "string",
            "pattern": f"^ *{number} *({'|'.join(spellings)}) *$",
            "examples": [example(self.unit)],
        }

    def check(self, value: object, info: ValidationInfo) -> float:
        """Return the SI float, or raise with what to write."""
        if isinstance(value, str):
            try:
                number = parse(value, self.unit)
            except UnitError as error:
                raise PydanticCustomError("quantity", "{why}", {"why": str(error)}) from None
        elif isinstance(value, bool) or not isinstance(value, int | float):
            why = f"read {value!r}; write a number and a unit, for example `{example(self.unit)}`"
            raise PydanticCustomError("quantity", "{why}", {"why": why})
        elif info.context == FROM_FILE:
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
        units = ["%"] if self.unit == "%" else list(symbols(self.unit))
        pattern = f"^ *[0-9]*\\.?[0-9]+([eE][+-]?[0-9]+)? *({'|'.join(units)}) *$"
        return {"anyOf": [handler(schema), {"type": "string", "pattern": pattern}]}

    def read(self, value: object) -> object:
        """Number behind the text; anything else is passed on."""
        if not isinstance(value, str):
            return value
        try:
            return _percent(value) if self.unit == "%" else _whole(value, self.unit)
        except UnitError as error:
            raise PydanticCustomError("quantity", "{why}", {"why": str(error)}) from None


def _percent(text: str) -> float:
    """`85 %` as 0.85."""
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
Watts = Annotated[float, Quantity("W")]
Hertz = Annotated[float, Quantity("Hz")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), Numeral("%")]
Count = Annotated[int, _Whole]
CountOrZero = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Tokens = Annotated[int, _Whole, Numeral("tokens")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
