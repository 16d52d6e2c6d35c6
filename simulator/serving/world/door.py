"""What `play` refuses at the door: requests, tables and engines that do not fit each other."""

from __future__ import annotations

from simulator.serving.world.spec import World
from workloads.requests import Requests


def check(requests: Requests, world: World) -> None:
    """Refuse what cannot be played."""
