"""What a comparison of scenarios answers: who was compared, who was refused, and tables of what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from simulator.network_bill import NetworkBill
from simulator.result import Result
from topologies.layers import Layered
from workloads.scenario import Scenario

SCHEMA = "clustercast.comparison/1"
"""Name and version of comparison.json's shape; the number rises when a reader would break."""

IMMATERIAL_SHARE = 0.005
"""Smaller differences are called no material change: of the base's figure, for a part of the step of the base's
step. Where inputs were drawn together, so is a difference that may be none."""


class AttributionError(Exception):
    """The lines of an attribution do not add up to the whole difference: a bug of ours, never of the user's."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One scenario to compare.

    label     how it is called, different from all others
    scenario  None where it is not valid;  why   then the reason
    moves     the figure in which it shows first, `step_s` or `table.column`;  assumed   which of its values are
    """

    label: str
    scenario: Scenario | None
    why: str = ""
    moves: str = ""
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One scenario that was simulated.

    layers   its network, layer by layer;  network   what that costs to buy
    """

    label: str
    scenario: Scenario
    result: Result
    network: NetworkBill
    layers: Layered


@dataclass(frozen=True, slots=True)
class Comparison:
    """Scenarios held against the first of them, the base.

    compared      the base, then the others as they were asked for
    refused       label -> why it could not be simulated
    tables
      ranking      [scenario]          place by cost of the run, then by step; figures that decide, change to the base
      figures      [scenario x figure] value, base, difference, difference_ratio, verdict, interval
      differences  [scenario x thing]  the fields that differ, with both values
      attribution  [scenario x thing]  what the thing adds to step_s, cost_usd, network_usd; the lines add up
      parts        [scenario x part]   seconds, difference_s; the six add up to the step's difference
      network      [scenario]          counts, network_usd, network_usd_per_endpoint, cost_usd, both_usd, network_w
      network_bill [scenario x line]   what, count, each_usd, total_usd
      limits       [scenario]          share of each limit that is used, and which is nearest
      variables    [scenario]          the fields that tell scenarios apart, as text, one column each
      choice       [1]                 first and second of the ranking, how far apart they are, how sure that is
      choice_why   [thing]             what each thing adds on the way from the choice to the runner-up
      choice_sensitivity [input]       what the runner-up costs more with one input at the ends of its interval
      what_ifs     [what-if]           those of lists: the figure that each moves, before and after, what was assumed
      network_patterns, ...            where every flow was followed: those of simulator/network_tables, by scenario
    """

    compared: tuple[Compared, ...]
    refused: Mapping[str, str]
    tables: Mapping[str, pd.DataFrame]
    command: str

    @property
    def base(self) -> Compared:
        """The scenario that the others are held against."""
        return self.compared[0]

    @property
    def others(self) -> tuple[Compared, ...]:
        """All but the base."""
        return self.compared[1:]
