"""The simulator's own error as `clustercast validate` last found it: a run need not simulate what was published."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from simulator.uncertainty.residuals import INSIDE, KERNELS, PART, WHOLE, Residual

KNOWN: Mapping[str, Residual] = MappingProxyType(
    {
        WHOLE: Residual(0.0612, 4),
        PART: Residual(0.1659, 7),
        INSIDE: Residual(0.2114, 2),
        KERNELS: Residual(0.0592, 16),
    }
)
"""Residual by sort, of all targets of workloads/published; a test holds it against `residuals(validate())`, and
`clustercast validate` prints those of the day."""
STALE_RATIO = 0.1
"""A residual that differs by more is out of date."""


def stale(found: Mapping[str, Residual]) -> tuple[str, ...]:
    """Sorts whose residual is not what KNOWN says any more."""
    return tuple(sort for sort, known in KNOWN.items() if not _same(known, found[sort]))


def _same(known: Residual, found: Residual) -> bool:
    """Whether two residuals rest on as many facts and are about as wide."""
    near = abs(found.scale_ratio - known.scale_ratio) <= STALE_RATIO * known.scale_ratio
    return known.facts == found.facts and near
