"""Seconds of one step of an engine, for any batch: all layers in order, on all GPUs that step together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from simulator.chunks import COMPUTE, Part
from simulator.estimates.longest_path import play_chunk
from simulator.lockstep import WHOSE, grows_with
from simulator.serving.engine.layer_times import LayerTimes, layer_times
from simulator.serving.engine.memory import weights_of
from simulator.serving.engine.orders import MICRO_BATCHES, half_a_layer_apart, in_turns, sequential
from simulator.serving.engine.setting import Setting
from workloads.expert_loads import moved_ratio
from workloads.model import serving_block
from workloads.reference.dims import Tokens
from workloads.reference.reading import BlockName
from workloads.serving_unit import DecodeUnit

PLAYED = 8
"""Layers in a row that are played one by one; each further one adds what the later half of these added on average."""
Order = Callable[[LayerTimes, int], tuple[Part, ...]]


class Asked(NamedTuple):
    """What a step is of.

    tokens    of one micro-batch of a group;  folded   latent attention on the latents themselves (answers)
    rows      of the output head: the last token of each sequence, or every token that is checked
    """

    tokens: Tokens
    folded: bool
    rows: int


@dataclass(frozen=True, slots=True)
class Ends:
    """What a step does outside of its equal layers. Seconds, both micro-batches together.

    moving_s   experts that are placed anew come from other GPUs, over the steps from one time to the next
    """

    embedding_s: float
    dense_s: float
    head_s: float
    moving_s: float = 0.0

    @property
    def total_s(self) -> float:
        """Seconds of all of them."""
        return self.embedding_s + self.dense_s + self.head_s + self.moving_s


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an engine: its layers played, its ends added.

    layers_s   of the layers that are played: those with routed experts, or of a dense model all
    layer      times of one of them, for one micro-batch;  parts   as many of them as are played, in order
    """

    seconds: float
    layers_s: float
    layers: int
    ends: Ends
    layer: LayerTimes
    parts: tuple[Part, ...]
    micro_batches: int

    @property
    def own_s(self) -> float:
        """Seconds of what a group computes by itself: all but routed experts and transfers to them."""
        layer = self.layer
        sums_s = layer.attention_sum.seconds.mean_s + layer.mlp_sum.seconds.mean_s
        each_s = layer.before.mean_s + layer.core.mean_s + layer.shared.mean_s + sums_s
        return self.layers * self.micro_batches * each_s + self.ends.total_s


@dataclass(frozen=True)
class Engine:
    """Steps of one unit; remembers what it has timed."""

    setting: Setting
    known: dict[Asked, Step] = field(default_factory=dict)

    @cached_property
    def alone(self) -> Engine:
        """The same unit with one micro-batch: nothing hides transfers."""
        unit = self.setting.unit.model_copy(update={"overlap": "none"})
        return Engine(Setting(self.setting.service, unit))

    def step(self, asked: Asked) -> Step:
        """Time a step in which each group has one micro-batch like this, or two where they overlap."""
        found = self.known.get(asked)
        if found is None:
            found = self.known[asked] = self._step(asked)
        return found

    def _step(self, asked: Asked) -> Step:
        """Play some layers, continue them, add what stands before and after."""
        dims, setting = self.setting.model.dims(), self.setting
        routed = sum(map(dims.routed, range(dims.layers)))
        kind: BlockName = "moe" if routed else "dense"
        times = layer_times(setting, kind, asked.tokens, asked.folded)
        layers = routed or dims.layers
        order, most = order_of(setting), min(layers, PLAYED)
        parts = order(times, most)
        layers_s = self._played_s(parts)
        if layers > most:
            half_s = self._played_s(order(times, most // 2))
            layers_s += (layers - most) * (layers_s - half_s) / (most - most // 2)
        ends = self._ends(asked, dims.layers - layers)
        often = micro_batches(setting)
        return Step(layers_s + ends.total_s, layers_s, layers, ends, times, parts, often)

    def _played_s(self, parts: Sequence[Part]) -> float:
        """Seconds until the slowest GPU is done, mean over draws of the loads."""
        most = max(len(part.after) for part in parts)
        kind = [(part.stream != COMPUTE, part.load, part.together, WHOSE.index(grows_with(part))) for part in parts]
        waits = [(*part.after, *[-1] * (most - len(part.after))) for part in parts]
        seconds = [(part.seconds.fixed_s, part.seconds.per_load_s) for part in parts]
        skew = self.setting.skewed
        arrays = (np.array(kind, np.int32), np.array(seconds), np.array(waits, np.int32).reshape(len(parts), most))
        return play_chunk(*arrays, skew.loads, skew.slowness)

    def _ends(self, asked: Asked, dense: int) -> Ends:
        """Embedding, layers without experts, output head: on the whole batch, for there is nothing to hide."""
        often = micro_batches(self.setting)
        whole = replace(asked.tokens, sequences=often * asked.tokens.sequences)
        dense_s = 0.0
        if dense:
            times = layer_times(self.setting, "dense", whole, asked.folded)
            moved_s = sum(sent.seconds.mean_s for sent in (times.attention_sum, times.mlp_sum))
            dense_s = dense * (times.compute_s + moved_s)
        head_s = self._block_s("head", Tokens(filled(often * asked.rows, self.setting.share.spread), 1))
        return Ends(self._block_s("embedding", whole), dense_s, head_s, self.moving_s)

    @cached_property
    def moving_s(self) -> float:
        """Seconds a step in which experts move, where the unit places them anew every so many steps."""
        setting, eplb = self.setting, self.setting.unit.eplb
        if setting.sharing is None or eplb is None or eplb.every_steps is None:
            return 0.0
        links, ratio = setting.links, moved_ratio(setting.sharing, setting.service.seed)
        inside = setting.unit.ep <= links.gpus_per_node
        bytes_per_s = links.nvlink_bytes_per_s if inside else links.network_bytes_per_s
        return ratio * weights_of(setting)["experts"] / bytes_per_s / eplb.every_steps

    def _block_s(self, kind: BlockName, tokens: Tokens) -> float:
        """Seconds of a block that sends nothing."""
        share = self.setting.share
        record = serving_block(self.setting.model, kind, tokens, share).record
        return self.setting.stopwatch.total_s(record, self.setting.sms)


def filled(rows: int, spread: int) -> int:
    """So many rows, filled up so that GPUs that share them out have equally many."""
    return -(-rows // spread) * spread


def micro_batches(setting: Setting) -> int:
    """Micro-batches of a step."""
    return MICRO_BATCHES if setting.two and setting.shares_experts else 1


def order_of(setting: Setting) -> Order:
    """How the unit's micro-batches take turns."""
    if micro_batches(setting) == 1:
        return sequential
    return half_a_layer_apart if isinstance(setting.unit, DecodeUnit) else in_turns
