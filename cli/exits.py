"""Exit codes, and which error of ours ends with which."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended; the README prints this table."""

    DONE = 0
    MISSED = 1
    USAGE = 2
    INVALID = 3
    REFUSED = 4
    INCOMPLETE = 5
    BUG = 70


MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.MISSED: "a gate or target missed",
    ExitCode.USAGE: "usage",
    ExitCode.INVALID: "invalid input",
    ExitCode.REFUSED: "refused for its size",
    ExitCode.INCOMPLETE: "interrupted or incomplete (resumable)",
    ExitCode.BUG: "a bug of ours",
}

BY_ERROR = {
    "topologies.problems.InvalidInput": ExitCode.INVALID,
    "topologies.kinds.base.TopologyError": ExitCode.INVALID,
    "simulator.admission.TooLarge": ExitCode.REFUSED,
    "workloads.sizes.Oversized": ExitCode.REFUSED,
    "simulator.refusal.Refused": ExitCode.INVALID,
    "workloads.schedule.ScheduleError": ExitCode.INVALID,
    "workloads.placement.BalanceError": ExitCode.INVALID,
    "builtins.MemoryError": ExitCode.REFUSED,
    "builtins.KeyboardInterrupt": ExitCode.INCOMPLETE,
    "builtins.OSError": ExitCode.INCOMPLETE,
    "sqlite3.OperationalError": ExitCode.INCOMPLETE,
}
"""Full class name -> code. Names, not classes: `--help` must not import the rooms that define them."""


def code_of(error: BaseException) -> ExitCode:
    """Return the code of the nearest class of the error's family that has one; a bug of ours for the rest."""
    for family in type(error).__mro__:
        code = BY_ERROR.get(f"{family.__module__}.{family.__qualname__}")
        if code is not None:
            return code
    return ExitCode.BUG
