"""Engines of small and shipped services, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from simulator.serving.engine.setting import Setting
from simulator.serving.engine.step import Engine
from workloads.service import SERVICES, Service, changed_service, load_service

BALANCED = {"kind": "balanced"}
Changes = tuple[tuple[str, object], ...]


@lru_cache(maxsize=32)
def shipped(name: str) -> Service:
    """A shipped service."""
    return load_service(SERVICES / f"{name}.yaml")


def decode_engine(changes: Mapping[str, object] | None = None) -> Engine:
    """The profile's decode unit, with changes."""
    service = shipped("deepseek-v3-profile-decode")
    service = changed_service(service, changes) if changes else service
    assert service.decode is not None
    return Engine(Setting(service, service.decode))


def prefill_engine(changes: Mapping[str, object] | None = None) -> Engine:
    """The profile's prefill unit, with changes."""
    service = shipped("deepseek-v3-profile-prefill")
    service = changed_service(service, changes) if changes else service
    assert service.prefill is not None
    return Engine(Setting(service, service.prefill))


def wide(ep: int, redundant: int = 0) -> Engine:
    """Decode on so many GPUs."""
    eplb = {"redundant_experts": redundant} if redundant else None
    sizes = {"decode.gpus": ep, "decode.ep": ep, "decode.eplb": eplb, "cluster.nodes": -(-ep // 8)}
    return decode_engine(sizes)
