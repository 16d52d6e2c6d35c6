"""What compared scenarios are called: each differently from all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence


def distinct(read: Sequence[tuple[str, str]], changed: Sequence[str]) -> list[str]:
    """Labels of scenarios that were read, then of changed ones, all different.

    read     name and file of each; the file is told where names are the same;  changed   what was changed
    """
    times = Counter(name for name, _ in read)
    return numbered([*(name if times[name] == 1 else f"{name} ({file})" for name, file in read), *changed])


def numbered(labels: Iterable[str]) -> list[str]:
    """The labels, those that are there already with a number behind them."""
    found: list[str] = []
    for label in labels:
        tried, number = label, 2
        while tried in found:
            tried, number = f"{label} ({number})", number + 1
        found.append(tried)
    return found
