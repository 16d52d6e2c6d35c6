"""Whether what a sweep varies is there at all: a misspelt path is refused before the first point, not at each."""

from __future__ import annotations

from simulator.sweep.built import built
from simulator.sweep.question import Question
from topologies.problems import InvalidInput, Problem
from workloads.sizes import Oversized

UNKNOWN = "unknown field"
MOST_TRIED = 8


def require_fields(question: Question) -> None:
    """Raise InvalidInput where the first point of each scenario names a field that there is not."""
    sweep = question.sweep
    each = sweep.size // len(sweep.scenarios)
    found: list[Problem] = []
    for number in range(0, min(sweep.size, MOST_TRIED * each), each):
        try:
            built(question, number)
        except InvalidInput as refused:
            unknown = [one for one in refused.problems if UNKNOWN in one.message]
            if not unknown:
                return
            found += unknown
        except Oversized:
            return
        else:
            return
    raise InvalidInput(found)
