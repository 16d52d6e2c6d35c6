"""Long runs of a few parts, for tests: one cause with a rate of choice, everything else off unless asked for."""

from __future__ import annotations

from typing import Any

from simulator.failures.longrun import LongRun
from simulator.failures.sizes import Saving
from topologies.spec import load_entry
from workloads.failure_rates import Components, FailureRates
from workloads.reliability import Reliability
from workloads.scenario import catalogue

NONE = Components(gpus=0, hbm_stacks=0, nics=0, links=0, switches=0, hosts=0)
H100 = Components(gpus=2048, hbm_stacks=5 * 2048, nics=2048, links=3 * 2048, switches=96, hosts=256)
"""2,048 GPUs on a network like Llama 3's."""
DAY_S, HOUR_S = 86400.0, 3600.0


def llama_rates() -> FailureRates:
    """The shipped rates."""
    return load_entry("failure-rates", "llama-3-h100", FailureRates, catalogue())


def one_cause(part: str, between_s: float, silent: bool = False) -> FailureRates:
    """One part fails once in so many seconds."""
    return FailureRates.model_validate(
        {
            "name": "one-cause",
            "title": "one part that fails at random",
            "observed_s": between_s,
            "observed": one_of_each(),
            "causes": {"the-cause": {"part": part, "failures": 1.0, "silent": silent}},
            "sources": {
                field: {"basis": "assumed", "source": "this test"} for field in ("observed", "observed_s", "causes")
            },
        }
    )


def one_of_each(number: int = 1) -> Components:
    """As many of each part."""
    return Components(gpus=number, hbm_stacks=number, nics=number, links=number, switches=number, hosts=number)


def recovery(**changes: Any) -> dict[str, Any]:
    """No time is lost but what a test asks for."""
    usual = {"detection_s": 0.0, "restart_s": 0.0, "spare_nodes": 0, "repair_s": 1.0, "fails": "while-running"}
    return usual | changes


def reliability(rates: FailureRates, **parts: Any) -> Reliability:
    """What interrupts a run; `recovery` as a mapping of changes."""
    given = {"rates": rates, "recovery": recovery(), "silent": {"found_s": 0.0}} | parts
    return Reliability.model_validate(given)


def long_run(
    found: Reliability, steps: int = 1000, step_s: float = 10.0, components: Components | None = None,
    saving: Saving | None = None,
) -> LongRun:  # fmt: skip
    """A run of some steps with a checkpoint every ten, written at once, free unless asked for."""
    return LongRun(steps, step_s, components or one_of_each(), saving or Saving(10, 0.0, 0.0, 0.0), found)
