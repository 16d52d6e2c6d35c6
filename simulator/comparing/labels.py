"""What is compared, as it was asked for: each scenario under a label of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from simulator.comparing.comparison import Asked
from topologies.problems import InvalidInput
from workloads.scenario import Scenario

Changed = Callable[[Scenario, Mapping[str, object]], Scenario]


def asked(
    read: Sequence[tuple[Scenario, str]], variants: Sequence[tuple[Mapping[str, object], str]], changed: Changed
) -> list[Asked]:
    """Every scenario that was asked for; a variant that is not valid with the reason.

    read      scenario, its file;  variants   changes of the first one, what they are called
    changed   the scenario with changes put in
    """
    first = read[0][0]
    made = [_variant(first, changes, changed) for changes, _ in variants]
    names = labels([(scenario.name, file) for scenario, file in read], [label for _, label in variants])
    found: list[tuple[Scenario | None, str]] = [*((scenario, "") for scenario, _ in read), *made]
    return [Asked(name, scenario, why) for name, (scenario, why) in zip(names, found, strict=True)]


def labels(read: Sequence[tuple[str, str]], changed: Sequence[str]) -> list[str]:
    """Labels of scenarios that were read, then of changed ones, all different.

    read     name and file of each; the file is told where names are the same;  changed   what was changed
    """
    times = Counter(name for name, _ in read)
    return _numbered([*(f"{name} ({file})" if file and times[name] > 1 else name for name, file in read), *changed])


def _variant(first: Scenario, changes: Mapping[str, object], changed: Changed) -> tuple[Scenario | None, str]:
    """The scenario with changes, or why that cannot be."""
    try:
        return changed(first, changes), ""
    except InvalidInput as refused:
        return None, "; ".join(": ".join(filter(None, (one.field, one.message))) for one in refused.problems)


def _numbered(names: Iterable[str]) -> list[str]:
    """The names, those that are there already with a number behind them."""
    found: list[str] = []
    for name in names:
        tried, number = name, 2
        while tried in found:
            tried, number = f"{name} ({number})", number + 1
        found.append(tried)
    return found
