"""Equal yearly payments that pay off a purchase with interest."""

from __future__ import annotations

import math

from topologies.units import parse

YEAR_S = parse("1 year", "s")
NO_INTEREST = 1e-15
"""Below it interest is lost in rounding: a straight line."""


def annuity_ratio(years: float, interest_ratio: float) -> float:
    """Yearly payment over the amount lent: i / (1 - (1 + i)^-n); without interest a straight line, 1 / n.

    Payments come at the end of each year; n need not be whole. Raises ValueError for no years or negative interest.
    """
    if not years > 0 or interest_ratio < 0:
        raise ValueError(
            f"{years:g} years at {interest_ratio:.1%} interest: write more than 0 years, interest of 0 or more"
        )
    if interest_ratio < NO_INTEREST:
        return 1 / years
    return interest_ratio / -math.expm1(-years * math.log1p(interest_ratio))


def yearly_usd(purchase_usd: float, residual_ratio: float, years: float, interest_ratio: float) -> float:
    """Depreciation and interest of a year: the purchase less the present worth of what it is sold for, paid off.

    P (1 - r / (1 + i)^n) x annuity; r the residual share. Raises as `annuity_ratio`.
    """
    left_ratio = residual_ratio * math.exp(-years * math.log1p(interest_ratio))
    return purchase_usd * (1 - left_ratio) * annuity_ratio(years, interest_ratio)


def years_to_pay(purchase_usd: float, saved_usd_per_year: float, interest_ratio: float) -> float:
    """Years in which yearly savings pay off a purchase with interest; infinite if they never do.

    n = -ln(1 - P i / m) / ln(1 + i); without interest P / m.
    """
    if purchase_usd <= 0:
        return 0.0
    if saved_usd_per_year <= purchase_usd * interest_ratio:
        return math.inf
    if interest_ratio < NO_INTEREST:
        return purchase_usd / saved_usd_per_year
    return -math.log1p(-purchase_usd * interest_ratio / saved_usd_per_year) / math.log1p(interest_ratio)
