"""Links and endpoints of a network drawn by hand, and what may be wrong with the drawing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from topologies.cables import CableClass
from topologies.hardware import Switch
from topologies.problems import listed, meant
from topologies.spec import Spec
from topologies.units import BytesPerS, Count, SecondsOrZero, pretty

Flaw = tuple[str, str]
"""Dotted path below the drawing, and what is wrong there."""
SwitchName = Annotated[str, Field(min_length=1, max_length=80)]


class DrawnLink(Spec):
    """Cables between two switches."""

    between: tuple[SwitchName, SwitchName]
    count: Count = 1
    """Cables side by side."""
    bytes_per_s: BytesPerS | None = None
    """Of one cable, each direction; left out: the switch's port."""
    latency_s: SecondsOrZero = 0.0
    """Of the cable itself; the switch has its own."""
    cable: CableClass | None = None
    """Class of cable, for the bill; left out: that of far cables."""


class DrawnAttachment(Spec):
    """Endpoints on one switch."""

    switch: SwitchName
    count: Count = 1
    bytes_per_s: BytesPerS | None = None
    """Of one endpoint's cable, each direction; left out: the switch's port."""
    latency_s: SecondsOrZero = 0.0
    """Of the cable itself."""


def flaws(
    names: Sequence[str], links: Sequence[DrawnLink], attached: Sequence[DrawnAttachment], switch: Switch
) -> Iterator[Flaw]:
    """Everything that is wrong with a drawing; ports and pieces are looked at once names and rates are right."""
    found = [*_names(names, links, attached), *_rates(links, attached, switch)]
    yield from found
    if not found:
        yield from _ports(names, links, attached, switch)
        yield from _pieces(names, links)


def _names(names: Sequence[str], links: Sequence[DrawnLink], attached: Sequence[DrawnAttachment]) -> Iterator[Flaw]:
    """Switches named twice, or not drawn; cables that go nowhere."""
    for place, name in enumerate(names):
        if name in names[:place]:
            yield f"switches.{place}", f"`{name}` is written twice"
    told = [(f"links.{i}.between.{end}", name) for i, link in enumerate(links) for end, name in enumerate(link.between)]
    told += [(f"endpoints.{i}.switch", one.switch) for i, one in enumerate(attached)]
    known = set(names)
    for path, name in told:
        if name not in known:
            yield path, f"no switch `{name}` is drawn{meant(name, names)}; there are: {listed(names)}"
    for place, link in enumerate(links):
        if link.between[0] == link.between[1]:
            yield f"links.{place}.between", f"a cable from `{link.between[0]}` to itself"


def _rates(links: Sequence[DrawnLink], attached: Sequence[DrawnAttachment], switch: Switch) -> Iterator[Flaw]:
    """Cables faster than the ports they are in."""
    most_bytes_per_s = switch.port_bytes_per_s
    rates = [(f"links.{i}.bytes_per_s", link.bytes_per_s) for i, link in enumerate(links)]
    rates += [(f"endpoints.{i}.bytes_per_s", one.bytes_per_s) for i, one in enumerate(attached)]
    for path, rate_bytes_per_s in rates:
        if rate_bytes_per_s is not None and rate_bytes_per_s > most_bytes_per_s:
            port, read = (pretty(rate, "bytes/s") for rate in (most_bytes_per_s, rate_bytes_per_s))
            yield path, f"{read} is more than a port of {switch.name} has; write {port} or less"


def _ports(
    names: Sequence[str], links: Sequence[DrawnLink], attached: Sequence[DrawnAttachment], switch: Switch
) -> Iterator[Flaw]:
    """Switches with more cables than ports."""
    used: Counter[str] = Counter()
    for link in links:
        for name in link.between:
            used[name] += link.count
    for one in attached:
        used[one.switch] += one.count
    for place, name in enumerate(names):
        if used[name] > switch.ports:
            yield f"switches.{place}", f"`{name}` has {used[name]:,} cables; a {switch.name} has {switch.ports} ports"


def _pieces(names: Sequence[str], links: Sequence[DrawnLink]) -> Iterator[Flaw]:
    """A drawing that falls apart."""
    joined = {name: [other for link in links if name in link.between for other in link.between] for name in names}
    reached, waiting = {names[0]}, [names[0]]
    while waiting:
        fresh = set(joined[waiting.pop()]) - reached
        reached |= fresh
        waiting += fresh
    apart = [place for place, name in enumerate(names) if name not in reached]
    if apart:
        far = [names[place] for place in apart]
        yield f"switches.{apart[0]}", f"no cables lead from {listed(sorted(reached), 6)} to {listed(far, 6)}"
