"""Python data as YAML that every YAML 1.2 reader reads back the same."""

import re
from collections.abc import Iterator, Mapping

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _./%()+-]*[A-Za-z0-9_.%)]|[A-Za-z]")
_NOT_TEXT = re.compile(r"(?i)null|true|false|yes|no|on|off|y|n")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)? [A-Za-z](?:[A-Za-z/ ]*[A-Za-z])?")


def to_yaml(data: Mapping[str, object]) -> str:
    """Block-style YAML of mappings, lists, text, numbers, truth values and null."""
    return "".join(f"{line}\n" for line in _lines(data, 0))


def _lines(data: object, depth: int) -> Iterator[str]:
    """Lines of a mapping or a list that is not empty."""
    pad = "  " * depth
    pairs = data.items() if isinstance(data, Mapping) else enumerate(data if isinstance(data, list | tuple) else ())
    for key, value in pairs:
        head = f"{scalar(key)}:" if isinstance(data, Mapping) else "-"
        if isinstance(value, Mapping | list | tuple) and value:
            yield f"{pad}{head}"
            yield from _lines(value, depth + 1)
        else:
            yield f"{pad}{head} {scalar(value)}"


def scalar(value: object) -> str:
    """One value on one line."""
    if isinstance(value, Mapping | list | tuple):
        return "{}" if isinstance(value, Mapping) else "[]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    return _text(str(value))


def _text(text: str) -> str:
    """Text bare where no reader can mistake it, in double quotes elsewhere."""
    if (_PLAIN.fullmatch(text) or _QUANTITY.fullmatch(text)) and not _NOT_TEXT.fullmatch(text):
        return text
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def _escaped(letter: str) -> str:
    """One letter inside double quotes."""
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable():
        return letter
    code = ord(letter)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
