"""How a fleet follows the demand of a day: how far ahead, how fast, and what idle GPUs do meanwhile."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from topologies.spec import Spec
from topologies.units import Count, SecondsOrZero, Share


class Autoscaling(Spec):
    """Units are added and taken away at full hours.

    headroom_ratio     capacity kept above the demand of the hour, over that demand
    follows            forecast: units that an hour needs are ready when it begins; load: they start to load then
    lead_s             from taking GPUs until they serve: start of processes, loading of weights
    drain_s            until a unit that takes no more requests has finished those it has; its GPUs are held meanwhile
    least_units        of each kind, however little is asked
    lent_worth_ratio   what a GPU-hour lent to other work is worth over its rental price; 0: nobody takes them
    """

    headroom_ratio: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    follows: Literal["forecast", "load"] = "forecast"
    lead_s: SecondsOrZero
    drain_s: SecondsOrZero
    least_units: Count = 1
    lent_worth_ratio: Share = 0.0
