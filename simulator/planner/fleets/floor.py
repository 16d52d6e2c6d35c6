"""The least that serving a stream of requests costs on a kind of GPU, whatever its units: a bound that saves timing."""

from __future__ import annotations

from simulator.serving.fleet.offered import Offered
from workloads.counts import count, kv_cache_bytes_per_token
from workloads.service import Service

FLOP_PER_WEIGHT = 2
OUTSIDE = frozenset({"embedding", "output head", "MTP"})
"""Parts of a model that not every token of a prompt uses."""
MOST_TOKENS_PER_STEP = 5
"""Tokens that a sequence gets in a step at most: four guesses and one more."""


def floor_gpus(service: Service, offered: Offered) -> float:
    """GPUs that are busy at least, at their datasheet's rates.

    Every token of a prompt that no cache has, and every written one, takes two operations a weight that it uses in the
    layers. In a step that writes tokens each sequence's cache is read once, for no more tokens than guessing may bring.
    """
    gpu, model = service.cluster.node.gpu, service.model
    flop_per_s = max(rate for rate in (gpu.fp8_flop_per_s, gpu.bf16_flop_per_s) if rate)
    weights = sum(part.activated for part in count(model) if part.part not in OUTSIDE)
    token_s = FLOP_PER_WEIGHT * weights / flop_per_s
    read_s = offered.decode_keys_tokens * kv_cache_bytes_per_token(model) / gpu.hbm_bytes_per_s / MOST_TOKENS_PER_STEP
    written = offered.decoded_mean_tokens * max(token_s, read_s)
    return offered.requests_per_s * (offered.new_mean_tokens * token_s + written)


def floor_usd_per_s(service: Service, offered: Offered) -> float:
    """Rent of the GPUs that are busy at least."""
    return floor_gpus(service, offered) * service.price.gpu_usd_per_s
