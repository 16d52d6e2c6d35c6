"""What is broken or slow in a cluster's network during a run."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from topologies.problems import FieldErrors
from topologies.spec import Spec
from topologies.units import CountOrZero


class NetworkFault(Spec):
    """One part of the network that is down, or keeps a share of its rate.

    part     plane: all of a plane; switch: one with all its cables; nic: one network port, counted node by node;
             cable: the one between `number`, which counts ports and behind them switches, and the switch `to`
    number   of the plane, the switch, the port;  to   the other end of a cable, a switch
    left     share of its rate that it keeps, 0 for none; flows go round what is gone, and stay on what is slow, though
             sprayed packets do so in proportion to what switches still carry
    Switches are numbered as the topology builds them, from 0: leaves first, in several planes plane after plane.
    """

    part: Literal["plane", "switch", "nic", "cable"]
    number: CountOrZero
    to: CountOrZero | None = None
    left: Annotated[float, Field(ge=0, lt=1)] = 0.0

    @model_validator(mode="after")
    def _a_cable_has_two_ends(self) -> Self:
        """A cable needs its other end; nothing else has one."""
        if self.part == "cable" and self.to is None:
            raise FieldErrors([("to", "missing; a cable needs the number of the switch at its other end")])
        if self.part != "cable" and self.to is not None:
            raise FieldErrors([("to", f"read {self.to}; a {self.part} has no other end: leave it out")])
        return self
