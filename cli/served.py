"""What `clustercast run` does with a service: work it out, write its folder, say the answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.columns import aligned
from cli.gated import Gated, with_conditions
from cli.told import as_blocks, headline_json

if TYPE_CHECKING:
    from simulator.serving.result import ServiceResult
    from workloads.service import Service

FIRST = {
    "kept_share": "promises kept",
    "ttft_p90_s": "first token, nine in ten within",
    "tpot_p90_s": "output tokens, nine in ten within",
    "goodput_requests_per_s": "goodput",
    "fleet_nodes": "cheapest fleet, servers",
    "mean_nodes": "servers of a day, mean",
    "cost_profit_ratio": "profit over rent",
    "prefill_tokens_per_s_per_gpu": "prompt tokens, a GPU",
    "prefill_tokens_per_s_per_node": "prompt tokens, a server",
    "prefill_step_s": "step of prompts",
    "decode_tokens_per_s_per_gpu": "output tokens, a GPU",
    "decode_tokens_per_s_per_node": "output tokens, a server",
    "tpot_s": "time per output token",
    "tokens_per_s_per_user": "speed for a user",
    "decode_sequences_per_gpu": "sequences on a GPU",
    "decode_sequences_per_gpu_most": "sequences that would fit",
    "usd_per_million_input_tokens": "a million prompt tokens",
    "usd_per_million_output_tokens": "a million output tokens",
}
"""Headline figures of the summary, with what the terminal calls them."""


def worked_out(
    service: Service, command: str, folder: Path, told: Gated, say: Callable[[str], None]
) -> tuple[ServiceResult, Path]:
    """The result and the path of its report in a folder. Raises DoesNotFit where a unit's GPUs cannot hold enough."""
    from reports.write_service import write_service
    from simulator.serving.run import serve

    result = with_conditions(serve(service, command, say), told)
    say("Writing the report")
    return result, write_service(result, folder)[0]


def summary(result: ServiceResult, report: Path) -> str:
    """Title, the first figures, what they mean, warnings, where the report is."""
    from reports.words import interval, quantity

    shown = [(name, result.headline[key]) for key, name in FIRST.items() if key in result.headline]
    rows = [[name, str(quantity(one.value, one.unit)), interval(one.low, one.high, one.unit)] for name, one in shown]
    return as_blocks(result, [aligned(rows)], report)


def as_data(result: ServiceResult, report: Path) -> str:
    """Headline, units, answer, warnings and the report's path as JSON."""
    from reports.conditions_section import as_data as asked
    from reports.write_answered import document

    whole = document(result)
    return headline_json(whole, report, units=whole["tables"].get("units", []), conditions=asked(result.tables))
