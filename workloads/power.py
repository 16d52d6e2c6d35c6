"""What a GPU, its server and the network draw, by what they are doing."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from topologies.hardware import Entry
from topologies.problems import FieldErrors
from topologies.units import Watts, WattsOrZero, pretty


class Power(Entry):
    """Power drawn by the parts of a cluster; a GPU's datasheet power is a limit, see `Gpu.power_w`."""

    group: ClassVar[str] = "powers"
    gpu: str
    """Name of the GPU."""
    gpu_idle_w: Watts
    """Nothing runs on it."""
    gpu_communicating_w: Watts
    """It sends or receives, or waits for others, and computes nothing."""
    gpu_computing_w: Watts
    """Kernels compute."""
    server_w: WattsOrZero
    """One server without its GPUs: processors, memory, fans, NVLink switches, adapters, losses of its supplies."""
    switch_w: WattsOrZero
    """One switch of the network with nothing plugged in."""
    optic_w: WattsOrZero
    """One optical module, at either end of an optical cable."""
    co_packaged_w: WattsOrZero
    """The same of optics that are part of the switch or the endpoint (cables of class co-packaged)."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Idle draws least, computing most."""
        steps = {name: getattr(self, f"gpu_{name}_w") for name in ("idle", "communicating", "computing")}
        if list(steps.values()) != sorted(steps.values()):
            told = ", ".join(f"{name} {pretty(watts, 'W')}" for name, watts in steps.items())
            raise FieldErrors([("gpu_computing_w", f"{told}: a GPU draws least when idle and most when computing")])
        return self
