"""FLOP, memory and money a token of models side by side: dense against mixture of experts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from simulator.result import Result
from topologies.units import parse
from workloads.counts import activated, flop_per_token, kv_cache_bytes_per_token, parameters
from workloads.model import ModelSpec
from workloads.scenario import Scenario

MILLION_TOKENS = parse("1 M tokens", "tokens")


class PerToken(NamedTuple):
    """What one token of a model asks for.

    parameters, activated   in all, and those that one token uses; prediction modules left out
    training_flop           forward and backward, causal, output head counted, recomputation not
    cache_bytes             kept for each token of the context
    training_usd            at the simulated rate of a scenario and its rental price; nan where none is given
    """

    name: str
    parameters: int
    activated: int
    training_flop: float
    cache_bytes: float
    training_usd: float = float("nan")


def of_model(model: ModelSpec, sequence_length: int = 4096) -> PerToken:
    """Counts of the model alone, for sequences of this length."""
    return PerToken(
        model.name,
        parameters(model),
        activated(model),
        flop_per_token(model, sequence_length),
        kv_cache_bytes_per_token(model),
    )


def of_result(scenario: Scenario, result: Result) -> PerToken:
    """The same with what training a token costs: a GPU-second's price over the tokens it trains on."""
    rate = result.headline["tokens_per_s_per_gpu"].value
    counted = of_model(scenario.model, scenario.job.sequence_length)
    return counted._replace(training_usd=scenario.price.gpu_usd_per_s / rate)


def side_by_side(models: Sequence[PerToken]) -> pd.DataFrame:
    """One row a model, ratios against the first.

    returns  [model]  name, parameters, activated, training_flop, cache_bytes, usd_per_million_tokens, flop_ratio,
             usd_ratio. Raises ValueError for no model.
    """
    if not models:
        raise ValueError("no model to compare: give at least one")
    first = models[0]
    rows = [
        (*one[:5], one.training_usd * MILLION_TOKENS, one.training_flop / first.training_flop,
         one.training_usd / first.training_usd)
        for one in models
    ]  # fmt: skip
    columns = [*PerToken._fields[:5], "usd_per_million_tokens", "flop_ratio", "usd_ratio"]
    return pd.DataFrame(rows, columns=columns)
