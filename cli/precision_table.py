"""How far number formats are from float64, in products and in the loss of small models, as text."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from cli.columns import aligned

if TYPE_CHECKING:
    from workloads.reference.fidelity import MatmulError
    from workloads.reference.formats import Format

MODELS = 2
LOSS_FORMAT = "FP8, tiles of 128"
HEAD = ("format", "sums kept in", "data", "error of the product", "of it by summing, at most")
DATA = {"gaussian": "normal", "outliers": "normal with outliers"}
WIDTH = 118


def as_text() -> str:
    """Both tables, always of the same seeds."""
    from workloads.reference.fidelity import PRODUCT, PUBLISHED_LOSS_ERROR_RATIO, loss_errors, matmul_errors

    products = aligned([row(error) for error in matmul_errors(PRODUCT)], HEAD)
    m, n, k = PRODUCT
    about = (
        f"Products of [{m}, {k}] and [{k}, {n}] against float64; error: root mean square over the product's, mean "
        "of the rows. Theory: two operands rounded to FP8's three bits give 3.6 %, to BF16's seven 0.23 %. Outliers: "
        "two features of every eighth row 30,000 times as large (arXiv 2402.17762). FP8 with sums of 14 bits is what a "
        "Hopper tensor core does (arXiv 2412.19437, section 3.3.2), with and without promotion every 128 products."
    )
    found = loss_errors(LOSS_FORMAT, MODELS)
    mean = sum(found) / len(found)
    losses = [[f"small random model {seed}", f"{error:.2%}"] for seed, error in enumerate(found)]
    losses += [
        ["mean of these", f"{mean:.2%}"],
        ["published of two large models", f"below {PUBLISHED_LOSS_ERROR_RATIO:.2%}"],
    ]
    why = (
        "Published: the distance of smoothed training curves (arXiv 2412.19437, section 3.3 and appendix B.1). Here: "
        "one batch of 512 tokens through random weights, which nothing smooths."
    )
    told = aligned(losses, (f"loss in {LOSS_FORMAT}, against BF16", "off by"))
    return "\n\n".join((products, fill(about, WIDTH), told, fill(why, WIDTH)))


def row(error: MatmulError) -> list[str]:
    """One format on one kind of data."""
    from workloads.reference.fidelity import FORMATS
    from workloads.reference.fp8 import Fp8

    how = FORMATS[error.format]
    name, _, _ = error.format.partition(", 14-bit")
    by_summing = f"{error.sum_error_ratio:.1e}" if isinstance(how, Fp8) else "not measured"
    return [name, accumulation(how), DATA[error.data], f"{error.error_ratio:.2%}", by_summing]


def accumulation(how: Format) -> str:
    """What sums of products are kept in."""
    from workloads.reference.fp8 import Fp8

    if not isinstance(how, Fp8) or not how.sum_bits:
        return "FP32"
    if not how.promoted:
        return f"{how.sum_bits} bits"
    return f"{how.sum_bits} bits, FP32 every {how.tile or how.promoted}"
