"""Why a question has no answer, and what comes nearest to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.planner.answer_tables import UNITS, label
from simulator.planner.cluster import Cluster
from simulator.planner.found import TOO_LATE, Candidate, Found
from topologies.units import pretty
from workloads.plan_question import Objective, TrainingQuestion


def nothing(question: TrainingQuestion, able: Sequence[Cluster], found: Found, nearest: str | None) -> str:
    """Why there is no answer; nearest   what would do without date and budget, where these are why."""
    if not found.valid:
        return "no layout is valid on any cluster of the question: widen `layouts`, or another number of nodes"
    late = sum(number for reason, number in found.left_out.items() if reason in TOO_LATE)
    usable = max(one.worth.most_bytes for one in able)
    those = f"none of {found.valid:,} valid layouts" if found.valid > 1 else "not even the only valid layout"
    if nearest is None:
        return (
            f"{those} fits into memory: the leanest needs at least "
            f"{pretty(found.least_bytes, 'bytes')}, {pretty(usable, 'bytes')} may be used"
        )
    limits = question.limits
    said = [f"{pretty(limits.seconds, 's')}" if limits.seconds is not None else ""]
    said += [pretty(limits.budget_usd, "USD") if limits.budget_usd is not None else ""]
    instead = "{what: fewest-gpus, nodes: [FROM, TO]}" if limits.seconds is not None else "{what: most-tokens}"
    return (
        f"{those} keeps {' and '.join(filter(None, said))}: {late:,} would take longer or cost more{nearest}; "
        f"allow more, or ask `find: {instead}`"
    )


def nearest_told(best: Candidate, clusters: Mapping[int, Cluster], objective: Objective) -> str:
    """What the cheapest layout costs, or how long the fastest takes."""
    value = pretty(best.values[0], UNITS[objective])
    who = "cheapest, {}, costs {}" if objective == "cost" else "fastest, {}, takes {}"
    return "; the " + who.format(label(best, clusters[best.cluster]), value)
