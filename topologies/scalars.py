"""Plain YAML text as null, a truth value, a number or text, by the core schema of YAML 1.2."""

import math
import re

from topologies.problems import shown

LARGEST_WHOLE = 2**63
MOST_DIGITS = 19

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_OTHER_NUMBER = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|[0-9][0-9_]*)")


def read(text: str) -> bool | int | float | str | None:
    """Value of text without quotes. Raises ValueError for numbers that no field can take.

    Octal, hexadecimal, underscored and zero-padded numbers and dates stay text, whatever a YAML reader of version 1.1
    would make of them; where a number is wanted, the message gives it in plain digits.
    """
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"read {shown(text)}; write a finite number")
    if _INT.fullmatch(text):
        return _whole(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(f"read {shown(text)}, which is too large; write a finite number")
        return number
    return text


def _whole(text: str) -> int:
    """A whole number within 64 bits. Raises ValueError beyond."""
    if len(text.lstrip("+-")) > MOST_DIGITS or abs(int(text)) >= LARGEST_WHOLE:
        raise ValueError(f"read {shown(text)}; whole numbers go up to {LARGEST_WHOLE - 1}")
    return int(text)


def plain_digits(text: str) -> str | None:
    """`1_000`, `0x1f`, `0o17` and `007` in plain digits, None for other text."""
    if not _OTHER_NUMBER.fullmatch(text) or len(text) > MOST_DIGITS:
        return None
    bare = text.replace("_", "")
    return str(int(bare, 0 if bare.lstrip("+-")[1:2] in "xXoO" and len(bare.lstrip("+-")) > 1 else 10))
