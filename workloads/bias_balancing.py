"""Balance without an auxiliary loss: a selection bias that rises for idle experts and falls for busy ones, in steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import Field

from topologies.spec import Spec
from topologies.units import Count, CountOrZero, Share
from workloads.gating import Single, drawn_affinities, tokens_by_domain
from workloads.load_statistics import max_violation
from workloads.preferences import Taste
from workloads.reference.dims import Gate
from workloads.router import Batch, Floats, Seed, seeds

TOKENS, DRIFT, SAMPLE = 0, 1, 2
SAMPLED = 64
"""Tokens of each domain whose affinities are averaged for the sequence-wise loss."""
SETTLING_SPEEDS = np.geomspace(0.05, 0.0005, 32)
"""Steps of the bias where only the end of its way matters: coarse ones, then fine ones."""
SETTLING_TOKENS = 4_096
Rate = Annotated[float, Field(ge=0, le=1)]


class SequenceLoss(Spec):
    """The sequence-wise balance loss alpha x sum of f_i P_i (arXiv 2412.19437, equations 17 to 20).

    f_i is an expert's tokens of a sequence over their mean, P_i its mean share of a token's affinities. What the loss
    does to a model is modelled (assumed) as a step down its gradient in each domain's mean logits, f taken as given as
    in training: expert i moves by -alpha x step_ratio x experts x sum over j of f_j dP_j/dlogit_i. In training the step
    depends on optimiser, learning rate and the other losses; with step_ratio 1 an expert of mean affinity and
    twice the mean load falls by about a third of alpha in each step.
    """

    alpha: Rate = 0.0001
    step_ratio: Annotated[float, Field(ge=0, le=1e4)] = 1.0


class BiasBalancing(Spec):
    """How a gate's selection bias is moved after each step (arXiv 2408.15664, algorithm 1).

    speed_per_step         by which a bias rises or falls after a step; DeepSeek-V3: 0.001 for 14.3 T tokens, then 0
                           (arXiv 2412.19437, section 4.2)
    steps                  with this speed;  later_speed_per_step   of all steps after them
    sequence_loss          None: left out
    """

    speed_per_step: Rate = 0.001
    steps: Count = 1000
    later_speed_per_step: Rate = 0.0
    sequence_loss: SequenceLoss | None = None


class SuddenDrift(Spec):
    """A change of the data: before step `at`, the part `drift_share` of the preferences becomes new."""

    at: CountOrZero
    drift_share: Share = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Balancing:
    """What happened.

    tokens   [step, layer, expert]  under the bias of that step
    bias     [layer, expert]        after the last step
    taste    the preferences at the end, the loss's work included
    """

    tokens: Floats
    bias: Floats
    taste: Taste

    @property
    def violation(self) -> Floats:
        """MaxVio of each step: [step, layer]."""
        return max_violation(self.tokens)


def balance_by_bias(
    taste: Taste, batch: Batch, how: BiasBalancing, seed: Seed, drift: SuddenDrift | None = None
) -> Balancing:
    """Play `batch.steps` steps: route with the bias so far, then move it by the speed towards the mean load.

    A sudden drift changes preferences and leaves the bias. Raises ValueError where it would come after the last step.
    """
    if drift is not None and drift.at >= batch.steps:
        raise ValueError(f"a drift at step {drift.at} comes after the last of {batch.steps} steps, {batch.steps - 1}")
    bias = np.zeros((batch.layers, batch.gate.experts))
    steps = []
    for step in range(batch.steps):
        if drift is not None and step == drift.at:
            taste = taste.moved(drift.drift_share, seeds(seed, DRIFT))
        by_domain = tokens_by_domain(batch, taste.weights, bias, seeds(seed, TOKENS, step))
        tokens = by_domain.sum(axis=1)
        steps.append(tokens)
        speed_per_step = how.speed_per_step if step < how.steps else how.later_speed_per_step
        bias += speed_per_step * np.sign(tokens.mean(axis=-1, keepdims=True) - tokens)
        if how.sequence_loss is not None:
            taste = _less_loss(taste, by_domain, batch.gate, how.sequence_loss, seeds(seed, SAMPLE, step))
    return Balancing(np.stack(steps), bias, taste)


def settled_bias(taste: Taste, gate: Gate, seed: Seed) -> Floats:
    """Bias under which tokens of all domains together load experts evenly, found in few steps: [layer, expert]."""
    layers, domains, experts = taste.weights.shape
    batch = Batch(gate, layers, 1, max(SETTLING_TOKENS, domains), sequence_tokens=1)
    bias = np.zeros((layers, experts))
    for step, speed_per_step in enumerate(SETTLING_SPEEDS):
        tokens = tokens_by_domain(batch, taste.weights, bias, seeds(seed, step)).sum(axis=1)
        bias += speed_per_step * np.sign(tokens.mean(axis=-1, keepdims=True) - tokens)
    return bias


def _less_loss(taste: Taste, by_domain: Floats, gate: Gate, loss: SequenceLoss, seed: Seed) -> Taste:
    """Preferences after a step down the gradient of the sequence-wise loss: by_domain [layer, domain, expert]."""
    mean = by_domain.mean(axis=-1, keepdims=True)
    over_mean = np.divide(by_domain, mean, out=np.ones_like(by_domain), where=mean > 0)
    domains = np.repeat(np.arange(by_domain.shape[1]), SAMPLED)
    gradient = np.empty_like(by_domain)
    for layer, weights in enumerate(taste.weights):
        drawn = drawn_affinities(gate, weights, domains, seeds(seed, layer)).reshape(*weights.shape[:1], SAMPLED, -1)
        gradient[layer] = loss_gradient(drawn, over_mean[layer], gate)
    step = loss.alpha * loss.step_ratio * gate.experts * gradient
    return replace(taste, learned=taste.learned - step)


def loss_gradient(affinities: Floats | Single, over_mean: Floats, gate: Gate) -> Floats:
    """Derivative of sum f_i P_i with respect to the mean logits, f being constant.

    affinities   [domain, token, expert];  over_mean   [domain, expert]  f
    returns      [domain, expert]
    """
    drawn = affinities.astype(np.float64)
    shares = drawn / drawn.sum(axis=-1, keepdims=True)
    slope = 1 - drawn if gate.score == "sigmoid" else np.ones_like(drawn)
    f = over_mean[:, None]
    gradient: Floats = (shares * slope * (f - (shares * f).sum(axis=-1, keepdims=True))).mean(axis=1)
    return gradient
