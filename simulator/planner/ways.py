"""How a question is worked on, which changes nothing in its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from topologies.catalogue import Catalogue

Tell = Callable[[str, int, int], None]


def untold(what: str, done: int, whole: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a question is worked on.

    command   how it was asked for;  workers   processes
    tell      told what is being done, how much of it is done, of how much
    names     catalogue in which values of `vary` are looked up
    """

    command: str = ""
    workers: int = 1
    tell: Tell = untold
    names: Catalogue | None = None
