"""What is kept from forward to backward, and what is computed again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recompute:
    """A choice of steps to run again in backward instead of keeping what they made.

    kinds     kinds of steps run again; names: single steps (the MLA up-projections)
    whole     the whole block is run again, only its input is kept
    shrunk    kinds of steps whose kept input is stored in FP8
    """

    name: str
    kinds: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    whole: bool = False
    shrunk: frozenset[str] = frozenset()

    def repeats(self, name: str, kind: str) -> bool:
        """Whether a step runs again in backward."""
        return self.whole or kind in self.kinds or name in self.names


_PASSES = frozenset({"norm", "operand", "rope", "join", "swiglu"})

POLICIES: dict[str, Recompute] = {
    policy.name: policy
    for policy in (
        Recompute("none"),
        Recompute("selective", frozenset({"attend"})),
        Recompute("mla-norms", frozenset({"norm", "rope", "join"}), frozenset({"q_b", "kv_b"})),
        Recompute("swiglu", frozenset({"swiglu"})),
        Recompute("deepseek", _PASSES, frozenset({"q_b", "kv_b"}), shrunk=frozenset({"swiglu"})),
        Recompute("full", whole=True),
    )
}
"""none; the attention core (arXiv 2205.05198); norms and MLA up-projections; SwiGLU; both of these, with SwiGLU's input
in FP8 (arXiv 2412.19437, sections 3.2.3 and 3.3.3); everything."""
