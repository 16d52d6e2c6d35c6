"""From which use on, and after how many months, owning is cheaper than renting."""

from __future__ import annotations

import math
from typing import NamedTuple

from simulator.economics.annuity import YEAR_S, years_to_pay
from simulator.economics.owning import Owned
from simulator.headline import HOUR_S
from workloads.ownership import Ownership
from workloads.price import Price

MONTHS_PER_YEAR = 12


class BreakEven(NamedTuple):
    """Renting against owning.

    utilisation_ratio   share of the time from which on owning is cheaper over its life; above 1: it never is
    months              of use at the owner's utilisation until the purchase is paid off; infinite, or more than the
                        lifetime: it never is
    rent_usd, own_usd   of a used GPU-hour
    """

    utilisation_ratio: float
    months: float
    rent_usd: float
    own_usd: float


def break_even(owned: Owned, ownership: Ownership, rental: Price) -> BreakEven:
    """Hold a cluster of one's own against a rented one.

    Utilisation: what is paid anyway over what each second of use saves, the rent less the electricity of work. Months:
    the purchase against the rent saved less upkeep, with interest (nothing for what the cluster could be sold for).
    """
    rent_usd_per_s = rental.gpu_usd_per_s * owned.gpus
    saved_usd_per_s = rent_usd_per_s - owned.busy_usd_per_s
    share = owned.fixed_usd_per_s / saved_usd_per_s if saved_usd_per_s > 0 else math.inf
    upkeep_usd_per_s = sum(line.usd_per_s for line in owned.lines if not line.purchase_usd)
    yearly_usd = (saved_usd_per_s * owned.utilisation_ratio - upkeep_usd_per_s) * YEAR_S
    years = years_to_pay(owned.purchase_usd, yearly_usd, ownership.interest_ratio)
    return BreakEven(share, MONTHS_PER_YEAR * years, rental.gpu_usd_per_s * HOUR_S, owned.usd_per_gpu_hour)
