"""Clusters and layouts drawn together where there are too many to try all: TPE for one objective, NSGA-II for several."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.estimates.choices import Choice, chosen
from simulator.estimates.estimator import Estimator
from simulator.planner.choose import Ways
from simulator.planner.cluster import Cluster
from simulator.planner.exhaustive import estimated
from simulator.planner.found import ESTIMATED, ESTIMATED_LATE, REFUSED, STATES, Candidate, Found, best
from simulator.planner.space import MOST_CP, Family, Way, schedules, under, ways
from simulator.refusal import Refused
from workloads.fit import misfits
from workloads.layout import Layout
from workloads.layout_axes import LayoutAxes
from workloads.plan_question import TrainingQuestion
from workloads.schedule import ScheduleError

if TYPE_CHECKING:
    import optuna

AT_ONCE = 32
"""Drawn before any of them is judged: the size of a generation, whatever the number of processes."""
MISSING = "a question with so many clusters is searched by drawing, which needs optuna: pip install 'clustercast[planner]'"
DOING = "Drawing clusters and layouts"


class Drawn(NamedTuple):
    """One draw: cluster, axes; what it misses validity or memory by, 0 if it fits."""

    cluster: Cluster
    axes: Mapping[str, Any]


class Judged(NamedTuple):
    """A draw's candidate, or by how much it is no candidate."""

    candidate: Candidate | None
    misses: float
    why: str
