"""What a world of serving is made of: engines, how requests find them, what fails; frozen, in SI units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from simulator.serving.tables import MixedTable, StepTable

End = Literal["drain", "fail"]


@dataclass(frozen=True, slots=True)
class Recompute:
    """A sequence without room for its next block is put back; prompt and generated tokens are computed anew."""


@dataclass(frozen=True, slots=True)
class Swap:
    """It is put back, its KV goes to host memory, hidden behind steps, and comes back in latency + bytes / rate."""

    latency_s: float
    bytes_per_s: float
    token_bytes: float


@dataclass(frozen=True, slots=True)
class Kv:
    """Room for keys and values on each rank.

    most_sequences    admitted at once, at most
    tokens            capacity, used in blocks of `block_tokens`; what is left of the last block is not used
    watermark_share   of the capacity that an admission must leave free, unless the rank is empty
    when_full         the youngest sequence of the rank is put back so
    """

    most_sequences: int
    tokens: int
    block_tokens: int = 64
    watermark_share: float = 0.0
    when_full: Recompute | Swap = field(default_factory=Recompute)


@dataclass(frozen=True, slots=True)
class PrefillUnits:
    """Engines that compute prompts: ranks that step together, each taking up to step_tokens new tokens of its queue.

    chunked   a prompt may be cut so that a rank's step is filled; else whole prompts, one that is longer alone
    table     rows: new tokens of a rank; keys: mean earlier tokens that a new one looks at, p + n/2 for n tokens behind
              p; ranks wait for the one with most to do by itself, see `StepTable`
    """

    count: int
    ranks: int
    step_tokens: int
    chunked: bool
    table: StepTable


@dataclass(frozen=True, slots=True)
class DecodeUnits:
    """Engines that generate tokens, one a step and sequence, or several with speculation.

    table   rows: sequences of a rank; keys: mean KV tokens as the step begins; ranks wait for the one with most to do
            by itself, see `StepTable`
    """

    count: int
    ranks: int
    kv: Kv
    table: StepTable


@dataclass(frozen=True, slots=True)
class WholeUnits:
    """Engines that do both in the same steps; a step takes what the rank that takes longest takes.

    first   decode: each sequence gets its token, prompts what is left of step_tokens; prefill: while a prompt can be
            computed, steps hold prompts only, and sequences stand still
    """

    count: int
    ranks: int
    step_tokens: int
    chunked: bool
    kv: Kv
    table: MixedTable
    first: Literal["decode", "prefill"] = "decode"


@dataclass(frozen=True, slots=True)
class Transfer:
    """KV from prefill to decode: latency + tokens x token_bytes / rate; a prefill rank sends one after the other.

    receiving_port             a decode rank receives one after the other, too
    first_token_after_transfer the first token reaches the user when the transfer ends, not when the prompt is computed
    """

    latency_s: float
    bytes_per_s: float
    token_bytes: float
    receiving_port: bool = False
    first_token_after_transfer: bool = False


@dataclass(frozen=True, slots=True)
class Disaggregated:
    """Prefill and decode on engines of their own."""

    prefill: PrefillUnits
    decode: DecodeUnits
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class Aggregated:
    """Engines that do both."""

    whole: WholeUnits


@dataclass(frozen=True, slots=True)
class Routing:
    """How a request finds an engine; of equals, the first.

    prompt             least_loaded: fewest prompt tokens not yet computed (and sequences, where the engine decodes);
                       prefix_aware: most cached prefix tokens, unless that engine has more than `extra_tokens` more
                       than the least loaded one: then that one
    decode             least_loaded: fewest sequences, on their way ones among them; kv_balanced: fewest KV tokens
    Inside an engine a prompt goes to the rank with fewest tokens to compute, a sequence to that with fewest sequences
    (kv_balanced: fewest KV tokens).
    """

    prompt: Literal["round_robin", "least_loaded", "prefix_aware"] = "least_loaded"
    decode: Literal["round_robin", "least_loaded", "kv_balanced"] = "least_loaded"
    extra_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Admission:
    """When a request is turned away; None: never.

    most_waiting   at its engine, not yet begun, when it comes
    give_up_s      waited without a first token when its turn comes
    """

    most_waiting: int | None = None
    give_up_s: float | None = None


@dataclass(frozen=True, slots=True)
class NoCache:
    """Every prompt is computed from its first token."""


@dataclass(frozen=True, slots=True)
class FixedShare:
    """Every prompt finds this share of its tokens cached, at no cost."""

    hit_share: float


@dataclass(frozen=True, slots=True)
class Tier:
    """A store of prefix blocks; loading takes latency + bytes / rate, one request after the other; rate None: no time.

    shared   one store, and one way to it, for all engines; else each engine has its own
    """

    name: str
    blocks: int
    bytes_per_s: float | None = None
    latency_s: float = 0.0
    shared: bool = False


@dataclass(frozen=True, slots=True)
class PrefixCache:
    """Prefix blocks in tiers, fastest first; a block that leaves a tier sinks to the next, one that is used rises."""

    tiers: tuple[Tier, ...]
    token_bytes: float


@dataclass(frozen=True, slots=True)
class Speculation:
    """Draft tokens a step; the i-th is accepted with the i-th probability if all before it were.

    A step of a sequence then yields 1 + (number accepted) tokens, independent from step to step. The steps that a
    sequence takes for its tokens are drawn so, exactly, when it is admitted; in between, its KV grows evenly.
    """

    acceptance: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """A span in which an engine takes work; engines of whom no window speaks always do.

    unit   prefill or whole engines from 0, decode engines after them
    end    drain: takes no new work and finishes what it has; fail: what it has is lost and starts again elsewhere
    """

    unit: int
    from_s: float
    until_s: float
    end: End = "drain"


@dataclass(frozen=True, slots=True)
class World:
    """Everything besides the requests; `sample_s` is the time between two looks at queues.

    What this world leaves out: prefill engines have room for all prompts that they compute or still have to send; what
    waits for room at a decode engine waits outside of its KV cache; what is cached of a prompt is looked up when it is
    sent to an engine, and stays until the prompt is computed; copies from tier to tier cost nothing but loading.
    """

    engines: Disaggregated | Aggregated
    routing: Routing = Routing()
    admission: Admission = Admission()
    cache: NoCache | FixedShare | PrefixCache = NoCache()
    speculation: Speculation = Speculation()
    windows: tuple[Window, ...] = ()
    sample_s: float = 1.0

    @property
    def prompt_units(self) -> PrefillUnits | WholeUnits:
        """The engines that compute prompts."""
        return self.engines.prefill if isinstance(self.engines, Disaggregated) else self.engines.whole

    @property
    def decode_units(self) -> DecodeUnits | WholeUnits:
        """The engines that generate tokens."""
        return self.engines.decode if isinstance(self.engines, Disaggregated) else self.engines.whole

    @property
    def units(self) -> int:
        """Number of engines."""
        return self.prompt_units.count + (self.engines.decode.count if isinstance(self.engines, Disaggregated) else 0)
