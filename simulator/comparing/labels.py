"""What is compared, as it was asked for: each scenario under a label of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from simulator.comparing.comparison import Asked
from topologies.catalogue import Catalogue
from topologies.problems import InvalidInput, Problem
from workloads.asked import compared_file
from workloads.scenario import Scenario, catalogue, load_scenario
from workloads.scenario import changed as with_changes
from workloads.short_paths import full_paths
from workloads.what_ifs import what_ifs

Changed = Callable[[Scenario, Mapping[str, object]], Scenario]


def named(
    scenarios: Sequence[Scenario | Path | str], variants: Sequence[Mapping[str, object]], lists: Sequence[str]
) -> list[Asked]:
    """Every scenario that is compared, of Scenarios, files and names of shipped ones; see `everyone`.

    Raises InvalidInput also where there is none.
    """
    if not scenarios:
        raise InvalidInput([Problem("scenarios", 0, 0, "", "there is none: give the base and others")])
    read = [
        (one, "") if isinstance(one, Scenario) else (load_scenario(compared_file(str(one))), str(one))
        for one in scenarios
    ]
    own = compared_file(read[0][1]) if read and read[0][1] else None
    made = [(changes, ", ".join(f"{path}={value}" for path, value in changes.items())) for changes in variants]
    return everyone(read, made, lists, catalogue(own))


def everyone(
    read: Sequence[tuple[Scenario, str]],
    variants: Sequence[tuple[Mapping[str, object], str]],
    lists: Sequence[str],
    names: Catalogue,
) -> list[Asked]:
    """Every scenario that is compared: those read, the first one changed, the first one under each what-if of lists.

    read    scenario, its file;  variants   changes of the first one, whose paths may be short, what they are called
    lists   names or paths of lists of what-ifs;  names   what changes may name
    Raises InvalidInput for an unknown list and for a path that is unknown or ambiguous.
    """
    listed = [one for name in lists for one in what_ifs(name).what_ifs]
    wanted = [(full_paths(changes), label) for changes, label in variants]
    wanted += [(full_paths(dict(one.changes)), one.title) for one in listed]
    every = asked(read, wanted, lambda scenario, changes: with_changes(scenario, changes, names))
    plain = len(every) - len(listed)
    told = [replace(one, moves=of.moves, assumed=of.assumed) for one, of in zip(every[plain:], listed, strict=True)]
    return [*every[:plain], *told]


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
