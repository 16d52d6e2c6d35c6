"""Backward derived from forward: gradients, recomputed steps, and the activations kept for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from workloads.reference.graph import ELEMENT_BYTES, Graph, Matmul, Sized, Step
from workloads.reference.kernels import input_gradient, quantised, sweep, weight_gradient
from workloads.reference.policy import Recompute
from workloads.reference.record import Kept, Message, Op, Pass, Record

NOT_POSTPONED = frozenset({"router"})
SENT_AGAIN = frozenset({"gather"})
"""Kept as each rank's own rows and gathered again in backward, under any policy (arXiv 2205.05198, section 4.2.2)."""
SENDS = {"permute": ("dispatch", "dispatch"), "unpermute": ("combine", "combine")}
"""Kind and name of what goes to experts and back; a gather or scatter is called as its step."""
SENT = frozenset({"gather", "scatter", *SENDS})


@dataclass(slots=True)
class _Needs:
    """What backward must find: activations kept, steps run again, and kept inputs stored in FP8."""

    makers: dict[int, Step]
    policy: Recompute
    low: bool
    kept: dict[int, Kept] = field(default_factory=dict)
    again: set[int] = field(default_factory=set)
    shrunk: dict[int, Sized] = field(default_factory=dict)

    def need(self, x: Sized, shrink: bool = False) -> None:
        """Keep x, or run its maker again, which needs its own inputs."""
        maker = self.makers.get(x.storage)
        if maker is not None and (maker.kind in SENT_AGAIN or self.policy.repeats(maker.name, maker.kind)):
            if id(maker) not in self.again:
                self.again.add(id(maker))
                for source in maker.inputs:
                    self.need(source)
            return
        part, name = ("block", "input") if maker is None else (maker.part, maker.name)
        shrink = shrink and self.low and x.precision == "bf16"
        if shrink:
            self.shrunk[x.storage] = x
        if x.storage not in self.kept or shrink:
            held = x.held * ELEMENT_BYTES["fp8"] if shrink else x.held_bytes
            self.kept[x.storage] = Kept(name, part, held, "fp8" if shrink else x.precision)


@dataclass(frozen=True, slots=True)
class Derived:
    """A block's whole record, what it keeps from forward to backward, and what it keeps on to the weight gradient.

    sent_again   messages of forward that backward repeats
    """

    record: Record
    kept: tuple[Kept, ...]
    postponed: tuple[Kept, ...]
    sent_again: tuple[Message, ...]


def forward_record(graph: Graph) -> Record:
    """The forward operations alone, in order (prefill, decode)."""
    return tuple(op for step in graph.steps for op in step.forward)


def derive(graph: Graph, policy: Recompute, low: bool) -> Derived:
    """Forward, then what runs again, then gradients in reverse order.

    A weight gradient contracts over tokens, so both its operands must lie with tokens innermost. An operand that
    backward holds in BF16 is quantised that way in the backward chunk; one kept or received in FP8 is turned
    just before the weight gradient, in its chunk.

    low   linear layers run in FP8
    """
    makers = {out.storage: step for step in graph.steps for out in step.outputs if out.key == out.storage}
    needs = _Needs(makers, policy, low)
    gradients: list[Op] = []
    for step in reversed(graph.steps):
        gradients += _gradients_of(step, graph, needs)
    gradients += _fan_out(graph)
    if policy.whole:
        needs.again = {id(step) for step in graph.steps}
    forward: list[Op] = []
    for step in graph.steps:
        forward += step.forward
        forward += [_saved(step, x) for x in step.outputs if x.storage in needs.shrunk]
    repeated = [_again(op) for step in graph.steps if id(step) in needs.again for op in step.forward]
    record = (*forward, *repeated, *gradients)
    return Derived(record, tuple(needs.kept.values()), _postponed(graph), _sent_again(graph, needs.again))


def _sent_again(graph: Graph, again: set[int]) -> tuple[Message, ...]:
    """Messages of the steps that run again: gathers and scatters, tokens to their experts and back."""
    repeated = {SENDS.get(s.kind, (s.kind, s.name)) for s in graph.steps if s.kind in SENT and id(s) in again}
    forward = [message for message in graph.messages if message.phase == "forward"]
    return tuple(replace(m, phase="recompute") for m in forward if (m.kind, m.name) in repeated)


def _gradients_of(step: Step, graph: Graph, needs: _Needs) -> list[Op]:
    """One step's backward kernels; notes what they need."""
    if step.matmul is not None:
        return _matmul_gradients(step, step.matmul, graph, needs)
    for x in step.needs:
        needs.need(x, shrink=step.kind in needs.policy.shrunk)
    if not step.reads:
        return list(step.backward)
    read_bytes = sum(_found_bytes(x, needs) for x in step.needs)
    return [replace(op, read_bytes=op.read_bytes + read_bytes) for op in step.backward]


def _found_bytes(x: Sized, needs: _Needs) -> float:
    """Bytes to read x in the precision it was kept in."""
    return x.rows * x.width * ELEMENT_BYTES["fp8"] if x.storage in needs.shrunk else x.bytes


def _matmul_gradients(step: Step, sizes: Matmul, graph: Graph, needs: _Needs) -> list[Op]:
    """Input gradient and weight gradient, each with what prepares its operands."""
    (x,), (y,) = step.inputs, step.outputs
    label = (step.name, step.part)
    turn: Pass = "B" if step.name in NOT_POSTPONED else "W"
    products = [input_gradient(label, sizes), weight_gradient(label, sizes, turn)]
    if sizes.precision != "fp8":
        needs.need(x)
        return products
    return [*_gradient_operands(step, y, graph), *_input_operand(step, x, needs), *products]


def _gradient_operands(step: Step, y: Sized, graph: Graph) -> list[Op]:
    """dy as both gradients read it: FP8 along features, and along tokens."""
    small = y.rows * y.width * ELEMENT_BYTES["fp8"]
    if y.key in graph.quantised:
        return [sweep((f"{step.name}.grad_transpose", step.part), "weight_grad", y, small, small)]
    label = (f"{step.name}.grad_quantise", step.part)
    return list(quantised(label, "input_grad", y, (y.bytes, 2 * small), graph.per_tensor))


def _input_operand(step: Step, x: Sized, needs: _Needs) -> list[Op]:
    """x as the weight gradient reads it: FP8 along tokens."""
    label = (f"{step.name}.transpose", step.part)
    maker = needs.makers.get(x.storage)
    repeats = maker is not None and needs.policy.repeats(maker.name, maker.kind)
    if maker is not None and maker.kind == "operand" and repeats:
        source = maker.inputs[0]
        needs.need(source)
        return [sweep(label, "input_grad", source, source.bytes, x.bytes)]
    needs.need(x)
    if repeats:
        return []
    return [sweep(label, "weight_grad", x, x.bytes, x.bytes)]


def _fan_out(graph: Graph) -> list[Op]:
    """Additions of gradients: an activation that several steps read sums what comes back from each."""
    readers: Counter[int] = Counter()
    first: dict[int, tuple[Sized, Step]] = {}
    for step in graph.steps:
        for x in step.inputs:
            readers[x.key] += 1
            first.setdefault(x.key, (x, step))
    adds: list[Op] = []
    for key, count in readers.items():
        x, step = first[key]
        moved = x.rows * x.width * ELEMENT_BYTES["bf16"]
        adds += [sweep((f"{step.name}.grad_add", step.part), "input_grad", x, 2 * moved, moved)] * (count - 1)
    return adds


def _postponed(graph: Graph) -> tuple[Kept, ...]:
    """Both operands of every weight gradient that may be postponed; a shared input counts once."""
    operands: dict[int, Kept] = {}
    for step in graph.steps:
        if step.matmul is not None and step.name not in NOT_POSTPONED:
            (x,), (y,) = step.inputs, step.outputs
            precision = step.matmul.precision
            operands[x.storage] = Kept(f"{step.name}.input", step.part, x.bytes, x.precision)
            gradient_bytes = y.rows * y.width * ELEMENT_BYTES[precision]
            operands[y.storage] = Kept(step.name, step.part, gradient_bytes, precision)
    return tuple(operands.values())


def _saved(step: Step, x: Sized) -> Op:
    """The pass that stores an activation in FP8 for backward."""
    small = x.rows * x.width * ELEMENT_BYTES["fp8"]
    return sweep((f"{step.name}.save", step.part), "forward", x, x.bytes, small)


def _again(op: Op) -> Op:
    """A forward operation, run again in backward."""
    return replace(op, phase="recompute", turn="B")
