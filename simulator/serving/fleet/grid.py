"""Options of a search, made one by one from the values that it tries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from simulator.refusal import Refused
from simulator.serving.fleet.option import Kind, Option
from topologies.spec import InvalidInput
from workloads.fleet_search import FleetSearch, Value

Make = Callable[[Kind, Mapping[str, Value]], Option]


class Made(NamedTuple):
    """Options, and for those that cannot be: what was changed, and why they cannot."""

    options: tuple[Option, ...]
    impossible: tuple[tuple[str, str], ...]


def made(wanted: FleetSearch, kinds: Iterable[Kind], make: Make) -> Made:
    """Make an option of each combination of values for the kinds that a service has; larger ones than allowed not.

    make   the option with these changes to the service's unit; raises Refused or InvalidInput for one that cannot be
    Raises Refused where values are given for a kind that the service does not have.
    """
    there = tuple(kinds)
    for kind in FleetSearch.KINDS:
        if getattr(wanted, kind) and kind not in there:
            raise Refused(f"values to try for `{kind}`, but the service has units of {', '.join(there)} only")
    options: list[Option] = []
    impossible = []
    for kind in there:
        for changes in wanted.variants(kind):
            told = ", ".join([kind, *(f"{path}={value}" for path, value in changes.items())])
            try:
                option = make(kind, changes)
            except (Refused, InvalidInput) as error:
                impossible.append((told, str(error)))
                continue
            if option.gpus <= wanted.most_gpus:
                options.append(option)
            else:
                impossible.append((told, f"a unit takes {option.gpus} GPUs of {wanted.most_gpus}"))
    return Made(tuple(options), tuple(impossible))
