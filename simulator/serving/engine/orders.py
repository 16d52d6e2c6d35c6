"""In which order a GPU computes and sends: one micro-batch, or two that hide each other's transfers."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.chunks import COMM, COMPUTE, Part
from simulator.phases import Seconds
from simulator.serving.engine.layer_times import LayerTimes, Sent

MICRO_BATCHES = 2


class _Timeline:
    """Collects parts in the order of their issue."""

    def __init__(self, times: LayerTimes) -> None:
        self.times = times
        self.parts: list[Part] = []

    def compute(self, name: str, seconds: Seconds, after: Sequence[int | None], load: int = 0) -> int | None:
        """Issue something to compute; return its place, or what it waits for last if it takes no time."""
        return self._add(COMPUTE, name, seconds, after, (load, False, False))

    def send(self, name: str, sent: Sent, after: Sequence[int | None], load: int = 0) -> int | None:
        """Issue a transfer that all GPUs of the unit start together."""
        return self._add(COMM, name, sent.seconds, after, (load, True, sent.transfer.own))

    def _add(
        self, stream: str, name: str, seconds: Seconds, after: Sequence[int | None], how: tuple[int, bool, bool]
    ) -> int | None:
        waits = tuple(sorted({place for place in after if place is not None}))
        if seconds.mean_s <= 0:
            return waits[-1] if waits else None
        load, together, own = how
        self.parts.append(Part(stream, name, seconds, waits, load, together, own))
        return len(self.parts) - 1

    def attention(self, name: str, after: int | None) -> int | None:
        """Attention up to the gate, and the sum over the GPUs that split it."""
        before = self.compute(f"projections{name}", self.times.before, [after])
        core = self.compute(f"attention{name}", self.times.core, [before, after])
        return self.send(f"sum of attention{name}", self.times.attention_sum, [core])


def sequential(times: LayerTimes, layers: int) -> tuple[Part, ...]:
    """One micro-batch: whatever is sent is waited for."""
    line, last = _Timeline(times), None
    for layer in range(layers):
        gated = line.attention("", last)
        sent = line.send("dispatch(F)", times.dispatch, [gated], layer)
        done = line.compute("experts", times.mlp, [sent, gated], layer)
        back = line.send("combine(F)", times.combine, [done], layer)
        shared = line.compute("shared experts", times.shared, [back, done])
        last = line.send("sum of mlp", times.mlp_sum, [shared])
    return tuple(line.parts)


def in_turns(times: LayerTimes, layers: int) -> tuple[Part, ...]:
    """Prefill's two micro-batches: both attend, then both pass the experts.

    compute  A1 S1 A2 S2 M1 M2;  transfers  D1 D2 C1 C2 (attention, shared and routed experts, dispatch, combine), as in
    deepseek-ai/open-infra-index, day 6: dispatches hide behind the other's attention and experts, combines behind the
    other's experts and the next layer's attention.
    """
    line = _Timeline(times)
    last: list[int | None] = [None] * MICRO_BATCHES
    for layer in range(layers):
        sent, shared, done = [], [], []
        for turn in range(MICRO_BATCHES):
            gated = line.attention(f" {turn + 1}", last[turn])
            sent.append(line.send(f"dispatch(F) {turn + 1}", times.dispatch, [gated], MICRO_BATCHES * layer + turn))
            shared.append(line.compute(f"shared experts {turn + 1}", times.shared, [gated]))
        for turn in range(MICRO_BATCHES):
            load = MICRO_BATCHES * layer + turn
            done.append(line.compute(f"experts {turn + 1}", times.mlp, [sent[turn], shared[turn]], load))
        for turn in range(MICRO_BATCHES):
            back = line.send(f"combine(F) {turn + 1}", times.combine, [done[turn]], MICRO_BATCHES * layer + turn)
            last[turn] = line.send(f"sum of mlp {turn + 1}", times.mlp_sum, [back, shared[turn]])
    return tuple(line.parts)


def half_a_layer_apart(times: LayerTimes, layers: int) -> tuple[Part, ...]:
    """Decode's two micro-batches, the second half a layer behind the first.

    Attention is cut in two steps, so that there are five: projections, core, dispatch, experts, combine. Of one
    micro-batch the dispatch hides behind the other's projections and its combine behind the other's core (the pipeline
    of five stages of deepseek-ai/open-infra-index, day 6; where attention is cut is not published: here before its
    core).

    compute  P1 M2 A1 S1 | P2 M1 A2 S2 |;  transfers  C2 D1 | C1 D2 |
    """
    line = _Timeline(times)
    last: list[int | None] = [None] * MICRO_BATCHES
    sent: list[tuple[int | None, int | None] | None] = [None] * MICRO_BATCHES
    for half in range(MICRO_BATCHES * layers + 1):
        turn, other = half % MICRO_BATCHES, (half + 1) % MICRO_BATCHES
        attends = half < MICRO_BATCHES * layers
        before = line.compute(f"projections {turn + 1}", times.before, [last[turn]]) if attends else None
        if (waiting := sent[other]) is not None:
            last[other] = _experts(line, other + 1, waiting, half - 1)
            sent[other] = None
        if attends:
            core = line.compute(f"attention {turn + 1}", times.core, [before, last[turn]])
            gated = line.send(f"sum of attention {turn + 1}", times.attention_sum, [core])
            shared = line.compute(f"shared experts {turn + 1}", times.shared, [gated])
            sent[turn] = (line.send(f"dispatch(F) {turn + 1}", times.dispatch, [gated], half), shared)
    return tuple(line.parts)


def _experts(line: _Timeline, turn: int, waiting: tuple[int | None, int | None], load: int) -> int | None:
    """Routed experts of a micro-batch whose tokens are on their way, and their results back."""
    done = line.compute(f"experts {turn}", line.times.mlp, waiting, load)
    back = line.send(f"combine(F) {turn}", line.times.combine, [done], load)
    return line.send(f"sum of mlp {turn}", line.times.mlp_sum, [back, waiting[1]])
