"""Dragonfly: groups of fully joined switches, and links from each group to every other."""

from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from topologies.fabric import Fabric, Ints, wired
from topologies.kinds.base import Counts, TopologySpec
from topologies.problems import FieldErrors
from topologies.units import Count

MOST_SEARCHED = 2000
"""Switches in use; larger networks are taken to have their full diameter."""


class Dragonfly(TopologySpec):
    """g groups of a switches, each with p endpoints and h links to other groups (Kim et al., ISCA 2008).

    Left out, these are balanced (a = 2 p = 2 h) as far as the ports go, and there are as many groups as each can have a
    link to. Endpoints fill group after group, and only the groups in use are there; all their links are, so that fewer
    groups have more links to each other.
    """

    kind: Literal["dragonfly"] = "dragonfly"
    endpoints_per_switch: Count | None = None
    switches_per_group: Count | None = None
    global_links: Count | None = None
    """Links of a switch to other groups."""
    groups: Count | None = None

    @model_validator(mode="after")
    def _fits_the_switch(self) -> Self:
        """A switch has the ports, and every group a link to every other."""
        need = self.p + self.a - 1 + self.h
        if need > self.switch.ports:
            why = (
                f"{self.p} endpoints, {self.a - 1} switches of the group and {self.h} links to other groups are {need} "
                f"ports; a {self.switch.name} has {self.switch.ports}"
            )
            raise FieldErrors([("", why)])
        if self.most_groups > self.a * self.h + 1:
            ends = self.a * self.h
            why = f"read {self.groups:,}; a group has {ends:,} links to others: write {ends + 1:,} or less"
            raise FieldErrors([("groups", why)])
        return self

    @property
    def p(self) -> int:
        """Endpoints of a switch."""
        return self.endpoints_per_switch or max(1, (self.switch.ports + 1) // 4)

    @property
    def a(self) -> int:
        """Switches of a group."""
        return self.switches_per_group or 2 * max(1, (self.switch.ports + 1) // 4)

    @property
    def h(self) -> int:
        """Links of a switch to other groups."""
        return self.global_links or max(1, (self.switch.ports + 1) // 4)

    @property
    def most_groups(self) -> int:
        """Groups at full size."""
        return self.groups or self.a * self.h + 1

    @property
    def full_size(self) -> int:
        """Endpoints of all groups."""
        return self.most_groups * self.a * self.p

    def count(self, endpoints: int | None = None) -> Counts:
        """A group has a (a - 1)/2 links inside, and a h ends of links to others."""
        held = self.held(endpoints)
        groups = self._groups(held)
        return Counts(held, groups * self.a, self.near_links(held) + groups * self._used(groups) // 2)

    def near_links(self, endpoints: int | None = None) -> int:
        """Links inside groups."""
        return self._groups(self.held(endpoints)) * (self.a * (self.a - 1) // 2)

    def build(self, endpoints: int | None = None) -> Fabric:
        """Switch s of group i is number i a + s."""
        held = self.held(endpoints)
        groups = self._groups(held)
        near_low, near_high = (side.astype(np.int32) for side in np.triu_indices(self.a, 1))
        first = np.arange(groups, dtype=np.int32)[:, None] * np.int32(self.a)
        far_low, far_high = self._far(groups)
        low = np.concatenate([(first + near_low).ravel(), far_low])
        high = np.concatenate([(first + near_high).ravel(), far_high])
        ends = np.arange(held, dtype=np.int32)
        cables = (
            np.concatenate([ends, held + low]),
            np.concatenate([held + ends // np.int32(self.p), held + high]),
            np.zeros(held + len(low), dtype=np.int32),
        )
        return wired(held, groups * self.a, cables, self.switch.port_bytes_per_s, self.switch.latency_s)

    def farthest(self, endpoints: int | None = None) -> int:
        """Own switch, the group's gateway, the other group's gateway, the last switch.

        Fewer where two links lead to every switch from every other: small networks are searched for that.
        """
        held = self.held(endpoints)
        within_two_links = self.a + 2 * self.a * self.h + self.h**2
        used = -(-held // self.p)
        return 4 if used > min(within_two_links, MOST_SEARCHED) else super().farthest(held)

    def uniform_ratio(self, endpoints: int | None = None) -> float:
        """What links between two groups, and inside one, carry of traffic that goes straight from group to group."""
        held = self.held(endpoints)
        groups, group_size = self._groups(held), self.a * self.p
        loads = [self.p * min(self.p, held - self.p) if self.a > 1 else 0.0]
        if groups > 1:
            outside = (held - group_size) / self._used(groups)
            between_two = group_size * min(group_size, held - group_size) / (self._used(groups) // (groups - 1))
            loads += [between_two, group_size * outside, loads[0] + 2 * self.p * self.h * outside]
        return float(min(1.0, (held - 1) / max(loads))) if max(loads) > 0 else 1.0

    def bisection_bytes_per_s(self, endpoints: int | None = None) -> float:
        """A bound from above: the links between two halves of the groups, a middle group halved as well.

        Theory knows no exact value for wirings of this kind; small ones are searched in the tests.
        """
        held = self.held(endpoints)
        groups = self._groups(held)
        each = self._used(groups) / max(groups - 1, 1)
        whole = (groups // 2) ** 2 * each
        inside = (self.a // 2) * (self.a - self.a // 2)
        halved = (groups // 2) * (self.a - self.a // 2) / self.a * 2 * each + inside if groups % 2 else 0.0
        return min(held // 2, whole + halved) * self.switch.port_bytes_per_s

    def described(self) -> str:
        """The network with its sizes, for a message."""
        sizes = f"{self.most_groups:,} groups of {self.a} switches with {self.p} endpoints"
        return f"dragonfly ({sizes}) of {self.switch.ports}-port switches"

    def _groups(self, held: int) -> int:
        """Groups in use."""
        return -(-held // (self.a * self.p))

    def _used(self, groups: int) -> int:
        """Ends of links to other groups that a group uses: all, or all but one where the number would be odd."""
        if groups == 1:
            return 0
        ends = self.a * self.h
        return ends - 1 if groups % 2 and ends % 2 else ends

    def _far(self, groups: int) -> tuple[Ints, Ints]:
        """Links between groups: end t of group i leads to group i + offset[t], to its end with the opposite offset.

        Offsets are 1 .. g-1, round after round; a last round that is not full takes offsets in pairs o, g - o.

        returns  [link] one switch, [link] the other
        """
        offset, partner = _offsets(self._used(groups), groups)
        group = np.arange(groups, dtype=np.int32)[:, None]
        other = (group + offset) % max(groups, 1)
        once = (2 * offset < groups) | ((2 * offset == groups) & (group < other))
        low = group * self.a + np.arange(len(offset)) // self.h
        high = other * self.a + partner // self.h
        return low[once].astype(np.int32), high[once].astype(np.int32)


def _offsets(used: int, groups: int) -> tuple[Ints, Ints]:
    """[end] how many groups further its link leads; [end] the end there.

    Of a last round that is not full, the offsets are the smallest and their opposites, and half-way round if odd.
    """
    if groups == 1:
        none = np.zeros(0, dtype=np.int32)
        return none, none
    rounds, left = divmod(used, groups - 1)
    near = np.arange(1, left // 2 + 1)
    last = np.concatenate([near, np.full(left % 2, groups // 2), groups - near[::-1]])
    offset = np.concatenate([np.tile(np.arange(1, groups), rounds), last])
    first = np.repeat(np.arange(rounds + 1) * (groups - 1), [groups - 1] * rounds + [left])
    width = np.repeat([groups - 1] * rounds + [left], [groups - 1] * rounds + [left])
    place = np.arange(used) - first
    return offset.astype(np.int32), (first + width - 1 - place).astype(np.int32)
