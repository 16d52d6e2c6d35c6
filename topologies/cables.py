"""Which class of cable joins what, and how many cables of each class a network has."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from pydantic import Field

from topologies.spec import Spec

CO_PACKAGED = "co-packaged"
"""Class of a fibre whose optics are part of the switch, or of the endpoint, without a module to plug in."""
CableClass = Annotated[str, Field(min_length=1, max_length=40)]
"""Name of a class, such as copper (DAC), optical (modules and fibre, AOC) or co-packaged; its price is a list's."""


class Cables(Spec):
    """Class of cable by place."""

    endpoint: CableClass = "copper"
    """From an endpoint to its switch."""
    near: CableClass = "optical"
    """Between switches of one pod or group."""
    far: CableClass = "optical"
    """Between all other switches."""


class Cabling(NamedTuple):
    """Cables of a network by class: those of endpoints, those between switches."""

    endpoints: Mapping[str, int]
    links: Mapping[str, int]
