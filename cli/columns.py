"""Text in columns, the same on a terminal and in a pipe."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> str:
    """Lay rows out under each other, two blanks between columns, the last column as long as it is.

    rows    [row][column]
    head    [column]  names, underlined; none if empty
    """
    every = [*([head, ["-" * len(name) for name in head]] if head else []), *rows]
    if not every:
        return ""
    widths = [max(len(row[i]) for row in every if i < len(row)) for i in range(max(map(len, every)))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in every)
    return "\n".join(line.rstrip() for line in lines)
