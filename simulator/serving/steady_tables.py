"""Tables of a service's steps: what fills them, what fits, and how they change with the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from simulator.memory import DoesNotFit
from simulator.serving.engine import decode, prefill
from simulator.serving.engine.decode import Answers
from simulator.serving.engine.prefill import Prompts
from simulator.serving.engine.setting import Setting
from simulator.serving.engine.step import Engine
from simulator.serving.engine.terms import terms
from simulator.serving.planning import ServicePlan, UnitPlan
from workloads.serving_unit import DecodeUnit, PrefillUnit, Speculation, WholeUnit

GUESSES, PROMPTS = "guesses of prediction modules", "prompts beside answers"
DEEPEST = 4
FEWEST_PROMPT_TOKENS = 256


def tables(plan: ServicePlan) -> dict[str, pd.DataFrame]:
    """All tables of typical steps."""
    found = {"units": units(plan), "steps": steps(plan), "memory": memory(plan)}
    for unit in plan.units.values():
        if isinstance(unit.engine.setting.unit, PrefillUnit):
            found["prompts"] = prompts(unit)
        else:
            found["answers"] = answers(unit)
            found["guesses"] = guesses(unit)
    return {name: table for name, table in found.items() if len(table)}


def units(plan: ServicePlan) -> pd.DataFrame:
    """What units there are.

    returns  [unit]  unit, units, gpus (of one), tp, ep, experts_per_gpu, rows (of a group in a typical step), keys,
                     step_s, tokens_per_s_per_gpu
    """
    rows = []
    for name, one in plan.units.items():
        unit, experts = one.engine.setting.unit, plan.service.model.experts
        held = unit.slots(experts.gate.experts) / unit.ep if experts else float("nan")
        sizes = (name, unit.units, unit.gpus, unit.tp, unit.ep, held)
        rows.append((*sizes, one.rows, one.keys, one.step_s, one.tokens_per_s_per_gpu))
    columns = ["unit", "units", "gpus", "tp", "ep", "experts_per_gpu", "rows", "keys", "step_s", "tokens_per_s_per_gpu"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame if frame["experts_per_gpu"].notna().all() else frame.drop(columns="experts_per_gpu")


def steps(plan: ServicePlan) -> pd.DataFrame:
    """Where a typical step's time goes.

    returns  [unit x term]  unit, term, seconds (all of it), counted_s (what nothing hides; adds up to the step), share
    """
    found = []
    for name, one in plan.units.items():
        lines = terms(one.engine, one.step)
        for term, seconds in ((GUESSES, one.drafts_s), (PROMPTS, one.prompts_s)):
            if seconds:
                more = pd.DataFrame({"term": [term], "seconds": [seconds], "counted_s": [seconds]})
                lines = pd.concat([lines, more], ignore_index=True)
        lines["share"] = lines["counted_s"] / one.step_s
        lines.insert(0, "unit", name)
        found.append(lines)
    return pd.concat(found, ignore_index=True)


def memory(plan: ServicePlan) -> pd.DataFrame:
    """What a GPU holds in a typical step.

    returns  [unit x part]  unit, part, bytes; caches of the sequences there are, then what is free
    """
    rows = []
    for name, one in plan.units.items():
        rows += [(name, part, held) for part, held in one.room.held.parts().items() if held > 0]
        sequences = (
            one.rows if one.most_sequences else one.rows / max(1.0, one.engine.setting.service.typical.input_tokens)
        )
        kept = one.keys if one.most_sequences else one.engine.setting.service.typical.input_tokens
        cached = min(sequences * kept * one.room.token_bytes, one.room.cache_bytes)
        free = one.room.usable_bytes - one.room.held.total - cached
        rows += [(name, "caches", cached), (name, "free", free)]
    return pd.DataFrame(rows, columns=["unit", "part", "bytes"])


def answers(one: UnitPlan) -> pd.DataFrame:
    """Steps of answers over the batch.

    returns  [sequences]  sequences (of a group), step_s, tpot_s, tokens_per_s_per_gpu, overlapped_s, alone_s,
             gain_ratio (of overlapping), fits
    """
    tp, most = one.engine.setting.unit.tp, max(one.most_sequences, int(one.rows))
    sizes = np.unique(np.append(np.geomspace(1, most, 12), [max(1.0, one.rows)]).round()).astype(int)

    def seconds(engine: Engine, sequences: float) -> float:
        return decode.step_s(engine, Answers(sequences, one.keys))

    rows = []
    for sequences, own_s, both in _with_and_without(one, sizes.tolist(), seconds):
        rate = sequences * one.tokens_per_row / own_s / tp
        rows.append((sequences, own_s, own_s / one.tokens_per_row, rate, *both, sequences <= one.most_sequences))
    columns = ["sequences", "step_s", "tpot_s", "tokens_per_s_per_gpu", "overlapped_s", "alone_s", "gain_ratio", "fits"]
    return _without_overlap(pd.DataFrame(rows, columns=columns), one)


def prompts(one: UnitPlan) -> pd.DataFrame:
    """Steps of prompts over their tokens.

    returns  [tokens]  tokens (of a group), step_s, tokens_per_s_per_gpu, overlapped_s, alone_s, gain_ratio
    """
    tp = one.engine.setting.unit.tp
    first = min(FEWEST_PROMPT_TOKENS, int(one.rows))
    sizes = np.unique(np.geomspace(first, one.rows, 8).round()).astype(int)

    def seconds(engine: Engine, tokens: float) -> float:
        return prefill.prefill_step(engine, Prompts(tokens, one.keys)).seconds

    rows = [
        (tokens, own_s, tokens / own_s / tp, *both)
        for tokens, own_s, both in _with_and_without(one, sizes.tolist(), seconds)
    ]
    columns = ["tokens", "step_s", "tokens_per_s_per_gpu", "overlapped_s", "alone_s", "gain_ratio"]
    return _without_overlap(pd.DataFrame(rows, columns=columns), one)


def _with_and_without(
    one: UnitPlan, sizes: list[int], seconds: Callable[[Engine, float], float]
) -> Iterator[tuple[int, float, tuple[float, float, float]]]:
    """For each size: seconds as the unit is, then overlapped, alone, and what overlapping gains."""
    kinds: Mapping[str, Engine] = {way: _engine(one, overlap=way) for way in ("two-micro-batches", "none")}
    for size in sizes:
        both = [seconds(kinds[way], size) for way in ("two-micro-batches", "none")]
        own_s = both[0] if one.engine.setting.two else both[1]
        yield size, own_s, (both[0], both[1], both[1] / both[0] - 1)


def _without_overlap(frame: pd.DataFrame, one: UnitPlan) -> pd.DataFrame:
    """The table less its columns of overlapping, where nothing is sent that could be hidden."""
    setting = one.engine.setting
    if setting.shares_experts and not isinstance(setting.unit, WholeUnit):
        return frame
    return frame.drop(columns=["overlapped_s", "alone_s", "gain_ratio"])


def _engine(one: UnitPlan, **changes: object) -> Engine:
    """The unit's engine with other choices."""
    setting = one.engine.setting
    return Engine(Setting(setting.service, setting.unit.model_copy(update=changes)))


def guesses(one: UnitPlan) -> pd.DataFrame:
    """Prediction modules at each depth, at the typical batch and at an eighth of it.

    A depth that the unit states no acceptance for is taken to be accepted as often as the deepest one it does; 85 %
    where it states none (arXiv 2412.19437, section 5.4.3: 85 to 90 % for the second token).

    returns  [batch x depth]  sequences, depth, tokens_per_step, step_s, tpot_s, tokens_per_s_per_gpu, speed_ratio (of a
             user, over depth 0)
    """
    unit, model = one.engine.setting.unit, one.engine.setting.model
    if not isinstance(unit, DecodeUnit) or not model.mtp_depth:
        return pd.DataFrame()
    known = (unit.speculation or Speculation()).acceptance
    rows = []
    for sequences in sorted({max(1, int(one.rows) // 8), int(one.rows)}):
        first_s = 0.0
        for depth in range(DEEPEST + 1):
            acceptance = tuple(known[min(at, len(known) - 1)] for at in range(depth))
            engine = _engine(one, speculation=Speculation(acceptance=acceptance) if depth else None)
            try:
                step_s = decode.step_s(engine, Answers(sequences, one.keys))
            except DoesNotFit:
                continue
            tokens = decode.tokens_per_step(engine)
            first_s = first_s or step_s
            rate = sequences * tokens / step_s / unit.tp
            rows.append((sequences, depth, tokens, step_s, step_s / tokens, rate, tokens * first_s / step_s))
    columns = ["sequences", "depth", "tokens_per_step", "step_s", "tpot_s", "tokens_per_s_per_gpu", "speed_ratio"]
    return pd.DataFrame(rows, columns=columns)
