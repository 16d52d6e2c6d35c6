"""Figures of compared scenarios that conditions may speak of: those of the headline, time of the run, the network's."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from simulator import headline
from simulator.budget import PARTS
from simulator.comparing.comparison import Compared
from simulator.result import Figure
from workloads.scenario import Scenario

MORE = {"days": "days", "network_usd": "USD", "network_usd_per_endpoint": "USD", "network_w": "W"}
"""Figures of the tables `ranking` and `network` -> unit."""


def names(scenario: Scenario) -> tuple[str, ...]:
    """Names of all figures, without simulating anything."""
    return (*headline.figures(scenario, 1.0, dict.fromkeys(PARTS, 0.0), 0.0), *MORE)


def figures(compared: Sequence[Compared], ranking: pd.DataFrame, network: pd.DataFrame) -> dict[str, dict[str, Figure]]:
    """Label of each scenario -> its figures by name."""
    beside = network.merge(ranking[["scenario", "days"]], on="scenario")
    values = {name: dict(zip(beside["scenario"].tolist(), beside[name].tolist(), strict=True)) for name in MORE}
    return {
        one.label: {
            **one.result.headline,
            **{name: Figure(values[name][one.label], unit, "") for name, unit in MORE.items()},
        }
        for one in compared
    }
