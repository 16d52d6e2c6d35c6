"""A language model as a user writes it, and the records of its blocks."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from topologies.discovery import Discovered
from topologies.hardware import Entry
from topologies.spec import Spec
from topologies.units import Count, CountOrZero, Positive
from workloads.attention.base import AttentionSpec
from workloads.reference.dims import WHOLE, Dims, Experts, Gate, Llama3, Rope, Share, Tokens, Yarn
from workloads.reference.reading import Block, BlockName, forward_block, training_block
from workloads.reference.record import Record


class GateSpec(Spec):
    """How a token chooses its routed experts.

    groups, top_groups   experts are chosen within the best groups only (1 of 1: within all)
    score                affinity: sigmoid, or softmax over all experts
    group_score          what ranks a group: the sum of its best two affinities, or the best one
    selection_bias       a bias an expert, used to choose and not to weigh (arXiv 2408.15664)
    normalise            weights of the chosen experts are divided by their sum
    weight_scale         factor on the weights
    """

    experts: Count
    top_k: Count
    groups: Count = 1
    top_groups: Count = 1
    score: Literal["sigmoid", "softmax"] = "softmax"
    group_score: Literal["best_two", "best"] = "best"
    selection_bias: bool = False
    normalise: bool = True
    weight_scale: Positive = 1.0

    @model_validator(mode="after")
    def _can_choose(self) -> Self:
        """Groups divide the experts, and the best groups hold enough of them."""
        if self.experts % self.groups:
            raise ValueError(f"{self.experts} experts do not divide into {self.groups} groups")
        if self.top_groups > self.groups:
            raise ValueError(f"top_groups {self.top_groups} is more than groups {self.groups}")
        pool = self.experts // self.groups * self.top_groups
        if self.top_k > pool:
            raise ValueError(f"top_k {self.top_k} is more than the {pool} experts of the chosen groups")
        return self

    def dims(self) -> Gate:
        """The same as the numeric core reads it."""
        choice = (self.experts, self.top_k, self.groups, self.top_groups)
        how = (self.score, self.group_score, self.selection_bias, self.normalise)
        return Gate(*choice, *how, self.weight_scale)


class ExpertsSpec(Spec):
    """Routed and shared SwiGLU experts.

    width          of one routed expert
    shared_width   of all shared experts together; 0: none
    """

    gate: GateSpec
    width: Count
    shared_width: CountOrZero = 0

    def dims(self) -> Experts:
        """The same as the numeric core reads it."""
        return Experts(self.gate.dims(), self.width, self.shared_width)


class YarnSpec(Spec):
    """YaRN's extension of the context (arXiv 2309.00071).

    factor                 how many times longer
    original_tokens        context before
    beta_fast, beta_slow   turns within it, above which a frequency is left and below which it is stretched
    mscale, mscale_all_dim   slopes of the attention temperature
    """

    factor: Positive
    original_tokens: Count
    beta_fast: Positive = 32.0
    beta_slow: Positive = 1.0
    mscale: Annotated[float, Field(ge=0)] = 1.0
    mscale_all_dim: Annotated[float, Field(ge=0)] = 0.0

    def dims(self) -> Yarn:
        """The same as the numeric core reads it."""
        slopes = (self.mscale, self.mscale_all_dim)
        return Yarn(self.factor, self.original_tokens, self.beta_fast, self.beta_slow, *slopes)


class Llama3Spec(Spec):
    """Llama 3.1's extension of the context.

    factor                  how many times slower the slow frequencies turn
    original_tokens         context before
    low_turns, high_turns   turns within it, below which a frequency is stretched and above which it is left
    """

    factor: Positive
    original_tokens: Count
    low_turns: Positive = 1.0
    high_turns: Positive = 4.0

    def dims(self) -> Llama3:
        """The same as the numeric core reads it."""
        return Llama3(self.factor, self.original_tokens, self.low_turns, self.high_turns)


class RopeSpec(Spec):
    """Rotary position embedding; interleaved: neighbouring features turn together, else the two halves."""

    theta: Positive = 10000.0
    interleaved: bool = False
    yarn: YarnSpec | None = None
    llama3: Llama3Spec | None = None

    @model_validator(mode="after")
    def _stretched_once(self) -> Self:
        """One way of extending the context at most."""
        if self.yarn and self.llama3:
            raise ValueError("yarn and llama3 both stretch the context: give one of them")
        return self

    def dims(self) -> Rope:
        """The same as the numeric core reads it."""
        yarn = self.yarn.dims() if self.yarn else None
        return Rope(self.theta, self.interleaved, yarn, self.llama3.dims() if self.llama3 else None)


class ModelSpec(Entry):
    """A decoder-only transformer.

    hidden           width of the residual stream;  vocab   tokens it knows
    dense_layers     layers at the front with a dense MLP of dense_width; the others route to experts
    mtp_depth        multi-token prediction modules behind the last layer
    tied_embedding   the output head is the embedding
    linear_format    of the linear layers' operands; attention core, router, embedding and head are BF16
    linear_scale     of FP8: one for each tile (arXiv 2412.19437, 3.3.2), or one for the whole tensor as it is now
    cache_format     of the cached keys and values
    """

    group: ClassVar[str] = "models"
    layers: Count
    hidden: Count
    vocab: Count
    attention: Annotated[AttentionSpec, Discovered("workloads.attention")]
    dense_layers: CountOrZero
    dense_width: CountOrZero
    experts: ExpertsSpec | None = None
    mtp_depth: CountOrZero = 0
    rope: RopeSpec
    norm_epsilon: Positive
    tied_embedding: bool = False
    linear_format: Literal["fp8", "bf16"]
    linear_scale: Literal["tile", "tensor"] = "tile"
    cache_format: Literal["fp8", "bf16"] = "bf16"

    @model_validator(mode="after")
    def _every_layer_has_an_mlp(self) -> Self:
        """Dense layers have a width, the others have experts."""
        if self.dense_layers > self.layers:
            raise ValueError(f"dense_layers {self.dense_layers} is more than layers {self.layers}")
        if self.dense_layers and not self.dense_width:
            raise ValueError("dense_layers are there, so dense_width must be more than 0")
        if self.dense_layers < self.layers and self.experts is None:
            raise ValueError(
                f"layers behind the first {self.dense_layers} route to experts: describe them, or set dense_layers"
            )
        return self

    def block_kinds(self) -> tuple[BlockName, ...]:
        """Kind of each block in order: embedding, layers, output head, MTP modules."""
        kinds: list[BlockName] = ["embedding"]
        kinds += ["dense"] * self.dense_layers
        kinds += ["moe"] * (self.layers - self.dense_layers)
        kinds += ["head"]
        kinds += ["mtp"] * self.mtp_depth
        return tuple(kinds)

    def dims(self) -> Dims:
        """The same as the numeric core reads it."""
        return Dims(
            layers=self.layers,
            hidden=self.hidden,
            vocab=self.vocab,
            attention=self.attention.dims(),
            dense_inter=self.dense_width,
            dense_layers=self.dense_layers,
            experts=self.experts.dims() if self.experts else None,
            mtp_depth=self.mtp_depth,
            rope=self.rope.dims(),
            eps=self.norm_epsilon,
            tied=self.tied_embedding,
            linear=self.linear_format,
            scale=self.linear_scale,
            cache=self.cache_format,
        )


def read_block(
    model: ModelSpec, block: BlockName, tokens: Tokens, share: Share = WHOLE, policy: str = "deepseek"
) -> Block:
    """Everything one block asks of one rank in training: operations, kept activations, messages, weights.

    policy  what backward computes again: a name in reference.policy.POLICIES
    """
    return training_block(model.dims(), block, tokens, share, policy)


def block_record(
    model: ModelSpec, block: BlockName, tokens: Tokens, share: Share = WHOLE, policy: str = "deepseek"
) -> Record:
    """One block's operations in training: forward, what is computed again, input and weight gradients."""
    return read_block(model, block, tokens, share, policy).record


def serving_block(
    model: ModelSpec, block: BlockName, tokens: Tokens, share: Share = WHOLE, folded: bool = False
) -> Block:
    """One block's forward alone, with cached tokens before it; folded: latent attention as decode runs it."""
    return forward_block(model.dims(), block, tokens, share, folded)
