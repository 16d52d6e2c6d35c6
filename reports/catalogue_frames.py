"""The catalogue as DataFrames: what can be named, or every value of one entry."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from reports.catalogue_rows import ASKED, FILES, LISTED, VALUES, asked_of, leaves, listing, plugin, read, values
from topologies.catalogue import Catalogue
from topologies.spec import written
from workloads.asked import read_scenario, read_service, scenario_file, service_file
from workloads.groups import entry_kinds, meant_group, plugin_kinds
from workloads.reference.fidelity import PRODUCT, matmul_errors

PRECISION = "precision"


def shown(known: Catalogue, group: str | None, name: str | None) -> pd.DataFrame:
    """What there is in a group, in all groups without one; with a name what that entry holds. Raises InvalidInput.

    precision   [format x data]  errors of products of small matrices against float64
    """
    if group is None:
        return pd.DataFrame(listing(known, None), columns=list(LISTED))
    chosen = meant_group(group, [*FILES, PRECISION, *entry_kinds(), *plugin_kinds()])
    if chosen == PRECISION:
        return pd.DataFrame([asdict(error) for error in matmul_errors(PRODUCT)])
    if name is None:
        return pd.DataFrame(listing(known, chosen), columns=list(LISTED))
    if chosen in FILES:
        return _file(chosen, name)
    if chosen in plugin_kinds():
        return pd.DataFrame(asked_of(plugin(chosen, name)), columns=list(ASKED))
    return pd.DataFrame(values(read(known, chosen, name)), columns=list(VALUES))


def _file(group: str, name: str) -> pd.DataFrame:
    """Every value of a scenario or a service: field, value."""
    spec = (
        read_scenario(scenario_file(name), (), {}) if group == "scenarios" else read_service(service_file(name), (), {})
    )
    return pd.DataFrame(leaves("", written(spec)), columns=["field", "value"])
