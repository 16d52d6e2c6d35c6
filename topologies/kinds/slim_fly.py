"""Slim Fly: switches joined as an MMS graph, so that any two have a switch between them at most."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from topologies import galois, mms
from topologies.fabric import Fabric, wired
from topologies.hardware import Node
from topologies.kinds.base import Counts, TopologyError, TopologySpec
from topologies.problems import FieldErrors
from topologies.units import Count


class SlimFly(TopologySpec):
    """2 q^2 switches, q = 4 w + d with d = -1, 0 or 1, each joined to (3 q - d)/2 others (Besta and Hoefler, SC 2014).

    The graph (McKay, Miller and Siran 1998) exists where q is a power of a prime; other q can be counted, not built.
    Endpoints fill switch after switch.
    """

    kind: Literal["slim-fly"] = "slim-fly"
    q: Annotated[int, Field(ge=mms.SMALLEST, le=mms.LARGEST)] | None = None
    """Left out: the largest that the switch's ports allow."""
    endpoints_per_switch: Count | None = None
    """Left out: half of a switch's links to others, rounded up (balanced, as published)."""

    @model_validator(mode="after")
    def _fits_the_switch(self) -> Self:
        """q has the right form, and a switch has the ports."""
        ports, chosen = self.switch.ports, self.q
        most = mms.largest(ports, self.endpoints_per_switch)
        if chosen is not None and chosen % 4 == 2:
            why = f"read {chosen}; no Slim Fly has that q: it is a power of a prime from 3 on; {mms.nearest(chosen)}"
            raise FieldErrors([("q", why)])
        if most == 0:
            need = mms.degree(mms.SMALLEST) + (self.endpoints_per_switch or -(-mms.degree(mms.SMALLEST) // 2))
            raise FieldErrors([("switch.ports", f"read {ports} ports; the smallest Slim Fly, q = 3, needs {need}")])
        if chosen is not None and mms.degree(chosen) + self.concentration > ports:
            need = mms.degree(chosen) + self.concentration
            why = f"read {chosen}, which needs {need} ports; a {self.switch.name} has {ports}: write {most} or less"
            raise FieldErrors([("q", why)])
        return self

    @property
    def order(self) -> int:
        """q, given or chosen."""
        return self.q if self.q is not None else mms.largest(self.switch.ports, self.endpoints_per_switch)

    @property
    def concentration(self) -> int:
        """Endpoints of a switch."""
        return self.endpoints_per_switch or -(-mms.degree(self.order) // 2)

    @property
    def full_size(self) -> int:
        """Endpoints on each of 2 q^2 switches."""
        return 2 * self.order**2 * self.concentration

    def count(self, endpoints: int | None = None) -> Counts:
        """2 q^2 switches and q^2 (3 q - d)/2 links, however many endpoints there are."""
        q = self.order
        return Counts(self.held(endpoints), 2 * q**2, q**2 * mms.degree(q))

    def near_links(self, endpoints: int | None = None) -> int:
        """Inside the 2 q groups of q switches."""
        return self.order**2 * (mms.degree(self.order) - self.order)

    def build(self, endpoints: int | None = None) -> Fabric:
        """Switch (s, x, y) is number s q^2 + x q + y. Raises TopologyError where no such graph exists."""
        held = self.held(endpoints)
        self._require_graph()
        low, high = mms.graph(self.order)
        ends = np.arange(held, dtype=np.int32)
        cables = (
            np.concatenate([ends, held + low]),
            np.concatenate([held + ends // np.int32(self.concentration), held + high]),
            np.zeros(held + len(low), dtype=np.int32),
        )
        return wired(held, 2 * self.order**2, cables, self.switch.port_bytes_per_s, self.switch.latency_s)

    def farthest(self, endpoints: int | None = None) -> int:
        """Diameter 2 is three switches; fewer while all endpoints are on switches that are joined to each other."""
        self._require_graph()
        used = -(-self.held(endpoints) // self.concentration)
        if used <= mms.degree(self.order) - self.order + 1:
            low, high = mms.cayley(self.order)[0]
            joined = int(((low < used) & (high < used)).sum())
            return min(used, 2) if joined == used * (used - 1) // 2 else 3
        return 3

    def uniform_ratio(self, endpoints: int | None = None) -> float:
        """What the fullest link between switches carries, all shortest ways used alike."""
        self._require_graph()
        return mms.carried_ratio(self.order, self.concentration, self.held(endpoints))

    def bisection_bytes_per_s(self, endpoints: int | None = None) -> float:
        """A bound from below: q s (1 - s / 2 q^2) cables for s switches on one side, half of those in use.

        The graph's adjacency has no eigenvalue between its degree and its degree less q, which bounds every cut
        (Fiedler 1973). For a full network and even q a cut with q^3/2 cables exists, so that the bound is exact; for
        odd q one with (q^3 + q)/2 does. Raises TopologyError where no such graph exists.
        """
        self._require_graph()
        held, q = self.held(endpoints), self.order
        half = -(-held // self.concentration) / 2
        return min(held // 2, q * half * (1 - half / (2 * q**2))) * self.switch.port_bytes_per_s

    def endpoints_of(self, node: Node, nodes: int) -> int:
        """As for every kind; a cluster needs a graph that exists."""
        self._require_graph()
        return super().endpoints_of(node, nodes)

    def described(self) -> str:
        """The network with its q, for a message."""
        return f"slim-fly (q = {self.order}) of {self.switch.ports}-port switches"

    def _require_graph(self) -> None:
        """Refuse q that only count."""
        if galois.prime_power(self.order) is None:
            raise TopologyError(
                f"q = {self.order} can be counted, but there is no such graph: it needs a finite field of {self.order} "
                f"elements, and {self.order} is no power of a prime; {mms.nearest(self.order)}"
            )
