"""Parameters of a kernel family that meet measured times best, and how far they miss them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.kernels.attention import Scores, decode_s, square_s
from simulator.kernels.machine import Busy, Machine
from simulator.kernels.matmul import Product, product_s
from simulator.kernels.sweeps import sweep_s
from simulator.refusal import Refused
from topologies.kernel_sets import AttentionFamily, DecodeFamily, Fit, MatmulFamily, SweepFamily
from topologies.spec import Spec

Family: TypeAlias = MatmulFamily | AttentionFamily | DecodeFamily | SweepFamily
F = TypeVar("F", bound=Spec)
OUTLIER = 0.05
"""Relative error beyond which a measurement pulls less than its square (soft L1)."""
STEP = 1e-4
DIGITS = 4
SEED = 0
DRAWS = 5


class CannotFit(Refused):
    """Measurements that no parameters could be taken from."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured kernel.

    work   a product, scores of attention, or bytes moved;  seconds   without launch gap
    """

    label: str
    work: Product | Scores | float
    machine: Machine
    seconds: float


@dataclass(frozen=True, slots=True)
class Residuals:
    """Relative errors of a family on its measurements: predicted / measured - 1, in their order."""

    errors: NDArray[np.float64]

    @property
    def median(self) -> float:
        """Median of their size."""
        return float(np.median(np.abs(self.errors)))

    @property
    def p90(self) -> float:
        """Nine of ten are not larger."""
        return float(np.quantile(np.abs(self.errors), 0.9))

    def fit(self, shapes: str) -> Fit:
        """As stored with the family."""
        return Fit(
            rows=len(self.errors),
            shapes=shapes,
            median_error_ratio=rounded(self.median),
            p90_error_ratio=rounded(self.p90),
        )


def predicted(sample: Sample, family: Spec) -> Busy:
    """Time a sample's kernel by the formula of its family. Raises CannotFit for another sort of work."""
    work = sample.work
    if isinstance(family, MatmulFamily) and isinstance(work, Product):
        return product_s(work, sample.machine, family)
    if isinstance(family, AttentionFamily) and isinstance(work, Scores):
        return square_s(work, sample.machine, family)
    if isinstance(family, DecodeFamily) and isinstance(work, Scores):
        return decode_s(work, sample.machine, family)
    if isinstance(family, SweepFamily) and isinstance(work, float):
        return sweep_s(work, sample.machine, family)
    raise CannotFit(f"{sample.label} is no work of a {type(family).__name__}")


def residuals(samples: Sequence[Sample], family: Spec) -> Residuals:
    """Hold a family against measurements."""
    return Residuals(np.array([predicted(sample, family).seconds / sample.seconds - 1 for sample in samples]))


def fitted(samples: Sequence[Sample], start: F, free: Sequence[str]) -> F:
    """Find the named parameters, all others as in `start`: least squares of log(predicted / measured), soft L1.

    Ratios stay within 0 and 1. Raises CannotFit for fewer measurements than parameters.
    """
    from scipy.optimize import least_squares

    if len(samples) < len(free):
        raise CannotFit(f"{len(samples)} measurements cannot give {len(free)} parameters: {', '.join(free)}")
    scale = np.array([getattr(start, name) for name in free])
    if not np.all(scale > 0):
        raise CannotFit(f"a parameter to be fitted starts above zero; {dict(zip(free, scale, strict=True))}")
    most = np.array([1 / size if name.endswith("_ratio") else np.inf for name, size in zip(free, scale, strict=True)])

    def misses(factors: NDArray[np.float64]) -> NDArray[np.float64]:
        tried = with_parameters(start, dict(zip(free, factors * scale, strict=True)))
        return np.log1p(residuals(samples, tried).errors)

    first = np.minimum(1.0, most * (1 - STEP))
    found = least_squares(
        misses, first, bounds=(STEP, most), loss="soft_l1", f_scale=OUTLIER, diff_step=[STEP] * len(free)
    )
    return with_parameters(start, {name: rounded(x) for name, x in zip(free, found.x * scale, strict=True)})


def with_parameters(family: F, values: Mapping[str, float]) -> F:
    """A family with other parameters."""
    return family.model_copy(update={name: float(value) for name, value in values.items()})


def rounded(value: float) -> float:
    """A number with the digits that a fit can claim."""
    return float(f"{value:.{DIGITS}g}")


def left_out(samples: Sequence[Sample], start: F, free: Sequence[str], share: float = 0.6) -> Residuals:
    """Errors on the shapes that a fit on a random share of them has not seen, of some seeded draws together.

    Measurements of one shape, or nearly one, are seen together or not at all.
    """
    random, errors = np.random.default_rng(SEED), []
    by_shape: dict[Hashable, list[Sample]] = {}
    for sample in samples:
        by_shape.setdefault(shape(sample), []).append(sample)
    shapes = list(by_shape.values())
    seen = max(len(free), round(share * len(shapes)))
    for _ in range(DRAWS):
        order = random.permutation(len(shapes))
        family = fitted([sample for i in order[:seen] for sample in shapes[i]], start, free)
        unseen = [sample for i in order[seen:] for sample in shapes[i]]
        errors.append(residuals(unseen, family).errors)
    return Residuals(np.concatenate(errors))


def shape(sample: Sample) -> Hashable:
    """What measurements of one kernel have in common; nearly equal rows count as the same."""
    work = sample.work
    if isinstance(work, Product):
        return work.columns, work.groups, round(np.log2(work.rows)), round(np.log2(work.inner))
    return work if isinstance(work, Scores) else sample.label
