"""From a service to a plan: engines of its units, what fits on them, one typical step of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.memory import DoesNotFit
from simulator.refusal import Refused
from simulator.serving.engine import decode, mixed, prefill
from simulator.serving.engine.decode import Answers
from simulator.serving.engine.memory import Room
from simulator.serving.engine.prefill import Prompts
from simulator.serving.engine.setting import Setting
from simulator.serving.engine.step import Engine, Step
from workloads.service import Service
from workloads.serving_unit import DecodeUnit, PrefillUnit, Unit, WholeUnit
from workloads.weights.on_gpus import OnGpus


@dataclass(frozen=True)
class UnitPlan:
    """One kind of unit with a typical step.

    step             without prediction modules' guesses, which take drafts_s, and without the prompts of units that do
                     both: prompt_tokens of them a group, which take prompts_s
    rows             of a group in it: new tokens of prompts, or sequences that get answers
    tokens_per_row   output tokens that a sequence gets, mean; 1 for prompts
    keys             earlier tokens that a new one looks at
    most_sequences   of a group that fit; 0 for prompts
    """

    name: str
    engine: Engine
    step: Step
    drafts_s: float
    rows: float
    tokens_per_row: float
    keys: float
    room: Room
    most_sequences: int
    prompt_tokens: float = 0.0
    prompts_s: float = 0.0

    @property
    def step_s(self) -> float:
        """From one step to the next."""
        return self.step.seconds + self.drafts_s + self.prompts_s

    @property
    def tokens_per_s_per_gpu(self) -> float:
        """Prompt tokens that are computed, or output tokens."""
        return self.rows * self.tokens_per_row / self.step_s / self.engine.setting.unit.tp

    @property
    def tpot_s(self) -> float:
        """Seconds from one output token of a sequence to the next, mean."""
        return self.step_s / self.tokens_per_row


@dataclass(frozen=True)
class ServicePlan:
    """Every judgement about a service's units."""

    service: Service
    units: Mapping[str, UnitPlan]

    @property
    def gpus_per_node(self) -> int:
        """GPUs of a server."""
        return self.service.cluster.node.gpus


def plan_service(service: Service) -> ServicePlan:
    """Plan all units. Raises DoesNotFit where weights, or the sequences asked for, do not fit.

    Raises Refused where weights are not on the GPUs.
    """
    units = {}
    for name, unit in service.units.items():
        _require_on_gpus(name, unit)
        engine = Engine(Setting(service, unit))
        make = _prompts if isinstance(unit, PrefillUnit) else _answers
        try:
            units[name] = make(name, engine)
        except DoesNotFit as refused:
            raise DoesNotFit(f"{name}: {refused}") from None
    return ServicePlan(service, units)


def _require_on_gpus(name: str, unit: Unit) -> None:
    """Refuse weights that are not all on the GPUs: these engines would count them as if they were."""
    if isinstance(unit, WholeUnit) and unit.weights != OnGpus():
        raise Refused(
            f"{name}.weights: only `kind: on-gpus` without bits_per_weight is served; other places are compared step "
            "by step (simulator.serving.elsewhere.crossings.layout_of)"
        )


def _prompts(name: str, engine: Engine) -> UnitPlan:
    """A unit that reads prompts, in full steps of typical ones."""
    typical = prefill.typical_prompts(engine)
    step = prefill.prefill_step(engine, typical)
    room = prefill.prefill_room(engine, typical)
    return UnitPlan(name, engine, step, 0.0, typical.tokens, 1.0, typical.keys, room, 0)


def _answers(name: str, engine: Engine) -> UnitPlan:
    """A unit that writes answers, with as many sequences as it may have, and as fit."""
    unit, kv_tokens = engine.setting.unit, engine.setting.service.typical.mean_kv_tokens
    most = decode.largest_batch(engine, kv_tokens)
    asked = unit.sequences_per_group if isinstance(unit, DecodeUnit) else None
    if asked is not None and asked > most:
        raise DoesNotFit(
            f"sequences_per_group: {asked} of {kv_tokens:,.0f} cached tokens each do not fit beside the weights; "
            f"{most} do"
        )
    answers, prompts = _with_prompts(engine, Answers(asked or most, kv_tokens))
    return UnitPlan(
        name,
        engine,
        decode.decode_step(engine, answers),
        decode.drafts_s(engine, answers),
        answers.sequences,
        decode.tokens_per_step(engine),
        kv_tokens,
        decode.decode_room(engine, answers),
        most,
        prompts.tokens,
        mixed.beside_s(engine, answers, prompts),
    )


def _with_prompts(engine: Engine, answers: Answers) -> tuple[Answers, Prompts]:
    """Sequences of a step of a unit that does both, and the new tokens of prompts beside them.

    For every sequence that is answered another prompt is read, so that a step has prompt tokens as requests have them
    for each output token; no more sequences run than leave room for that in a step, mean of many: less than one where a
    prompt takes more steps than its answer.
    """
    unit, typical = engine.setting.unit, engine.setting.service.typical
    if not isinstance(unit, WholeUnit) or not typical.output_tokens:
        return answers, Prompts(0.0, 0.0)
    new = max(1.0, typical.input_tokens * (1 - typical.cached_share))
    each = new * decode.tokens_per_step(engine) / typical.output_tokens
    width = 1 + decode.depth(engine)
    sequences = min(answers.sequences, unit.tokens_per_group / (width + each))
    return Answers(sequences, answers.kv_tokens), Prompts(sequences * each, typical.input_tokens - new / 2)
