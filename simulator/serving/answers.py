"""What a service's typical steps mean, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from simulator.result import Figure
from simulator.serving.planning import ServicePlan, UnitPlan
from topologies.units import pretty
from workloads.serving_unit import PrefillUnit

TIGHT_SHARE = 0.05
"""Of a GPU's memory; where less is free, memory is what keeps the batch from growing."""

MANY = 10
"""Sequences from which on parts of one do not matter."""


def answers(plan: ServicePlan, tables: Mapping[str, pd.DataFrame], figures: Mapping[str, Figure]) -> tuple[str, ...]:
    """Rates first, then what binds them, memory, overlap, guesses."""
    return (
        *(_rate(plan, unit) for unit in plan.units.values()),
        *(_binds(unit, tables["steps"]) for unit in plan.units.values()),
        *(sentence for unit in plan.units.values() if (sentence := _memory(unit))),
        *_overlap(tables),
        *_guesses(plan, tables),
        *_ratio(plan),
        *_promised(plan),
    )


def _rate(plan: ServicePlan, unit: UnitPlan) -> str:
    """What a GPU and a server do in a second."""
    rate, nodes = unit.tokens_per_s_per_gpu, plan.gpus_per_node
    if isinstance(unit.engine.setting.unit, PrefillUnit):
        return (
            f"A GPU of a {unit.name} unit reads {rate:,.0f} prompt tokens a second, a server of {nodes} GPUs "
            f"{rate * nodes:,.0f}; a step of {unit.rows:,.0f} tokens a group takes {pretty(unit.step_s, 's', 3)}."
        )
    beside = f" and {unit.prompt_tokens:,.0f} prompt tokens read beside them" if unit.prompt_tokens else ""
    return (
        f"A GPU of a {unit.name} unit writes {rate:,.0f} tokens a second, a server of {nodes} GPUs "
        f"{rate * nodes:,.0f}, with {_sequences(unit)} a group{beside}; a user sees one token every "
        f"{pretty(unit.tpot_s, 's', 3)}, "
        f"{1 / unit.tpot_s:.1f} a second."
    )


def _sequences(unit: UnitPlan) -> str:
    """Sequences of a group; of few, their mean over many steps."""
    return f"{unit.rows:,.0f} sequences" if unit.rows >= MANY else f"{unit.rows:.3g} sequences"


def _binds(unit: UnitPlan, steps: pd.DataFrame) -> str:
    """The largest line of a step, and what of the transfers nothing hides."""
    own = steps[steps["unit"] == unit.name]
    most = own.sort_values("counted_s").iloc[-1]
    sent = own[own["term"].isin(["dispatch", "combine"])]
    told, sent_s = f"Most of a {unit.name} step, {most['share']:.0%}, is {most['term']}", float(sent["seconds"].sum())
    if not sent_s:
        return f"{told}."
    hidden = 1 - sent["counted_s"].sum() / sent_s
    return f"{told}; of the transfers to experts and back, {pretty(sent_s, 's', 3)}, {hidden:.0%} is hidden."


def _memory(unit: UnitPlan) -> str:
    """How many sequences fit."""
    if not unit.most_sequences:
        return ""
    held = pretty(unit.room.held.total, "bytes")
    return (
        f"Beside {held} of weights and buffers a GPU has room for {unit.room.tokens:,} cached tokens: "
        f"{unit.most_sequences:,} sequences of {unit.keys:,.0f} tokens a group."
    )


def _overlap(tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """Where two micro-batches begin to pay."""
    for name, what, of in (("answers", "sequences", "decoding"), ("prompts", "tokens", "reading prompts")):
        table = tables.get(name)
        if table is None or "gain_ratio" not in table:
            continue
        gains, at = table["gain_ratio"], table[what]
        if (gains > 0).all():
            yield f"Two micro-batches pay at every size of {of} that was tried."
        elif (gains <= 0).all():
            yield f"Two micro-batches lose at every size of {of} that was tried: their halves use the GPU worse."
        else:
            first = at[gains > 0].min()
            lost, won = gains.iloc[0], gains.iloc[-1]
            yield (
                f"Two micro-batches pay from about {first:,.0f} {what} a group on in {of}: {lost:+.0%} speed at "
                f"{at.iloc[0]:,.0f}, {won:+.0%} at {at.iloc[-1]:,.0f}."
            )


def _guesses(plan: ServicePlan, tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """What one more token ahead brings."""
    table = tables.get("guesses")
    if table is None:
        return
    once = table[table["depth"] == 1]
    few, many = once.iloc[0], once.iloc[-1]
    asked = any(getattr(unit.engine.setting.unit, "speculation", None) for unit in plan.units.values())
    state = "is on" if asked else "is off"
    yield (
        f"Guessing one token ahead, which {state}, makes a user's tokens {few['speed_ratio']:.2f} times as fast at "
        f"{few['sequences']:,.0f} sequences a group, {many['speed_ratio']:.2f} times at {many['sequences']:,.0f}."
    )


def _ratio(plan: ServicePlan) -> Iterator[str]:
    """How many GPUs of each kind keep each other busy."""
    prompts, answered = plan.units.get("prefill"), plan.units.get("decode")
    typical = plan.service.typical
    if prompts is None or answered is None or not typical.output_tokens:
        return
    new = typical.input_tokens * (1 - typical.cached_share)
    ratio = (new / prompts.tokens_per_s_per_gpu) / (typical.output_tokens / answered.tokens_per_s_per_gpu)
    told = f"{ratio:.2f} GPUs that read prompts for each that writes answers"
    yield f"For typical requests {told} keep both busy."


def _promised(plan: ServicePlan) -> Iterator[str]:
    """Whether steps by themselves keep what is promised, where no requests say more."""
    service = plan.service
    if service.promises is None or service.traffic is not None or service.search is not None:
        return
    for unit in plan.units.values():
        if unit.most_sequences:
            wanted = pretty(service.promises.tpot_s, "s", 3)
            state = "kept" if unit.tpot_s <= service.promises.tpot_s else "broken"
            yield (
                f"Promised is a token every {wanted}: with {_sequences(unit)} a group it is {state}. Waiting, and "
                "with it the first token, needs `traffic`."
            )
