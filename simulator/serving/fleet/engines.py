"""Options of a search made from a service's engines: steps tabulated at the traffic's own numbers of keys."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, sqrt
from types import MappingProxyType

import numpy as np

from simulator.memory import DoesNotFit
from simulator.refusal import Refused
from simulator.serving.engine import decode, prefill
from simulator.serving.engine.decode import Answers
from simulator.serving.engine.mixed import FEWEST_KEYS
from simulator.serving.engine.prefill import Prompts
from simulator.serving.engine.setting import Setting
from simulator.serving.engine.step import Engine
from simulator.serving.engine.tabulated import mixed_table
from simulator.serving.fleet.decode import DecodeOption, Guessing
from simulator.serving.fleet.grid import Make
from simulator.serving.fleet.offered import Offered
from simulator.serving.fleet.option import Kind, Option
from simulator.serving.fleet.prefill import PrefillOption
from simulator.serving.fleet.whole import WholeOption
from simulator.serving.tables import StepTable
from workloads.fleet_search import FleetSearch, Value
from workloads.service import Service, changed_service
from workloads.serving_unit import DecodeUnit, PrefillUnit, Speculation, Unit, WholeUnit

SIZES = 12
LEAST_SHARE = 1 / 64
"""Sizes of steps at which they are timed: from so small a part of the fullest to it, and the smallest of all."""


LIMITS: Mapping[str, str] = MappingProxyType({"prefill": "tokens_per_group", "decode": "sequences_per_group"})
"""Fields that only end a step: options that differ in nothing else share one table."""


def maker(service: Service, wanted: FleetSearch, offered: Offered) -> Make:
    """What makes options of a service's units with some of their fields changed; raises Refused or InvalidInput.

    Options that differ in nothing but how full their steps may be are timed once.
    """
    timed: dict[tuple[object, ...], tuple[Engine, StepTable]] = {}

    def make(kind: Kind, changes: Mapping[str, Value]) -> Option:
        unit = _changed(service, kind, changes).units[kind]
        told = [f"{path} {value}" for path, value in changes.items() if path != "gpus" or "ep" not in changes]
        name = f"{kind} ({', '.join(told)})" if told else f"{kind} units as described"
        try:
            if isinstance(unit, WholeUnit):
                return _whole(unit, _engine(service, kind, changes), name, offered)
            others = {path: value for path, value in changes.items() if path != LIMITS[kind]}
            key = (kind, *sorted((path, str(value)) for path, value in others.items()))
            if key not in timed:
                engine = _engine(service, kind, others)
                most = _most(engine, wanted, offered)
                timed[key] = engine, _timed(engine, most, offered)
            return _option(unit, *timed[key], name, offered)
        except DoesNotFit as error:
            raise Refused(str(error)) from None

    return make


def _changed(service: Service, kind: Kind, changes: Mapping[str, Value]) -> Service:
    """The service with one unit of each kind and these changes; raises InvalidInput."""
    told: dict[str, object] = {f"{there}.units": 1 for there in service.units}
    return changed_service(service, {**told, **{f"{kind}.{path}": value for path, value in changes.items()}})


def _engine(service: Service, kind: Kind, changes: Mapping[str, Value]) -> Engine:
    """The engine of a unit with these changes."""
    changed = _changed(service, kind, changes)
    return Engine(Setting(changed, changed.units[kind]))


def _most(engine: Engine, wanted: FleetSearch, offered: Offered) -> int:
    """The fullest step that any option of this engine has: what is asked for, or for answers what fits."""
    unit = engine.setting.unit
    if isinstance(unit, PrefillUnit):
        asked = [int(value) for value in wanted.prefill.get(LIMITS["prefill"], ())]
        return max([unit.tokens_per_group, *asked])
    return decode.largest_batch(engine, offered.decode_keys_tokens)


def _timed(engine: Engine, most: int, offered: Offered) -> StepTable:
    """Steps of several sizes, all at the traffic's mean of keys."""
    reads = isinstance(engine.setting.unit, PrefillUnit)
    keys = offered.prefill_keys_tokens if reads else offered.decode_keys_tokens
    sizes = np.unique(np.geomspace(max(1.0, most * LEAST_SHARE), most, SIZES).round())
    rows = sizes if sizes[0] == 1 else np.concatenate([[1.0], sizes])
    seconds = [
        prefill.prefill_step(engine, Prompts(row, keys)).seconds if reads else decode.step_s(engine, Answers(row, keys))
        for row in rows
    ]
    return StepTable(rows, np.array([keys]), np.array(seconds)[:, None])


def _option(unit: Unit, engine: Engine, table: StepTable, name: str, offered: Offered) -> Option:
    """An option with the limits of its own. Raises DoesNotFit where its prompts or sequences do not."""
    price = engine.setting.service.price.gpu_usd_per_s
    if isinstance(unit, PrefillUnit):
        prefill.prefill_room(engine, Prompts(unit.tokens_per_group, offered.prefill_keys_tokens))
        return PrefillOption(name, unit.gpus, unit.groups, table, unit.tokens_per_group, unit.chunked, price)
    asked = unit.sequences_per_group if isinstance(unit, DecodeUnit) else None
    most = _held(asked, int(table.rows[-1]))
    room = decode.decode_room(engine, Answers(most, offered.decode_keys_tokens))
    guessing = guessing_of(decode.speculation_of(engine))
    return DecodeOption(name, unit.gpus, unit.groups, table, most, room.tokens, price, guessing)


def _whole(unit: WholeUnit, engine: Engine, name: str, offered: Offered) -> WholeOption:
    """An option that does both. Raises DoesNotFit."""
    most = _held(unit.sequences_per_group, decode.largest_batch(engine, offered.decode_keys_tokens))
    room = decode.decode_room(engine, Answers(most, offered.decode_keys_tokens))
    keys = ceil(max(offered.decode_keys_tokens, offered.prefill_keys_tokens, 2 * FEWEST_KEYS))
    table = mixed_table(engine, unit.tokens_per_group, most, keys)
    sizes = (float(unit.tokens_per_group), float(most), float(room.tokens))
    price, guessing = engine.setting.service.price.gpu_usd_per_s, guessing_of(unit.speculation)
    return WholeOption(name, unit.gpus, unit.groups, table, *sizes, price, guessing)


def _held(asked: int | None, fitting: int) -> int:
    """Sequences of a group: as many as are asked for. Raises DoesNotFit where they do not fit."""
    if asked is not None and asked > fitting:
        raise DoesNotFit(f"sequences_per_group: {asked} of this traffic do not fit beside the weights; {fitting} do")
    return asked or fitting


def guessing_of(speculation: Speculation | None) -> Guessing:
    """Tokens of a step with guesses: at least k with the chance a1 a2 .. of k - 1; E[X^2] = sum (2 k - 1) P(X >= k)."""
    if speculation is None:
        return Guessing()
    chances = np.concatenate([[1.0], np.cumprod(speculation.acceptance)])
    mean, square = chances.sum(), ((2 * np.arange(len(chances)) + 1) * chances).sum()
    return Guessing(float(mean), sqrt(max(float(square - mean**2), 0.0)))
