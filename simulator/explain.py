"""What stands behind one figure: its formula, the numbers put in, and where each of them comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from simulator import transfer_figures
from simulator.all_to_all import low_latency, normal
from simulator.headline import sourced
from simulator.plan import plan
from simulator.refusal import Refused
from simulator.result import Figure, Result, Shown, Term
from simulator.run import simulate
from simulator.summary import summarise
from simulator.validate import COUNTS
from topologies.problems import InvalidInput, Problem, listed, meant
from workloads.counts import count
from workloads.scenario import Scenario

MODEL, ALL_TO_ALL, HEADLINE = "model.", "all_to_all.", "headline."
UNITS = {"_bytes_per_s": "bytes/s", "_s": "s", "_bytes": "bytes"}


@dataclass(frozen=True, slots=True)
class Explanation(Shown):
    """One figure with its formula and terms.

    notes   what else there is to know: the way to its terms, what was left out
    """

    name: str
    figure: Figure
    notes: tuple[str, ...] = ()


def metrics(result: Result) -> tuple[str, ...]:
    """Every name that can be explained, those of transfers by one example."""
    return (*result.headline, *(MODEL + name for name in COUNTS))


def needs_step(metric: str) -> bool:
    """Whether a step has to be simulated first; counts of the model and kernels alone need none."""
    return not metric.startswith((MODEL, ALL_TO_ALL))


def explained(metric: str, scenario: Scenario) -> Explanation:
    """Explain any figure of a scenario, whose step is simulated where the figure needs it.

    Raises InvalidInput for an unknown name, with the nearest one, and what `plan` raises.
    """
    if not needs_step(metric):
        return explain_alone(metric, scenario)
    decided = plan(scenario)
    return explain(metric, summarise(decided, simulate(decided), ""))


def explain(metric: str, result: Result) -> Explanation:
    """Explain a headline figure of a result; `headline.` before it may be left out.

    Raises InvalidInput for an unknown name, with the nearest one.
    """
    name = metric.removeprefix(HEADLINE)
    if name not in result.headline:
        raise _unknown(metric, metrics(result))
    figure = result.headline[name]
    if not figure.formula:
        figure = _from_tables(name, figure, result)
    others = [term.name for term in figure.terms if term.name in result.headline and term.name != name]
    return Explanation(name, figure, tuple(f"clustercast explain {other} goes on" for other in others))


def explain_alone(metric: str, scenario: Scenario) -> Explanation:
    """Explain a figure of the model (`model.parameters`) or of kernels alone (`all_to_all.normal.ep64...`).

    Raises InvalidInput for an unknown name, with the nearest one, Refused where kernels cannot be timed so.
    """
    if metric.startswith(MODEL):
        return _of_model(metric, scenario)
    value = transfer_figures.figure(metric.removeprefix(ALL_TO_ALL), scenario)
    if value is None:
        raise _unknown(metric, (transfer_figures.FORM,))
    return _of_kernels(metric, value, scenario)


def _unknown(metric: str, known: tuple[str, ...]) -> InvalidInput:
    """The error of a name that nothing has."""
    return InvalidInput([Problem(metric, 0, 0, "", f"no such figure{meant(metric, known)}; there are {listed(known)}")])


def _from_tables(name: str, figure: Figure, result: Result) -> Figure:
    """A figure that is read off a table of the result: parts of the step by rank, memory of the fullest rank."""
    if name == "memory_bytes_per_gpu_max":
        rank = int(result.ranks["memory_bytes"].to_numpy().argmax())
        own = result.memory[result.memory["rank"] == rank]
        terms = tuple(
            Term(str(row["part"]), float(row["bytes"]), "bytes", f"planned, on pipeline rank {rank}, the fullest")
            for row in own.to_dict("records")
            if row["bytes"]
        )
        return replace(figure, formula=" + ".join(term.name for term in terms), terms=terms)
    if name not in result.ranks:
        raise Refused(f"{name} has no formula: {figure.definition}")
    terms = tuple(
        Term(f"rank_{row['rank']}_s", float(row[name]), "s", f"simulated, stages {row['stages']}")
        for row in result.ranks.to_dict("records")
    )
    return replace(figure, formula=f"({' + '.join(term.name for term in terms)}) / {len(terms)}", terms=terms)


def _of_model(metric: str, scenario: Scenario) -> Explanation:
    """A count of the model, with the counts of its parts beside it."""
    name, model = metric.removeprefix(MODEL), scenario.model
    if name not in COUNTS:
        raise _unknown(metric, tuple(MODEL + known for known in COUNTS))
    figure = Figure(float(COUNTS[name](model)), "ratio" if name.endswith("_share") else "count", _COUNTED[name])
    field = next((field for start, field in _FIELDS.items() if name.startswith(start)), None)
    terms = tuple(
        Term(part.part.replace(" ", "_"), float(getattr(part, field)), "count", f"counted in {model.name}'s record")
        for part in count(model)
        if field is not None and (part.part != "MTP" or name.endswith("_mtp"))
    )
    times = "3 x " if field is not None and field.startswith("flop") else ""
    summed = " + ".join(term.name for term in terms)
    return Explanation(metric, replace(figure, formula=f"{times}({summed})" if terms else "", terms=terms))


_FIELDS = {
    "parameters": "parameters", "activated": "activated", "kv_cache_bytes_per_token": "cache_bytes_per_token",
    "training_flop_per_token_full": "flop_per_token_full", "training_flop_per_token": "flop_per_token",
}  # fmt: skip
"""Beginning of a count's name -> field of a part that is summed; the longest stands first."""
_COUNTED = {
    "parameters": "Parameters in all, prediction modules left out.",
    "activated": "Parameters that one token uses, prediction modules left out; of the embedding one row.",
    "kv_cache_bytes_per_token": "Bytes that all layers cache for a token.",
    "kv_cache_share": "Cached elements of a layer over those of full multi-head attention with the same heads.",
    "training_flop_per_token": "Training FLOP a token, causal attention counted as half of the square.",
    "training_flop_per_token_full": "Training FLOP a token, attention counted as the full square.",
    "training_flop_per_token_mtp": "Training FLOP a token with the prediction modules.",
}


def _of_kernels(metric: str, value: float, scenario: Scenario) -> Explanation:
    """A transfer of kernels alone: the formula of its module, and every parameter of the kernels."""
    which = metric.split(".")[1]
    kernels = scenario.cluster.node.gpu.kernels.all_to_all
    part, module = (kernels.normal, normal) if which == "normal" else (kernels.low_latency, low_latency)
    terms = tuple(
        replace(sourced(kernels, f"{which}.{path}", number, _unit(path)), name=path)
        for path, number in _numbers(part.model_dump())
    )
    unit = "s" if metric.endswith("seconds") else "bytes/s"
    figure = Figure(value, unit, f"Kernels {kernels.name} alone, nothing else on the links.", terms=terms)
    return Explanation(metric, figure, tuple((module.__doc__ or "").strip().splitlines()))


def _numbers(tree: dict[str, object], above: str = "") -> Iterator[tuple[str, float]]:
    """Every number of a part by dotted path."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _numbers(value, f"{above}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield above + name, float(value)


def _unit(path: str) -> str:
    """Unit that a parameter's name ends in."""
    return next((unit for suffix, unit in UNITS.items() if path.endswith(suffix)), "count")
