"""What a plan answers: the choice, its runners-up, why they lost, and what would change that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from simulator.result import Answered


@dataclass(frozen=True, slots=True)
class PlanResult(Answered):
    """What is known of one question once it is answered.

    tables     candidates   [candidate]  place (1: chosen), label, a column a variable, its figures, pareto, lost
               pruned       [reason]     reason, choices: what was left out before it was estimated, and why
               confirmed    [candidate]  place, label, figure, estimate, events, difference_ratio
               binds        [limit]      limit, used, allowed, unit, used_share, binding, why
               attribution  [term]       term, chosen, runner_up, difference: adds up to the whole difference
               sensitivity  [input]      input, low, high, figure_low, figure_high, choice_low, choice_high,
                                         changes_choice
               inverse      [try]        value, figure, low, high, keeps: only where that was asked
    """

    schema: ClassVar[str] = "clustercast.plan/1"
    kind: ClassVar[str] = "plan"
