"""Scenarios simulated and held against the first: deltas, why they differ, what their networks cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import pandas as pd

from simulator.comparing import deltas, gate, limits
from simulator.comparing.attribution import attribution
from simulator.comparing.choice import choice
from simulator.comparing.comparison import Asked, Compared, Comparison
from simulator.comparing.differences import differences
from simulator.comparing.moved import moved
from simulator.comparing.paired import SAMPLES, paired
from simulator.comparing.variables import variables
from simulator.conditions import TABLE as CONDITIONS
from simulator.conditions import check, conditions
from simulator.economics.drawing import network_w
from simulator.network_bill import network_bill, unit_prices
from simulator.plan import plan
from simulator.refusal import Refused
from simulator.run import simulate
from simulator.summary import summarise
from topologies.kinds.base import TopologyError
from topologies.layers import layered
from topologies.spec import load_entry
from workloads.power import Power
from workloads.scenario import Scenario, catalogue
from workloads.schedule import ScheduleError

FEWEST = 2
POWER = "h100-server"
"""Entry of the catalogue whose switches and optics are taken, whatever the GPU."""


def compare(
    asked: Sequence[Asked],
    command: str = "",
    say: Callable[[str], None] = lambda text: None,
    network: bool = False,
    intervals: bool = False,
    fail_if: Sequence[str] = (),
) -> Comparison:
    """Simulate every scenario and hold it against the first that can be.

    command   how the comparison was asked for;  say   told what is being done
    network   also follow every flow of each scenario's traffic
    intervals also draw the inputs of both sides together: how sure each difference is
    fail_if   conditions on figures of each scenario: which are met
    Raises Refused where fewer than two scenarios are left, InvalidInput for a condition that cannot be.
    """
    known = next((one.scenario for one in asked if one.scenario is not None), None)
    if known is not None:
        check(fail_if, gate.names(known))
    compared, refused = _each(asked, say)
    if len(compared) < FEWEST:
        reasons = "".join(f"\n{label}: {why}" for label, why in refused.items())
        raise Refused(f"a comparison needs two scenarios that can be simulated, and {len(compared)} can{reasons}")
    say("Finding out why they differ")
    tables = dict(_tables(compared, say, _sure(compared, say) if intervals else None))
    say("Finding out what the choice stands on")
    tables["variables"] = variables([one.label for one in compared], tables["differences"])
    tables |= choice(compared, tables["ranking"], SAMPLES if intervals else 0)
    if fail_if:
        tables[CONDITIONS] = conditions(fail_if, gate.figures(compared, tables["ranking"], tables["network"]))
    if any(one.moves for one in asked):
        tables["what_ifs"] = moved(asked, compared, tables)
    if network:
        from simulator.network_tables import side_by_side

        tables |= side_by_side({one.label: one.scenario for one in compared}, say)
    return Comparison(tuple(compared), refused, tables, command)


def _each(asked: Sequence[Asked], say: Callable[[str], None]) -> tuple[list[Compared], dict[str, str]]:
    """Every scenario that can be simulated, and why each of the others cannot."""
    refused = {one.label: one.why for one in asked if one.scenario is None}
    compared = []
    for number, one in enumerate(asked, start=1):
        if one.scenario is None:
            continue
        say(f"Simulating {number} of {len(asked)}: {one.label}")
        try:
            compared.append(_simulated(one.label, one.scenario))
        except (Refused, ScheduleError, TopologyError) as refusal:
            refused[one.label] = str(refusal)
    return compared, refused


def _simulated(label: str, scenario: Scenario) -> Compared:
    """Simulate one scenario. Raises Refused, ScheduleError and TopologyError."""
    decided = plan(scenario)
    result = summarise(decided, simulate(decided), "")
    cluster = scenario.cluster
    fabric = cluster.topology.build(cluster.topology.endpoints_of(cluster.node, cluster.nodes))
    return Compared(label, scenario, result, network_bill(cluster, unit_prices()), layered(fabric))


def _sure(compared: Sequence[Compared], say: Callable[[str], None]) -> pd.DataFrame:
    """[scenario x figure] the interval of each difference. Raises Refused where the fast estimate does."""
    base, *others = compared
    found = []
    for other in others:
        say(f"Drawing inputs of {other.label} and the base together")
        found.append(paired(base, other))
    return pd.concat(found, ignore_index=True)


def _tables(
    compared: Sequence[Compared], say: Callable[[str], None], sure: pd.DataFrame | None
) -> Mapping[str, pd.DataFrame]:
    """Every table of a comparison."""
    base, *others = compared
    return {
        "ranking": deltas.ranking(compared),
        "figures": deltas.figures(base, others, sure),
        "differences": _differences(base, others),
        "attribution": _attribution(base, others, say),
        "parts": deltas.parts(base, others),
        "network": _network(compared),
        "network_bill": _bills(compared),
        "limits": limits.table(compared),
    }


def _differences(base: Compared, others: Sequence[Compared]) -> pd.DataFrame:
    """[scenario x thing x field] what differs, with both values."""
    rows = [
        (other.label, found.thing, *field)
        for other in others
        for found in differences(base.scenario, other.scenario)
        for field in found.fields
    ]
    return pd.DataFrame(rows, columns=["scenario", "thing", "field", "base", "here"])


def _attribution(base: Compared, others: Sequence[Compared], say: Callable[[str], None]) -> pd.DataFrame:
    """[scenario x thing] what each thing adds to the step, to the run's cost, to the network's."""
    rows = []
    for other in others:
        say(f"Finding out why {other.label} differs")
        lines = attribution(base, other)
        rows += [(other.label, ", ".join(line.things), *line.adds, line.note) for line in lines]
    return pd.DataFrame(rows, columns=["scenario", "thing", "step_s", "cost_usd", "network_usd", "note"])


def _network(compared: Sequence[Compared]) -> pd.DataFrame:
    """[scenario] size, price and power of the network, beside the rental of the GPUs."""
    rows = []
    for one in compared:
        cluster = one.scenario.cluster
        counts = cluster.topology.count(cluster.topology.endpoints_of(cluster.node, cluster.nodes))
        cost_usd = one.result.headline["cost_usd"].value
        bought = (one.network.total_usd, one.network.usd_per_endpoint)
        both_usd = cost_usd + one.network.total_usd
        watts = network_w(cluster, network_power())
        rows.append((one.label, cluster.topology.described(), *counts, *bought, cost_usd, both_usd, watts))
    columns = ["scenario", "topology", "endpoints", "switches", "links", "network_usd", "network_usd_per_endpoint"]
    return pd.DataFrame(rows, columns=[*columns, "cost_usd", "both_usd", "network_w"])


@lru_cache(maxsize=1)
def network_power() -> Power:
    """What switches and optics draw, as in the catalogue's entry; GPUs and servers of it are not used."""
    return load_entry(Power.group, POWER, Power, catalogue())


def _bills(compared: Sequence[Compared]) -> pd.DataFrame:
    """[scenario x line] every line of each network's bill."""
    rows = [
        (one.label, line.what, line.count, line.each_usd, line.total_usd)
        for one in compared
        for line in (one.network.bill.lines if one.network.bill is not None else ())
    ]
    return pd.DataFrame(rows, columns=["scenario", "what", "count", "each_usd", "total_usd"])
