"""The shape reading: the same layers on shapes alone, each operation written down and no array made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workloads.reference.dims import WHOLE, Dims, Gate, Precision, Share, Tokens
from workloads.reference.graph import ELEMENT_BYTES, Graph, Matmul, Sized, Step
from workloads.reference.kernels import core_backward, core_forward, forward_product, quantised, scored_pairs, sweep
from workloads.reference.loads import Loads, idle_share, ranks_reached
from workloads.reference.ops import Heads, Slab
from workloads.reference.record import Message, Op, Phase, Weight


@dataclass(frozen=True, slots=True)
class Shapes:
    """Operations on Sized activations; every one adds a Step to the graph."""

    graph: Graph
    dims: Dims
    tokens: Tokens
    share: Share = WHOLE
    scope: str = ""
    part: str = ""

    def start(self, width: int, precision: Precision = "bf16") -> Sized:
        """A block's input: this rank's tokens."""
        return self.graph.sized(self.tokens.count // self.share.context // self.share.spread, width, precision)

    def ids(self) -> Sized:
        """Token ids, four bytes each; every tensor-parallel rank looks all of them up in its part of the table."""
        return self.graph.sized(self.tokens.count // self.share.context, 1, "fp32")

    def inside(self, scope: str) -> Shapes:
        """As `Ops` says."""
        return replace(self, scope=f"{self.scope}{scope}.")

    def at(self, part: str) -> Shapes:
        """As `Ops` says."""
        return replace(self, part=part)

    def split_over(self, what: str, size: int) -> int:
        """As `Ops` says."""
        parts: int = getattr(self.share, what)
        return -(-size // parts)

    def lookup(self, name: str, ids: Sized, vocab: int, width: int) -> Sized:
        """As `Ops` says. Backward adds each token's gradient to its row in FP32."""
        self._weight(name, (vocab, width), name)
        out = self.graph.sized(ids.rows, width, "bf16")
        forward = self._sweep(name, "forward", out, out.bytes, out.bytes)
        added = 2 * out.bytes
        return self._one(
            name, "lookup", (ids,), out, forward, self._sweep(name, "weight_grad", out, out.bytes + added, added)
        )

    def operand(self, name: str, x: Sized, precision: Precision) -> Sized:
        """As `Ops` says."""
        if precision == x.precision:
            return x
        out = self.graph.sized(x.rows, x.width, precision)
        forward = self._to_fp8(f"{name}.quantise", "forward", x, (x.bytes, out.bytes))
        self.graph.steps.append(Step(name, self.part, "operand", (x,), (out,), forward))
        return out

    def linear(self, name: str, x: Sized, out: int, bias: bool = False, weight: str = "") -> Sized:
        """As `Ops` says."""
        self._weight(name, (out, x.width), weight, fp8=x.precision == "fp8")
        if bias:
            self._weight(f"{name}.bias", (out,))
        return self._matmul(name, x, Matmul(x.rows, out, x.width, 1, x.precision))

    def grouped_linear(self, name: str, x: Sized, choice: Loads, out: int) -> Sized:
        """As `Ops` says."""
        self._weight(name, (choice.experts, out, x.width), routed=True, fp8=x.precision == "fp8")
        return self._matmul(name, x, Matmul(x.rows, out, x.width, choice.experts, x.precision, choice.idle))

    def per_head(self, name: str, x: Sized, heads: int, slab: Slab) -> Sized:
        """As `Ops` says."""
        self._weight(name, (heads * slab.width, slab.rank))
        other = slab.rank if slab.turned else slab.stop - slab.start
        sizes = Matmul(x.rows * heads, other, x.width // heads, heads, x.precision)
        out = self.graph.sized(x.rows, heads * other, "bf16")
        forward = forward_product((f"{name}.{'key' if slab.turned else 'value'}", self.part), sizes)
        return self._one(name, "per_head", (x,), out, forward)

    def norm(self, name: str, x: Sized, width: int = 0) -> Sized:
        """As `Ops` says."""
        self._weight(name, (width or x.width,))
        out = self.graph.sized(x.rows, x.width, x.precision)
        step = Step(
            name,
            self.part,
            "norm",
            (x,),
            (out,),
            (self._sweep(name, "forward", x, x.bytes, out.bytes),),
            (self._sweep(name, "input_grad", x, out.bytes, x.bytes),),
            (x,),
            reads=True,
        )
        self.graph.steps.append(step)
        return out

    def rope(self, name: str, x: Sized, width: int, rotated: int) -> Sized:
        """As `Ops` says. A kernel that turns part of each head still writes the whole head."""
        out = self.graph.sized(x.rows, x.width, x.precision)
        return self._one(
            name,
            "rope",
            (x,),
            out,
            self._sweep(name, "forward", x, x.bytes, out.bytes),
            self._sweep(name, "input_grad", x, out.bytes, x.bytes),
        )

    def split(self, x: Sized, sizes: tuple[int, ...], heads: int = 1) -> tuple[Sized, ...]:
        """As `Ops` says. Views cost nothing forward; backward lays their gradients side by side."""
        outs = tuple(self.graph.view(x, x.rows, heads * size) for size in sizes)
        backward = self._sweep("split", "input_grad", x, x.bytes, x.bytes)
        self.graph.steps.append(Step("split", self.part, "split", (x,), outs, (), (backward,)))
        return outs

    def join(self, name: str, content: Sized, shared: Sized, heads: int) -> Sized:
        """As `Ops` says."""
        out = self.graph.sized(content.rows, content.width + heads * shared.width, content.precision)
        both = content.bytes + shared.bytes
        return self._one(
            name,
            "join",
            (content, shared),
            out,
            self._sweep(name, "forward", out, both, out.bytes),
            self._sweep(name, "input_grad", out, out.bytes, both),
        )

    def beside(self, name: str, x: Sized, y: Sized, heads: int = 1) -> Sized:
        """As `Ops` says."""
        return self.join(name, x, y, 1)

    def remember(self, name: str, *xs: Sized) -> tuple[Sized, tuple[Sized, ...]]:
        """As `Ops` says. The operations before it write there themselves; without past tokens nothing is read back."""
        width = sum(x.width for x in xs)
        self.graph.cached += width
        past = self.tokens.past * self.tokens.sequences // self.share.context
        whole = self.graph.sized(past + xs[0].rows, width, self.dims.cache)
        return whole, tuple(self.graph.view(whole, whole.rows, x.width) for x in xs) if past else xs

    def attend(self, name: str, q: Sized, k: Sized, v: Sized, heads: Heads) -> Sized:
        """As `Ops` says."""
        out = self.graph.sized(q.rows, heads.heads * heads.value_dim, "bf16")
        statistics = self.graph.sized(q.rows, heads.heads, "fp32")
        inputs = (q, k, v)
        k, v = (self._seen(x, heads.window) for x in (k, v))
        label, operands = (name, self.part), (q, k, v, out, statistics)
        if self.share.context > 1 and heads.window is None and not self.tokens.past:
            forward, backward = self._around_the_ring(label, heads, operands)
        else:
            causal, full = scored_pairs(self.tokens.length, self.tokens.past, heads.window)
            copies = self.tokens.sequences / self.share.context
            pairs = (causal * copies, full * copies)
            forward = (core_forward(label, heads, operands, pairs),)
            backward = core_backward(label, heads, operands, pairs)
        if self.share.context > 1:
            self._keys_and_values_travel(name, inputs[1], inputs[2])
        step = Step(name, self.part, "attend", inputs, (out, statistics), forward, backward, operands)
        self.graph.steps.append(step)
        return out

    def _around_the_ring(
        self, label: tuple[str, str], heads: Heads, operands: tuple[Sized, ...]
    ) -> tuple[tuple[Op, ...], tuple[Op, ...]]:
        """The core of one context-parallel rank: its own keys, then those of each other rank in turn.

        Each rank holds two pieces of the sequence, one as far from its start as the other from its end, so that all
        score equally many pairs (arXiv 2407.21783, section 3.3.2): its own keys with the mask, of every other rank's
        half, without it. Each further part of the output is merged into the sum so far (arXiv 2310.01889).
        """
        q, k, v, out, statistics = operands
        share, sequences = self.share.context, self.tokens.sequences
        own = self.tokens.length // share
        square = float(own * own * sequences)
        k_half, v_half = (self.graph.view(x, x.rows // 2, x.width) for x in (k, v))
        half = (q, k_half, v_half, out, statistics)
        forward = [core_forward(label, heads, operands, (square / 2, square))]
        backward = list(core_backward(label, heads, operands, (square / 2, square)))
        merge = sweep((f"{label[0]}.merge", self.part), "forward", out, 2 * out.bytes, out.bytes)
        for _ in range(share - 1):
            forward += [core_forward(label, heads, half, (square / 2, square / 2)), merge]
            core = core_backward(label, heads, half, (square / 2, square / 2))
            backward += [op for op in core if op.kind == "attention"]
        return tuple(forward), tuple(backward)

    def _keys_and_values_travel(self, name: str, k: Sized, v: Sized) -> None:
        """To the other context-parallel ranks forward; backward again, and their gradients on the way home."""
        token_bytes = (k.bytes + v.bytes) / k.rows
        self.graph.messages.append(Message(name, "context", "forward", k.rows, token_bytes))
        self.graph.messages.append(Message(name, "context", "input_grad", k.rows, 2 * token_bytes))

    def _seen(self, x: Sized, window: int | None) -> Sized:
        """The keys, or values, that a window leaves to be read."""
        if window is None:
            return x
        most = (window + self.tokens.length - 1) * self.tokens.sequences // self.share.context
        return x if x.rows <= most else self.graph.view(x, most, x.width)

    def choose(self, name: str, scores: Sized, gate: Gate) -> Loads:
        """As `Ops` says."""
        if gate.bias:
            self._weight(f"{name}.bias", (gate.experts,))
        share, tokens = self.share, scores.rows
        sending = 1 if share.whole_rows else share.expert_tensor
        rows = share.rows if share.rows is not None else tokens * gate.top_k * sending
        reached = tokens * sending * ranks_reached(gate, share.expert)
        received = share.received if share.received is not None else min(rows, round(reached))
        choice = self.graph.sized(tokens, 2 * gate.top_k, "fp32")
        self._one(
            name,
            "choose",
            (scores,),
            choice,
            self._sweep(name, "forward", scores, scores.bytes, choice.bytes),
            self._sweep(name, "input_grad", scores, scores.bytes + choice.bytes, scores.bytes),
        )
        experts = share.slots if share.slots is not None else gate.experts // share.expert
        return Loads(rows, received, tokens, experts, choice, idle_share(gate, rows / experts))

    def permute(self, name: str, x: Sized, choice: Loads) -> Sized:
        """As `Ops` says. Backward adds the rows' BF16 gradients to their tokens'."""
        out = self.graph.sized(choice.rows, x.width, x.precision)
        token_bytes, grad_bytes = x.width * ELEMENT_BYTES[x.precision], x.width * ELEMENT_BYTES["bf16"]
        self._message("dispatch", choice.sent, token_bytes, grad_bytes)
        return self._one(
            name,
            "permute",
            (x,),
            out,
            self._sweep(name, "forward", out, choice.received * token_bytes, choice.rows * token_bytes),
            self._sweep(name, "input_grad", out, choice.rows * grad_bytes, choice.received * grad_bytes),
        )

    def unpermute(self, name: str, x: Sized, choice: Loads) -> Sized:
        """As `Ops` says. Backward quantises the gradient, dispatches it and gathers it into rows.

        The weights' gradients come with the SwiGLU's: they need no kept expert outputs.
        """
        out = self.graph.sized(choice.sent, x.width, "bf16")
        token_bytes, grad_bytes = x.width * ELEMENT_BYTES["bf16"], x.width * ELEMENT_BYTES[self.dims.linear]
        self._message("combine", choice.sent, token_bytes, grad_bytes)
        back = self._sweep(name, "input_grad", x, choice.received * grad_bytes, choice.rows * grad_bytes)
        backward: tuple[Op, ...] = (back,)
        if self.dims.linear == "fp8":
            self.graph.quantised.add(x.key)
            moved = (out.bytes, choice.sent * grad_bytes)
            backward = (*self.at("attention")._to_fp8(f"{name}.grad_quantise", "input_grad", out, moved), back)
        forward = self._sweep(name, "forward", x, choice.rows * token_bytes, choice.received * token_bytes)
        step = Step(name, self.part, "unpermute", (x,), (out,), (forward,), backward, (choice.choice,))
        self.graph.steps.append(step)
        return out

    def swiglu(self, name: str, x: Sized, precision: Precision) -> Sized:
        """As `Ops` says."""
        out = self.graph.sized(x.rows, x.width // 2, precision)
        gradient = x.rows * out.width * ELEMENT_BYTES["bf16"]
        forward: tuple[Op, ...] = (self._sweep(name, "forward", x, x.bytes, out.bytes),)
        if precision == "fp8" and self.graph.per_tensor:
            to_fp8 = self._to_fp8(f"{name}.quantise", "forward", out, (gradient, out.bytes))
            forward = (self._sweep(name, "forward", x, x.bytes, gradient), *to_fp8)
        step = Step(
            name,
            self.part,
            "swiglu",
            (x,),
            (out,),
            forward,
            (self._sweep(name, "input_grad", x, gradient, x.bytes),),
            (x,),
            reads=True,
        )
        self.graph.steps.append(step)
        return out

    def add(self, name: str, *xs: Sized) -> Sized:
        """As `Ops` says."""
        out = self.graph.sized(xs[0].rows, xs[0].width, xs[0].precision)
        return self._one(name, "add", xs, out, self._sweep(name, "forward", out, sum(x.bytes for x in xs), out.bytes))

    def gather(self, name: str, x: Sized) -> Sized:
        """As `Ops` says."""
        return self._exchange("gather", name, x, x.rows * self.share.spread)

    def gather_plain(self, name: str, x: Sized) -> Sized:
        """As `Ops` says."""
        return self._exchange("gather", name, x, x.rows * self.share.spread)

    def scatter(self, name: str, x: Sized) -> Sized:
        """As `Ops` says."""
        if self.share.whole_rows and self.share.tensor > 1:
            self.graph.messages.append(Message(name, "sum", "forward", x.rows, x.bytes / x.rows))
        return self._exchange("scatter", name, x, x.rows // self.share.spread, quantised=self._takes_fp8(x))

    def loss(self, name: str, logits: Sized, targets: Sized) -> Sized:
        """As `Ops` says."""
        out = self.graph.sized(logits.rows, 1, "fp32")
        step = Step(
            name,
            self.part,
            "loss",
            (logits, targets),
            (out,),
            (self._sweep(name, "forward", logits, logits.bytes, out.bytes),),
            (self._sweep(name, "input_grad", logits, 0.0, logits.bytes),),
            (logits,),
            reads=True,
        )
        self.graph.steps.append(step)
        return out

    def _weight(
        self, name: str, shape: tuple[int, ...], absolute: str = "", routed: bool = False, fp8: bool = False
    ) -> None:
        """Note a parameter array under its full name, once."""
        full = absolute or f"{self.scope}{name}"
        if full not in self.graph.weights:
            self.graph.weights[full] = Weight(full, self.part, shape, routed, fp8)

    def _sweep(self, name: str, phase: Phase, like: Sized, read_bytes: float, write_bytes: float) -> Op:
        """A kernel bound by memory, of this part."""
        return sweep((name, self.part), phase, like, read_bytes, write_bytes)

    def _to_fp8(self, name: str, phase: Phase, x: Sized, moved_bytes: tuple[float, float]) -> tuple[Op, ...]:
        """The kernels that make x FP8."""
        return quantised((name, self.part), phase, x, moved_bytes, self.graph.per_tensor)

    def _one(self, name: str, kind: str, inputs: tuple[Sized, ...], out: Sized, *ops: Op) -> Sized:
        """Write a step down with its forward kernel and, if it has one, its backward kernel."""
        self.graph.steps.append(Step(name, self.part, kind, inputs, (out,), ops[:1], ops[1:]))
        return out

    def _matmul(self, name: str, x: Sized, sizes: Matmul) -> Sized:
        """Write a matmul down; its gradients are derived from its sizes."""
        out = self.graph.sized(sizes.m, sizes.n, "bf16")
        forward = (forward_product((name, self.part), sizes),)
        self.graph.steps.append(Step(name, self.part, "matmul", (x,), (out,), forward, (), (x,), matmul=sizes))
        return out

    def _takes_fp8(self, x: Sized) -> bool:
        """Whether x is what an FP8 product made, whose gradients read dx in FP8."""
        maker = next((step for step in reversed(self.graph.steps) if x in step.outputs), None)
        return maker is not None and maker.matmul is not None and maker.matmul.precision == "fp8"

    def _exchange(self, kind: str, name: str, x: Sized, rows: int, quantised: bool = False) -> Sized:
        """Tokens to or from the tensor-parallel ranks; without any it is nothing.

        quantised   the gradient is made FP8 before it travels
        """
        if self.share.spread == 1:
            return x
        fewest = min(rows, x.rows)
        out = self.graph.sized(rows, x.width, x.precision)
        grad_bytes = x.width * ELEMENT_BYTES["fp8" if quantised else "bf16"]
        self.graph.messages.append(Message(name, kind, "forward", fewest, x.bytes / x.rows))
        self.graph.messages.append(Message(name, kind, "input_grad", fewest, grad_bytes))
        backward: tuple[Op, ...] = ()
        if quantised:
            self.graph.quantised.add(x.key)
            moved = (out.bytes, rows * grad_bytes)
            backward = self._to_fp8(f"{name}.grad_quantise", "input_grad", out, moved)
        self.graph.steps.append(Step(name, self.part, kind, (x,), (out,), (), backward))
        return out

    def _message(self, kind: str, tokens: int, forward_bytes: float, grad_bytes: float) -> None:
        """What dispatch and combine carry for a token, and their gradients the other way."""
        self.graph.messages.append(Message(kind, kind, "forward", tokens, forward_bytes))
        self.graph.messages.append(Message(kind, kind, "input_grad", tokens, grad_bytes))
